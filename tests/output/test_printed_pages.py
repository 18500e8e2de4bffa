"""The boxes of words on printed pages, and the pictures of pages in an export."""

from __future__ import annotations

from collections.abc import Iterator

import lxml.html
import numpy as np
import pytest

from index.errors import InputError, TooLarge, UnreadableFile
from index.source_file import PageLayout, PageShape, SourceFile
from index.sources.page_pictures import PageDrawer
from index.types import Article, ArticleInfo
from qa.answers.citation import Citation
from qa.output import export_pages
from qa.output.printed_pages import (
    MAX_SLOW_PAGES,
    PrintedPages,
    confidence_on_page,
    merged_lines,
    page_text,
    pages_read_badly,
)
from qa.output.to_html import conversation_to_html
from qa.output.transcript import Transcript
from tests.documents import pdf
from tests.output.test_to_html import answer_of, finder
from tests.printed import printed_article

FERRY = printed_article(
    pdf([["# Ferry", "The ferry sails at nine.", "It takes an hour."], ["Tickets cost 4 euros."]])
)
LONG = printed_article(pdf([[f"Page {number}."] for number in range(1, 6)]))


class Shelf:
    """A library with one article and its file."""

    def __init__(self, article: Article) -> None:
        self._article = article
        assert article.file
        self._file = article.file
        self.reads = 0

    def catalogue(self) -> list[ArticleInfo]:
        return [ArticleInfo.of(self._article)]

    def source_file(self, article_id: str) -> SourceFile | None:
        del article_id
        self.reads += 1
        return self._file

    def page_layout(self, article_id: str, page: int) -> PageLayout | None:
        del article_id
        return self._file.layouts[page - 1] if page <= len(self._file.layouts) else None

    def page_shapes(self, article_id: str) -> tuple[PageShape, ...]:
        del article_id
        return tuple(layout.shape for layout in self._file.layouts)


class FailingDrawer(PageDrawer):
    """Draws nothing, and counts the attempts."""

    def __init__(self, error: InputError | None = None) -> None:
        super().__init__()
        self.attempts = 0
        self._error = error or UnreadableFile("This page is damaged.")

    def draw(self, *_: object) -> bytes:
        self.attempts += 1
        raise self._error


@pytest.fixture
def printed() -> Iterator[PrintedPages]:
    with PrintedPages(Shelf(FERRY)) as pages:
        yield pages


def cited(words: str) -> Citation:
    start = FERRY.text.index(words)
    return Citation.of(FERRY, start, start + len(words))


def test_the_words_of_a_line_have_one_box_and_those_of_another_column_have_another() -> None:
    words = np.array(
        [
            [0.10, 0.10, 0.20, 0.12],
            [0.21, 0.10, 0.30, 0.125],  # a taller word
            [0.31, 0.095, 0.33, 0.105],  # a raised digit
            [0.10, 0.13, 0.20, 0.15],  # the next line
            [0.60, 0.13, 0.70, 0.15],  # beside it, in another column
            [0.50, 0.50, 0.50, 0.60],  # clipped away
        ]
    )
    assert list(merged_lines(words)) == [
        (0.10, 0.095, 0.33, 0.125),
        (0.10, 0.13, 0.20, 0.15),
        (0.60, 0.13, 0.70, 0.15),
    ]


def test_a_line_from_right_to_left_has_one_box() -> None:
    words = np.array([[0.8, 0.1, 0.9, 0.12], [0.65, 0.1, 0.79, 0.12], [0.5, 0.1, 0.64, 0.12]])
    assert list(merged_lines(words)) == [(0.5, 0.1, 0.9, 0.12)]


def test_a_place_has_a_box_on_each_page_that_it_is_on(printed: PrintedPages) -> None:
    place = cited("hour. \n\nTickets" if "hour. \n\nTickets" in FERRY.text else "hour.\n\nTickets")
    boxes = printed.boxes(FERRY, place.start, place.end)
    assert [box.page for box in boxes] == [1, 2]
    assert all(0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1 for box in boxes)


def test_a_paragraph_that_ends_on_the_next_page_is_boxed_there_too() -> None:
    # Its article says that the second page starts only with the paragraph after it.
    text = "A sentence over two pages.\n\nAnother."
    words = [[(0, 10, 10.0, 700.0, 60.0, 712.0)], [(11, 26, 10.0, 20.0, 60.0, 32.0)]]
    layouts = tuple(PageLayout.of_words(600, 800, each) for each in words)
    article = Article.from_text(text, pages=(0, 28))
    object.__setattr__(article, "file", SourceFile("a.pdf", b"data", layouts))
    boxes = PrintedPages(Shelf(article)).boxes(article, 0, 26)
    assert [box.page for box in boxes] == [1, 2]


def test_a_page_is_drawn_once_and_one_that_fails_is_not_tried_again() -> None:
    shelf, drawer = Shelf(FERRY), FailingDrawer()
    pages = PrintedPages(shelf, drawer)
    for _ in range(3):
        with pytest.raises(UnreadableFile):
            pages.picture(FERRY.id, 1, 500)
    assert drawer.attempts == 1
    with PrintedPages(shelf) as pages:
        assert pages.picture(FERRY.id, 2, 500) == pages.picture(FERRY.id, 2, 500)
        assert shelf.reads == 1
        assert pages.picture(FERRY.id, 3, 500) is None
        assert pages.picture("0" * 32, 1, 500) is None


def test_a_file_with_several_slow_pages_is_given_up() -> None:
    drawer = FailingDrawer(TooLarge("This page takes too long."))
    pages = PrintedPages(Shelf(LONG), drawer)
    for page in range(1, 6):
        with pytest.raises(TooLarge):
            pages.picture(LONG.id, page, 500)
    assert drawer.attempts == MAX_SLOW_PAGES


def test_a_scan_that_is_hard_to_read_says_so() -> None:
    assert confidence_on_page(None) == ""
    assert "not recognised" in confidence_on_page(0.0)
    assert confidence_on_page(0.93) == "recognised from a scan, 93 % sure"
    assert "Compare quotes with the picture" in confidence_on_page(0.6)


def test_pages_of_scans_that_were_not_read_or_read_badly_are_listed() -> None:
    sure, unread, doubtful = (PageShape(600, 800, value) for value in (0.99, 0.0, 0.5))
    assert pages_read_badly("Minutes", [sure, PageShape(600, 800)]) == ""
    found = pages_read_badly("Minutes", [sure, unread, doubtful, doubtful])
    assert found.startswith("Page 2 of “Minutes” is a scan that was not read. ")
    assert 'pip install "article-qa[ocr]"' in found
    assert "Pages 3 and 4 of “Minutes” are hard to read" in found
    assert "Pages 1, 2, 3, 4, 5 and 3 others" in pages_read_badly("Minutes", [doubtful] * 8)


def test_the_text_of_a_page_is_that_between_its_start_and_the_next() -> None:
    assert page_text(FERRY, 2) == "Tickets cost 4 euros."
    assert page_text(FERRY, 3) == ""


def test_an_export_shows_each_cited_page_once_with_its_boxes(printed: PrintedPages) -> None:
    sails, takes = cited("sails at nine"), cited("takes an hour")
    answers = [answer_of(sails, takes), answer_of(sails)]
    html = conversation_to_html(Transcript.of(answers), finder(FERRY), printed=printed)
    page = lxml.html.document_fromstring(html)
    (image,) = page.xpath("//figure//img")
    assert image.get("src").startswith("data:image/webp;base64,")
    assert len(page.xpath("//figure//span")) == 2
    links = page.xpath("//a[text()='Page as printed']/@href")
    assert set(links) == {f"#{page.xpath('//figure/@id')[0]}"}
    assert "img-src data:" in html
    plain = conversation_to_html(Transcript.of(answers), finder(FERRY))
    assert "<img" not in plain
    assert "img-src" not in plain


def test_an_export_has_a_limited_number_of_pictures(
    printed: PrintedPages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_pages, "MAX_PAGES", 1)
    answer = answer_of(cited("sails at nine"), cited("Tickets cost"))
    html = conversation_to_html(Transcript.of([answer]), finder(FERRY), printed=printed)
    assert html.count("<img") == 1
    assert "Not every cited page is shown" in html


def test_an_export_says_which_page_cannot_be_drawn() -> None:
    pages = PrintedPages(Shelf(FERRY), FailingDrawer())
    transcript = Transcript.of([answer_of(cited("sails at nine"))])
    html = conversation_to_html(transcript, finder(FERRY), printed=pages)
    assert "This page is damaged." in html
    assert "<img" not in html

"""The article beside the chat, shown in full and literally with every cited place marked."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from index.types import Article, Heading
from qa.answers.citation import Citation
from qa.output.article_html import split_highlight_css
from qa.output.places import Highlight, place_id, place_link
from qa.page.article_view import panel_html
from qa.page.messages import status_html
from qa.page.server import PAGE_STYLE

HOSTILE = (
    "</div><script>pwned=1</script><img src=x onerror=pwned=1> ${pwned=1} {{x}} "
    '"a\' & <mark id="b">'
)
OUR_TAGS = set("a article details div h2 h3 h4 h5 h6 mark p span style summary".split())


class _Panel(HTMLParser):
    """Reads a panel back: its text, its tags, and the text under each place's id."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.places: dict[str, str] = {}
        self.classes: dict[str, str] = {}
        self.numbers: dict[str, str] = {}
        self.text = ""
        self.style = ""
        self._open: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        name = given.get("data-part", given.get("id", ""))
        if "id" in given:
            self.ids.append(name)
            self.classes[name] = given.get("class", "")
            self.numbers[name] = given.get("data-number", "")
        self._open.append((tag, name))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1][0] == "style":
            self.style += data
            return
        if any(tag == "article" for tag, _ in self._open):
            self.text += data
        for _, name in self._open:
            if name:
                self.places[name] = self.places.get(name, "") + data


def article_of(text: str, *headings: Heading, title: str = "A title") -> Article:
    return Article.from_text(text, title=title, headings=headings)


def mark(
    article: Article, start: int, end: int, *, number: int = 0, cited: bool = True
) -> Highlight:
    return Highlight(article.id, start, end, number, cited)


def panel(article: Article, *marks: Highlight) -> _Panel:
    return _Panel(panel_html([article], marks))


def test_the_whole_article_is_shown() -> None:
    article = article_of("One.\nTwo.\n\nThree.")
    assert panel(article).text == "A titleOne.\nTwo.Three."


def test_lines_are_paragraphs_where_no_line_is_blank() -> None:
    assert panel(article_of("One.\nTwo.\nThree.")).tags.count("p") == 3 + 1  # one leads back


def test_article_headings_are_rendered_as_headings() -> None:
    shown = panel_html([article_of("One.\nHead\nTwo.", Heading(5, 9, 1))], [])
    assert '<p dir="auto">One.</p><h3 dir="auto">Head</h3><p dir="auto">Two.</p>' in shown


def test_heading_levels_increase_one_at_a_time_up_to_h6() -> None:
    lines = [Heading(i * 2, i * 2 + 1, level) for i, level in enumerate((2, 4, 5, 6, 7, 2, 9))]
    shown = panel_html([article_of("a\nb\nc\nd\ne\nf\ng", *lines)], [])
    assert re.findall(r"<(h[3-6])", shown) == ["h3", "h4", "h5", "h6", "h6", "h3", "h4"]


def test_a_title_that_opens_the_text_is_not_shown_twice() -> None:
    article = article_of("A title\nText.", Heading(0, 7, 1))
    assert panel(article).text == "A titleText."


def test_an_article_is_escaped() -> None:
    article = article_of(HOSTILE, title=HOSTILE)
    shown = panel(article)
    assert set(shown.tags) <= OUR_TAGS
    assert shown.text == HOSTILE
    assert shown.ids == ["back"]


def test_a_cited_place_has_an_element_with_its_offsets() -> None:
    article = article_of("One. Two. Three.")
    shown = panel(article, mark(article, 5, 9, number=1))
    assert shown.places[place_id(article.id, 5, 9)] == "Two."
    assert place_id(article.id, 5, 9).startswith("s5-9-")


def test_a_link_leads_to_its_place() -> None:
    article = article_of("One. Two.")
    citation = Citation.of(article, 5, 9)
    assert place_link(citation) == f"#{mark(article, 5, 9).id}"


def test_the_newest_answer_has_its_numbers_beside_its_marks() -> None:
    article = article_of("One. Two.")
    old, new = mark(article, 0, 4), mark(article, 5, 9, number=2)
    shown = panel(article, old, new)
    assert (shown.classes[old.id], shown.numbers[old.id]) == ("old", "")
    assert (shown.classes[new.id], shown.numbers[new.id]) == ("new", "2")


def test_a_place_cited_again_is_marked_once_with_its_new_number() -> None:
    article = article_of("One. Two.")
    again = mark(article, 0, 4, number=1)
    for marks in ((mark(article, 0, 4), again), (again, mark(article, 0, 4))):
        shown = panel(article, *marks)
        assert shown.ids.count(again.id) == 1
        assert shown.numbers[again.id] == "1"


def test_nearest_passages_are_not_marked_unless_they_are_cited_too() -> None:
    article = article_of("One. Two.")
    near = mark(article, 0, 4, number=1, cited=False)
    assert "mark" not in panel(article, near).tags
    assert "mark" in panel(article, mark(article, 0, 4), near).tags


def test_a_place_across_two_paragraphs_is_highlighted_as_a_whole() -> None:
    article = article_of("One.\nTwo.")
    whole = mark(article, 0, 9, number=1)
    shown = panel(article, whole)
    assert shown.places[whole.id] == "One.Two."
    html = panel_html([article], [whole])
    assert f'data-part="{whole.id}"' in html  # which the page's script lights along
    assert f'.paper:has(#{whole.id}:target) [data-part="{whole.id}"]' in split_highlight_css([html])


def test_a_mark_beyond_the_text_is_not_shown() -> None:
    article = article_of("One.")
    assert panel(article, mark(article, 0, 99)).ids == ["back"]


def test_a_mark_of_another_article_is_not_shown() -> None:
    article = article_of("One.")
    assert panel(article, Highlight("f" * 32, 0, 4)).ids == ["back"]


@given(st.data())
def test_any_marks_keep_the_text_and_cover_their_words(data: st.DataObject) -> None:
    text = data.draw(st.text(alphabet="ab. \n<&\"'é😀", min_size=1, max_size=40).filter(str.strip))
    article = article_of(text)
    length = len(article.text)
    offsets = st.integers(0, length)
    spans = data.draw(
        st.lists(st.tuples(offsets, offsets).filter(lambda s: s[0] < s[1]), max_size=6)
    )
    wanted = [span for span in spans if article.text[slice(*span)].strip()]
    shown = panel(article, *(mark(article, *span, number=1) for span in wanted))
    unmarked = panel(article)
    assert shown.text == unmarked.text
    assert sorted(shown.ids) == sorted({mark(article, *span).id for span in wanted} | {"back"})
    for start, end in wanted:
        found = shown.places[mark(article, start, end).id]
        assert "".join(found.split()) == "".join(article.text[start:end].split())


def test_of_several_articles_the_first_is_open_and_the_others_are_folded() -> None:
    one, two = article_of("One.", title="First"), article_of("Two.", title="Second")
    html = panel_html([one, two], [mark(two, 0, 4, number=1)])
    assert html.count('<details name="article" open>') == 1
    assert html.index("open") < html.index("First") < html.index("Second")
    assert _Panel(html).places[mark(two, 0, 4).id] == "Two."


def test_a_library_without_articles_shows_a_message() -> None:
    assert "no article" in panel_html([], [])


def test_the_status_line_carries_its_state() -> None:
    html = status_html("done", "<Ready>", 3)
    assert 'data-state="done"' in html
    assert 'data-turn="3"' in html
    assert "&lt;Ready&gt;" in html


def test_the_style_sheet_loads_nothing_from_another_host() -> None:
    assert "url(" not in PAGE_STYLE
    assert "@import" not in PAGE_STYLE

"""From bytes to an article: formats, encodings, headings, and what is refused."""

from __future__ import annotations

import pytest

from index.errors import EmptyArticle, UnreadableFile
from index.limits import DEFAULT_LIMITS
from index.sources.document import ParsedDocument
from index.sources.html_page import read_html
from index.sources.loaders import load_bytes
from tests.index.test_loaders import PAGE, PARAGRAPH, headings


def test_a_page_gives_its_main_text_with_paragraphs_and_headings() -> None:
    article = load_bytes(PAGE.encode(), "a.html")
    assert article.title == "Long Shadows"
    assert headings(article) == [(1, "Long Shadows"), (2, "The second day")]
    assert f"First. {PARAGRAPH}\n\nThe second day\n\nThen. {PARAGRAPH}" in article.text
    assert "3 < 4 & late." in article.text
    assert "- milk\n- eggs" in article.text
    for hidden in ("alert", "Sport", "cookies"):
        assert hidden not in article.text


def test_a_page_without_a_main_text_gives_all_that_shows() -> None:
    page = b"<p>Only these.<script>no()</script><style>no</style><!-- no --></p>"
    assert load_bytes(page, "a.html").text == "Only these."


def test_a_newline_in_the_source_of_a_page_is_a_space_and_br_a_newline() -> None:
    page = (
        b"<body><h2>\n<b>Long</b>\n<i>Shadows</i><br>\nFall</h2><p>a\n<b>b</b>\n<i>c</i><br>d</p>"
    )
    article = load_bytes(page, "a.html")
    assert (article.text, headings(article)) == (
        "Long Shadows Fall\n\na b c\nd",
        [(2, "Long Shadows Fall")],
    )


def test_a_page_of_too_many_elements_gives_all_that_shows() -> None:
    page = "<title>Many</title><h2>Head</h2>" + "<p>word <b>x</b></p>" * 30_000
    article = load_bytes(page.encode(), "a.html")
    assert article.title == "Many"
    assert headings(article) == [(2, "Head")]
    assert article.text.count("word x") == 30_000


def test_a_page_that_shows_nothing_is_empty() -> None:
    with pytest.raises(EmptyArticle, match=r"a\.html"):
        load_bytes(b"<html><body><script>no()</script></body></html>", "a.html")


def test_a_page_nested_too_deeply_is_refused_and_not_cut_short() -> None:
    with pytest.raises(UnreadableFile, match="nested"):
        load_bytes(b"<p>seen" + b"<div>" * 1_000 + b"unseen", "a.html")


def test_the_charset_of_a_page_may_be_declared_in_it() -> None:
    page = '<html><head><meta charset="windows-1251"></head><body><p>Да</p></body></html>'
    assert load_bytes(page.encode("cp1251"), "a.html").text == "Да"


def test_a_page_without_an_element_has_no_text() -> None:
    assert read_html(b"<!-- nothing -->", DEFAULT_LIMITS) == ParsedDocument("")

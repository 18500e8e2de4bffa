"""Tables, lists, code and links of an article in the panel."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from index.embedding.embedder import SentenceTransformerEmbedder
from index.limits import LoadLimits
from index.search.passage_index import PassageIndex
from index.sources.document import InlineMark, Run, TableCell, TextBuilder
from index.structure import MarkKind
from index.types import Article
from qa.article_qa import ArticleQA
from qa.settings import Settings
from tests.browser.test_accessibility import barriers
from tests.browser.visiting import GRADIO_WARNINGS, NARROW, Opener, Serve

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]


MONTHS = "January February March April May June July August September October".split()


def structured() -> Article:
    """Return an article whose links lead to other hosts, and one to a script."""
    builder = TextBuilder(LoadLimits())
    links = [
        Run(words, (InlineMark(MarkKind.LINK, target),))
        for words, target in [
            ("the office", "https://office.example/${window.pwned=1}"),
            ("a trap", "javascript:window.pwned=1"),
            ("the map", "https://maps.example/tolland"),
        ]
    ]
    builder.add_paragraph(
        [Run("Ask "), links[0], Run(", not "), links[1], Run(", or see "), links[2]]
    )
    head = [TableCell(cell, is_header=True) for cell in ("Vessel", "Summer fee", "Winter fee")]
    builder.add_table([head, ["Dinghy", "41", "12"], ["Yacht", "317", "158"]])
    wide = [TableCell(cell, is_header=True) for cell in ("Crane", *MONTHS)]
    builder.add_table([wide, *([name, *map(str, range(70, 80))] for name in ("Atlas", "Samson"))])
    builder.add_item("Call the harbour.")
    builder.add_item("Use channel 12.", depth=2)
    builder.add_verbatim("print('${window.pwned=1}')" + " # a long line" * 20)
    document = builder.build()
    return Article.from_text(
        document.text, title="Tolland harbour", marks=document.marks, tables=document.tables
    )


def test_a_cited_row_is_highlighted_cell_by_cell_and_links_are_safe(
    visit: Opener, serve: Serve
) -> None:
    embedder = SentenceTransformerEmbedder()
    index = PassageIndex(None, embedder)
    with ArticleQA(index, embedder, Settings(), pending=[structured()]) as qa:
        shown = visit(serve(qa), size=NARROW)
        shown.follow(shown.mark(shown.ask("What is the winter fee for a yacht?")))
        expect(shown.page.locator(".paper td .lit")).to_have_text(["Yacht", "317", "158"])
        expect(shown.page.locator(".paper article a")).to_have_text(["the map"])
        expect(shown.page.locator(".paper li li")).to_have_text("- Use channel 12.")
        assert barriers(shown) == []
        paper = shown.page.locator(".paper").first
        assert paper.evaluate("(each) => each.scrollWidth <= each.clientWidth")
        assert shown.page.evaluate("window.pwned") is None


def test_the_cell_that_answers_is_scrolled_to_and_named_by_its_header(
    visit: Opener, serve: Serve
) -> None:
    embedder = SentenceTransformerEmbedder()
    index = PassageIndex(None, embedder)
    with ArticleQA(index, embedder, Settings(), pending=[structured()]) as qa:
        shown = visit(serve(qa), size=NARROW)
        reply = shown.ask("What was the number for the Samson crane in September?")
        cell = reply.locator(".cell", has=shown.page.locator("strong"))
        expect(cell).to_have_text("September 78")
        shown.follow(shown.mark(reply))
        cited = shown.page.locator(".paper td .lit", has_text="78")
        expect(cited).to_be_in_viewport(ratio=1)

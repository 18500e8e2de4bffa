"""A quoted row of a table is shown with the headers of its cells; the quote stays as it is."""

from __future__ import annotations

from dataclasses import replace

from index.limits import LoadLimits
from index.sources.document import TableCell, TextBuilder
from index.types import Article, Passage, Span
from qa.answers.answer import Answer
from qa.answers.citation import Citation
from qa.output.to_html import conversation_to_html
from qa.output.to_markdown import answer_to_markdown, chat_markdown
from qa.output.transcript import Transcript, Turn
from qa.reading.table_rows import with_tables

HEADER = ("Crane", "May", "June", "<July>", "August")
ROW = "Samson | 7 | 8 | 9"


def answered(quote: str = ROW) -> tuple[Answer, Article]:
    """Return an answer that quotes a row whose cell for August is blank, and has 8 in bold."""
    builder = TextBuilder(LoadLimits())
    builder.add_table(
        [
            [TableCell(cell, is_header=True) for cell in HEADER],
            ["Atlas", "1", "2", "3", "4"],
            ["Samson", "7", "8", "9", ""],
        ]
    )
    document = builder.build()
    article = Article.from_text(document.text, title="Cranes", tables=document.tables)
    passage = Passage(article.id, "Cranes", article.text, 0, len(article.text), 1.0, 1)
    start = article.text.index(quote)
    short = quote.index("8")
    answer = Answer(
        question="How many in June?",
        text=f"{quote} [1]",
        short="8",
        citations=(Citation(article.id, "Cranes", start, start + len(quote), quote),),
        answered=True,
        confidence=0.9,
        passages=(with_tables(passage, article),),
        marks=(Span(len(quote) + 1, len(quote) + 4),),
        short_at=Span(short, short + 1),
    )
    return answer, article


def in_chat(answer: Answer) -> str:
    return chat_markdown(answer, link=lambda _: "#s1-2-0")


def test_each_cell_is_shown_after_its_header() -> None:
    shown = in_chat(answered()[0])
    assert '<span class="cell">Samson</span>' in shown
    assert '<span class="cell-label">May</span> 7</span>' in shown
    assert '<span class="cell-label">June</span> <strong>8</strong></span>' in shown
    assert "&#60;July&#62;" in shown
    assert "&#124;" not in shown


def test_an_export_as_a_page_shows_it_the_same_way() -> None:
    answer, article = answered()
    page = conversation_to_html(Transcript((Turn("?", answer),)), lambda _: article)
    assert '<span class="cell-label">June</span> <strong>8</strong></span>' in page
    assert f"<blockquote>{ROW}" in page.replace(' dir="auto"', "")


def test_markdown_for_a_file_has_the_quote_alone() -> None:
    assert ROW.replace("8", "**8**") in answer_to_markdown(answered()[0]).replace("\\", "")


def test_more_or_less_than_a_row_is_shown_as_it_is() -> None:
    assert "cell-label" not in in_chat(answered("Samson | 7 | 8")[0])
    assert "cell-label" not in in_chat(answered(f"Atlas | 1 | 2 | 3 | 4\n{ROW}")[0])


def test_an_answer_that_was_read_from_a_file_is_shown_as_it_is() -> None:
    answer = answered()[0]
    passages = tuple(replace(passage, rows=()) for passage in answer.passages)
    assert "Samson &#124; 7" in in_chat(replace(answer, passages=passages))

"""Tables and compatibility letters are read in whole answers."""

from __future__ import annotations

import pytest

from index.embedding.embedder import SentenceTransformerEmbedder
from index.limits import LoadLimits
from index.search.passage_index import PassageIndex
from index.sources.document import TableCell, TextBuilder
from index.types import Article
from qa import ArticleQA
from qa.settings import Settings

TITLE = "Ferry timetable"
ROWS = [
    (f"Port {name}", f"{6 + i}:15", f"{14 + i}:40", f"{20 + i} crowns")
    for i, name in enumerate("Alder Birch Cedar Dogwood Elm Fir Gorse Hazel Iris Juniper".split())
]


def test_a_cell_is_found_by_its_row_and_a_header_many_rows_above() -> None:
    lines = [" | ".join(row) for row in [("Harbour", "First boat", "Last boat", "Fare"), *ROWS]]
    text = "Boats sail every day but Sunday.\n\n" + "\n".join(lines)
    with ArticleQA.from_text(text, title=TITLE) as qa:
        answer = qa.ask("What is the fare from Port Juniper?")
    assert answer.short == "29 crowns"
    (citation,) = answer.citations[:1]
    assert text[citation.start : citation.end] == citation.quote


def test_the_cell_of_a_wide_table_is_that_of_the_row_and_column_asked_for() -> None:
    builder = TextBuilder(LoadLimits())
    months = ["April", "May", "June", "July", "August"]
    boats = ["Dinghy", "Ketch", "Trawler", "Yacht", "Barge"]
    builder.add_table(
        [
            [TableCell(""), *(TableCell(month, is_header=True) for month in months)],
            *(
                [boat, *(f"{31 * (i + 1) + 7 * j}" for j in range(5))]
                for i, boat in enumerate(boats)
            ),
        ]
    )
    document = builder.build()
    article = Article.from_text(document.text, title="Harbour fees", tables=document.tables)
    embedder = SentenceTransformerEmbedder()
    index = PassageIndex(None, embedder)
    with ArticleQA(index, embedder, Settings(), pending=[article]) as qa:
        answer = qa.ask("How much does a yacht pay in June?")
    assert answer.short == "138"
    assert answer.citations[0].quote.startswith("Yacht | 124 |")


@pytest.mark.parametrize(
    "sentence",
    [
        "The ﬁrst oﬃcer on board was Selma Dahl.",
        "Ｔｈｅ ｆｉｒｓｔ ｏｆｆｉｃｅｒ ｏｎ ｂｏａｒｄ ｗａｓ Ｓｅｌｍａ Ｄａｈｌ．",
    ],
)
def test_compatibility_letters_are_answered_from_and_quoted_as_they_are(sentence: str) -> None:
    text = f"{sentence}\n\nThe harbour froze for nine weeks in the winter."
    with ArticleQA.from_text(text, title="Fleet") as qa:
        answer = qa.ask("Who was the first officer on board?")
    assert answer.answered
    assert answer.citations[0].quote == sentence
    assert answer.short in {"Selma Dahl", "Ｓｅｌｍａ Ｄａｈｌ"}

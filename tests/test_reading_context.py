"""Tables and compatibility letters are read in whole answers."""

from __future__ import annotations

import pytest

from qa import ArticleQA

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

from __future__ import annotations

import numpy as np

from index.embedding.embedder import Vectors
from qa.overview.boilerplate import body_spans, in_runs, is_boilerplate

BOOK = """The Project Gutenberg eBook of The Mill

You may copy it.

{start}

THE MILL

The miller was old.

{end}

Donations are welcome.
"""


def body_of(text: str) -> str:
    return "\n".join(text[slice(*span)].strip() for span in body_spans(text))


def test_the_frame_of_a_free_book_is_outside_its_markers() -> None:
    for start, end in (
        (
            "*** START OF THE PROJECT GUTENBERG EBOOK THE MILL ***",
            "*** END OF THE PROJECT GUTENBERG EBOOK THE MILL ***",
        ),
        (
            "***START OF THIS PROJECT GUTENBERG EBOOK THE\nMILL***",
            "End of the Project Gutenberg EBook of The Mill, by A. Miller",
        ),
        (
            "*END*THE SMALL PRINT! FOR PUBLIC DOMAIN ETEXTS*Ver.04.29.93*END*",
            "End of Project Gutenberg Etext of The Mill",
        ),
    ):
        text = BOOK.format(start=start, end=end)
        assert body_of(text) == "THE MILL\n\nThe miller was old."


def test_several_books_in_a_file_each_have_a_frame() -> None:
    book = BOOK.format(
        start="*** START OF THE PROJECT GUTENBERG EBOOK ***",
        end="*** END OF THE PROJECT GUTENBERG EBOOK ***",
    )
    assert body_of(book + book).count("The miller was old.") == 2
    assert "Donations" not in body_of(book + book)


def test_text_between_nothing_is_kept() -> None:
    assert body_of("A page about *** START OF THE RACE ***.") != ""
    empty = "*** START OF THE PROJECT GUTENBERG EBOOK ***\n\n"
    assert body_of(f"The miller was old.\n\n{empty}").startswith("The miller was old.")


def test_a_contents_list_is_no_part_of_the_body() -> None:
    prose = "The miller was old, and he had three sons.\nThey were tall.\nThey were strong.\n\n"
    text = (
        "THE MILL\n\nContents\n\nCHAPTER I. The Miller .... 1\nCHAPTER II. The Sons .... 9\n\n"
        f"CHAPTER III. The Mill 21\n\nCHAPTER I.\n\nThe Miller\n\n{prose}CHAPTER II.\nThe Sons"
        f"\n\n{prose}CHAPTER III. The Mill\n\n{prose}"
    )
    body = body_of(text)
    assert "The Miller ...." not in body
    assert "The Mill 21" not in body
    assert body.count("three sons") == 3
    assert body.count("CHAPTER") == 3


def test_a_refrain_is_no_contents_list() -> None:
    refrain = "Oh the mill, the mill,\nOh the wheel, the wheel,\nOh the water, the water,\n"
    text = f"{refrain}\nThe miller was old,\nand tall.\n\n{refrain}\nThe sons left.\n\n{refrain}"
    assert body_spans(text) == [(0, len(text))]


def unit(rows: list[list[float]]) -> Vectors:
    vectors = np.array(rows, dtype=np.float32)
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def test_sentences_like_the_examples_are_boilerplate_unless_the_article_is_about_that() -> None:
    examples = unit([[0, 1], [0.1, 1], [0, 1]])
    article, notice = [1.0, 0.1], [0.1, 1.0]
    found = is_boilerplate(unit([notice, *[article] * 6, notice]), examples)
    assert found.tolist() == [True, *[False] * 6, True]
    assert not is_boilerplate(unit([notice] * 6), examples).any()
    assert is_boilerplate(np.zeros((0, 2), dtype=np.float32), examples).tolist() == []


def test_a_sentence_between_two_of_boilerplate_is_more_likely_to_be() -> None:
    assert in_runs(np.array([-1, -1, 0.3, 0.05, 0.3, -1, 0.05, -1])).tolist() == [
        False, False, True, True, True, False, False, False,
    ]  # fmt: skip

"""The part of a long article that is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from qa.page.article_view import (
    BLOCK_CHARS,
    BLOCKS_SHOWN,
    WHOLE_CHARS,
    ArticlePart,
    block_for,
    last_block,
    part_chars,
)

PARAGRAPHS = "\n\n".join(f"Paragraph {n}. " + "word " * 80 for n in range(400))
ONE_LINE = "x" * (WHOLE_CHARS * 2)


def read_through(text: str) -> list[ArticlePart]:
    """Return the parts from the first to the last, as they are turned."""
    parts = [ArticlePart.of(text, 0)]
    while parts[-1].has_after:
        parts.append(ArticlePart.of(text, len(parts) * BLOCKS_SHOWN))
    return parts


def test_a_short_article_is_shown_whole() -> None:
    shown = ArticlePart.of("x" * WHOLE_CHARS, 5)
    assert shown.is_whole
    assert shown.span == (0, WHOLE_CHARS)


def test_a_part_begins_and_ends_between_paragraphs() -> None:
    for shown in read_through(PARAGRAPHS)[1:]:
        assert PARAGRAPHS[shown.span.start :].startswith("Paragraph ")


@given(
    st.lists(st.sampled_from(["word ", "\n", "\n\n", "x" * 700, "é😀 "]), min_size=1, max_size=30)
)
def test_the_parts_of_any_text_add_up_to_the_text(pieces: list[str]) -> None:
    text = "".join(pieces) * (1 + WHOLE_CHARS // len("".join(pieces)))
    shown = read_through(text)
    assert "".join(text[slice(*part.span)] for part in shown) == text
    assert all(
        0 < end - start < part_chars(len(text)) * 2 for start, end in (part.span for part in shown)
    )


@given(st.integers(0, len(PARAGRAPHS) - 1), st.none() | st.integers(-3, 60))
def test_every_place_is_on_the_part_chosen_for_it(start: int, shown: int | None) -> None:
    for text in (PARAGRAPHS, ONE_LINE + PARAGRAPHS):
        span = ArticlePart.of(text, block_for(start, shown)).span
        assert span.start <= start < span.end


def test_a_part_that_contains_the_place_is_kept() -> None:
    assert block_for(5 * BLOCK_CHARS + 1, shown=4) == 4
    assert block_for(5 * BLOCK_CHARS + 1, shown=9) == 4


def test_a_block_beyond_the_end_is_the_last_leaf() -> None:
    assert ArticlePart.of(PARAGRAPHS, 10**6) == ArticlePart.of(
        PARAGRAPHS, last_block(len(PARAGRAPHS))
    )
    assert ArticlePart.of(PARAGRAPHS, -1) == ArticlePart.of(PARAGRAPHS, 0)

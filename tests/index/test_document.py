from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.errors import TooLarge
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.sources.document import TextBuilder, clean
from tests.documents import assert_exact

paragraphs = st.tuples(
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.integers(0, 9),
    st.sampled_from(["", "row", "item"]),
)


@given(st.lists(st.lists(paragraphs, max_size=5), max_size=5))
def test_headings_and_pages_have_exact_offsets(
    pages: list[list[tuple[str, int, str]]],
) -> None:
    builder = TextBuilder(DEFAULT_LIMITS)
    for page in pages:
        builder.start_page()
        for text, level, group in page:
            builder.add_paragraph(text, level=level, group=group)
    loaded = builder.build()
    assert len(loaded.pages) == len(pages)
    if loaded.text:
        assert_exact(loaded)


def test_halves_of_a_surrogate_pair_are_joined_and_a_lone_one_is_replaced() -> None:
    assert clean("\ud83d\ude00 \ud83d") == "\U0001f600 \ufffd"


def test_control_characters_are_left_out_and_every_line_end_is_one() -> None:
    assert clean("a\0b\x1b\r\nc\vd\u2028e") == "ab\nc\nd\ne"


def test_pages_over_the_limit_are_refused_when_they_begin() -> None:
    builder = TextBuilder(LoadLimits(max_pages=1))
    builder.start_page()
    with pytest.raises(TooLarge, match="max_pages"):
        builder.start_page()

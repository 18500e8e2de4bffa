from __future__ import annotations

import contextlib

import pytest

from index.errors import TooLarge, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.sources.document import ParsedDocument
from index.sources.rtf import read_rtf
from tests.documents import PROSE, assert_exact, headings, rtf


def loaded(data: bytes, limits: LoadLimits = DEFAULT_LIMITS) -> ParsedDocument:
    found = read_rtf(data, limits)
    assert_exact(found)
    return found


def test_paragraphs_the_title_and_headings_are_read() -> None:
    found = loaded(rtf(f"{{\\b The Second Day}}\\par\\par {PROSE}\\par"))
    assert found.text == f"The Second Day\n\n{PROSE}"
    assert headings(found) == [(1, "The Second Day")]
    assert found.title == "A Trip"


@pytest.mark.parametrize(
    ("escaped", "text"),
    [("\\'e9t\\'e9", "été"), ("\\u1076?\\u1072?", "да"), ("\\u-10179?\\u-8704?", "\U0001f600")],
)
def test_letters_beyond_ascii_are_read(escaped: str, text: str) -> None:
    assert loaded(rtf(escaped)).text == text


def test_pictures_are_no_text() -> None:
    picture = "{\\pict\\pngblip " + "\n".join(["89504e470d0a1a0a" * 8] * 100) + "}"
    assert loaded(rtf(f"Before. {picture}After.")).text == "Before. After."


def test_only_the_visible_text_of_a_link_is_read() -> None:
    link = '{\\field{\\*\\fldinst{HYPERLINK "https://example.org/"}}{\\fldrslt{the page}}}'
    assert loaded(rtf(f"See {link}.")).text == "See the page."


def test_an_rtf_file_that_is_cut_off_is_refused() -> None:
    with pytest.raises(UnreadableFile, match="incomplete"):
        loaded(rtf(PROSE)[:-9])


@pytest.mark.parametrize("body", ["\\u99999999999 ", "\\uc999 \\u1 ", "\\ansicpg7 \\'e9"])
def test_impossible_numbers_are_refused_or_ignored(body: str) -> None:
    with contextlib.suppress(UnreadableFile):
        read_rtf(rtf(f"{body}words"), DEFAULT_LIMITS)


def test_more_text_than_the_limit_is_refused_by_name() -> None:
    with pytest.raises(TooLarge, match=r"limit of 10 characters"):
        loaded(rtf(PROSE), LoadLimits(max_chars=10))

from __future__ import annotations

import time
from pathlib import Path

import pytest

from index.errors import TooLarge, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits
from index.pdf import read
from index.reading_process import checked_by, read_apart
from tests.documents import pdf

DATA = pdf([["# Chapter", "", "Words of the first page."], ["Words of the second."]])


def test_what_is_read_apart_is_what_is_read_here() -> None:
    assert read_apart("pdf", DATA, DEFAULT_LIMITS) == read(DATA, DEFAULT_LIMITS)


def test_an_error_comes_through_as_it_was_raised() -> None:
    with pytest.raises(TooLarge, match=r"limit of 1\..*max_pages"):
        read_apart("pdf", DATA, LoadLimits(max_pages=1))


def test_reading_that_takes_too_long_is_ended() -> None:
    with pytest.raises(TooLarge, match="limit of 0 seconds"):
        read_apart("pdf", DATA, LoadLimits(max_seconds=0.001))


@pytest.fixture
def parser_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a stand-in for striprtf may be put, to be found before it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "striprtf").mkdir()
    (tmp_path / "striprtf" / "__init__.py").touch()
    return tmp_path / "striprtf" / "striprtf.py"


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("raise RuntimeError('inside')", r"could not be read.*save it anew"),
        ("import os; os._exit(1)", r"broke off.*limit of 2,000,000,000 bytes"),
        ("import os; os.abort()", r"broke off.*limit of 2,000,000,000 bytes"),
    ],
)
def test_a_parser_that_fails_in_whatever_way_leaves_this_process_and_a_reason(
    parser_that: Path, act: str, reason: str
) -> None:
    parser_that.write_text(f"def rtf_to_text(*_, **__):\n    {act}\n")
    with pytest.raises(UnreadableFile, match=reason):
        read_apart("rtf", b"{\\rtf1 words}", DEFAULT_LIMITS)


def test_reading_that_is_wanted_no_more_is_ended_at_once(parser_that: Path, tmp_path: Path) -> None:
    done = tmp_path / "done"
    parser_that.write_text(
        f"import pathlib, time\ndef rtf_to_text(*_, **__):\n    time.sleep(3)\n"
        f"    pathlib.Path({str(done)!r}).touch()\n"
    )
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise InterruptedError

    with checked_by(check), pytest.raises(InterruptedError):
        read_apart("rtf", b"{\\rtf1 words}", DEFAULT_LIMITS)
    assert len(asked) == 2
    time.sleep(3)
    assert not done.exists()


def test_a_parser_that_takes_too_much_memory_is_refused_it(parser_that: Path) -> None:
    pytest.importorskip("resource")
    parser_that.write_text("def rtf_to_text(*_, **__):\n    return 'x' * 10**10\n")
    with pytest.raises(TooLarge, match="more memory than the limit of 2,000,000,000 bytes"):
        read_apart("rtf", b"{\\rtf1 words}", DEFAULT_LIMITS)

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from index.errors import TooLarge, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits, cancel_check
from index.sources.isolation import Reader, read_in_subprocess
from index.sources.office.rtf import read_rtf
from index.sources.pdf.pdf_file import read_pdf
from tests.documents import pdf

pytestmark = pytest.mark.slow
DATA = pdf([["# Chapter", "", "Words of the first page."], ["Words of the second."]])


def test_a_subprocess_reads_the_same_as_this_process() -> None:
    found = read_in_subprocess(read_pdf, DATA, DEFAULT_LIMITS)
    assert found.to_dict() == read_pdf(DATA, DEFAULT_LIMITS).to_dict()


def test_an_input_error_is_passed_on() -> None:
    with pytest.raises(TooLarge, match=r"limit of 1\..*max_pages"):
        read_in_subprocess(read_pdf, DATA, LoadLimits(max_pages=1))


def test_reading_that_takes_too_long_is_ended() -> None:
    with pytest.raises(TooLarge, match="limit of 0 seconds"):
        read_in_subprocess(read_pdf, DATA, LoadLimits(max_seconds=0.001))


@pytest.fixture
def reader_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Reader]]:
    """Return what makes a reader of some lines of code, in a module of its own."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def make(code: str) -> Reader:
        source = f"def read(data, limits):\n    {code}\n"
        (tmp_path / "some_reader.py").write_text(source, encoding="utf-8")
        reader: Reader = importlib.import_module("some_reader").read
        return reader

    yield make
    sys.modules.pop("some_reader", None)


PARSED = "from index.sources.document import ParsedDocument"
DIED = r"damaged, or needs more memory than the limit of 2,000,000,000 bytes"


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("raise RuntimeError('inside')", r"damaged.*save it again"),
        ("import os; os._exit(1)", DIED),
        ("import os; os.abort()", DIED),
    ],
)
def test_a_parser_that_crashes_gives_an_error_message(
    reader_that: Callable[[str], Reader], act: str, reason: str
) -> None:
    with pytest.raises(UnreadableFile, match=reason):
        read_in_subprocess(reader_that(act), b"words", DEFAULT_LIMITS)


def test_cancelled_reading_is_ended_at_once(
    reader_that: Callable[[str], Reader], tmp_path: Path
) -> None:
    done = tmp_path / "done"
    read = reader_that(f"import pathlib, time; time.sleep(3); pathlib.Path({str(done)!r}).touch()")
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise InterruptedError

    with cancel_check(check), pytest.raises(InterruptedError):
        read_in_subprocess(read, b"words", DEFAULT_LIMITS)
    assert len(asked) == 2
    time.sleep(3)
    assert not done.exists()


def test_a_parser_cannot_exceed_the_memory_limit(reader_that: Callable[[str], Reader]) -> None:
    pytest.importorskip("resource")
    with pytest.raises(TooLarge, match="more memory than the limit of 2,000,000,000 bytes"):
        read_in_subprocess(reader_that("return 'x' * 10**10"), b"words", DEFAULT_LIMITS)


LONG_RTF = b"{\\rtf1\\ansi " + b"The bridge was opened in 1932. " * 50_000 + b"}"


@pytest.fixture
def process_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of what each interpreter runs as it starts."""
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path / "sitecustomize.py"


def test_a_large_file_is_read_by_a_process_that_starts_slowly(process_that: Path) -> None:
    process_that.write_text("import time\ntime.sleep(1)\n")
    assert len(LONG_RTF) > 1_000_000
    assert read_in_subprocess(read_rtf, LONG_RTF, DEFAULT_LIMITS).text.count("opened") == 50_000


def test_a_slow_start_does_not_count_as_reading(process_that: Path) -> None:
    process_that.write_text("import time\ntime.sleep(1.5)\n")
    limits = LoadLimits(max_seconds=1.4)
    assert read_in_subprocess(read_rtf, b"{\\rtf1 words}", limits).text == "words"


def test_a_process_that_never_reads_its_input_is_ended_with_the_true_reason(
    process_that: Path,
) -> None:
    process_that.write_text("import time\ntime.sleep(600)\n")
    with pytest.raises(UnreadableFile, match=r"did not start within 1 seconds.*busy"):
        read_in_subprocess(read_rtf, LONG_RTF, LoadLimits(max_start_seconds=1))


def test_a_process_that_never_reads_its_input_can_be_interrupted(process_that: Path) -> None:
    process_that.write_text("import time\ntime.sleep(600)\n")

    def check() -> None:
        raise InterruptedError

    with cancel_check(check), pytest.raises(InterruptedError):
        read_in_subprocess(read_rtf, LONG_RTF, DEFAULT_LIMITS)


def test_reading_without_an_end_is_ended_with_the_limit(
    reader_that: Callable[[str], Reader],
) -> None:
    with pytest.raises(TooLarge, match="limit of 1 seconds"):
        read_in_subprocess(reader_that("while True: pass"), LONG_RTF, LoadLimits(max_seconds=1))


@pytest.mark.parametrize(
    "act",
    [
        "os.read(0, 100_000); os._exit(3)",
        "os.read(0, 100_000); os.abort()",
        "os._exit(3)",
        "os._exit(0)",
    ],
)
def test_a_process_that_dies_before_reading_all_input_is_reported_as_damage(
    process_that: Path, act: str
) -> None:
    process_that.write_text(f"import os\n{act}\n")
    with pytest.raises(UnreadableFile, match="damaged"):
        read_in_subprocess(read_rtf, LONG_RTF, DEFAULT_LIMITS)


def test_an_answer_of_megabytes_is_received(reader_that: Callable[[str], Reader]) -> None:
    read = reader_that(f"{PARSED}; return ParsedDocument('Größe. ' * 700_000)")
    assert len(read_in_subprocess(read, LONG_RTF, DEFAULT_LIMITS).text) == 7 * 700_000


READY = "\\0ready\\0"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        '{"text": "The brid',
        "not JSON",
        "[]",
        "null",
        "1",
        '{"text": "words"}',
        '{"error": "NoSuchError", "message": ""}',
        '{"error": "ArticleQAError", "message": ""}',
        '{"error": "__doc__", "message": ""}',
        "[" * 100_000,
    ],
)
@pytest.mark.parametrize("ready", ["", READY])
def test_an_invalid_answer_is_reported_as_damage(
    process_that: Path, answer: str, ready: str
) -> None:
    process_that.write_text(
        f"import os\nos.write(1, b'{ready}' + {answer.encode()!r})\nos._exit(0)\n"
    )
    with pytest.raises(UnreadableFile, match="damaged or of an unknown variant"):
        read_in_subprocess(read_rtf, LONG_RTF, DEFAULT_LIMITS)


def test_a_process_that_writes_without_end_is_ended(process_that: Path) -> None:
    process_that.write_text("import os\nwhile True: os.write(1, b'x' * 60_000)\n")
    with pytest.raises(UnreadableFile, match="damaged"):
        read_in_subprocess(read_rtf, LONG_RTF, DEFAULT_LIMITS)


def test_output_of_libraries_is_not_part_of_the_answer(
    reader_that: Callable[[str], Reader],
) -> None:
    read = reader_that(
        f"import os; {PARSED}; print('a warning', flush=True); os.write(1, b'another'); "
        "return ParsedDocument('words')"
    )
    assert read_in_subprocess(read, LONG_RTF, DEFAULT_LIMITS).text == "words"

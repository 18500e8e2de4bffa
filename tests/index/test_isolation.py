from __future__ import annotations

import time
from pathlib import Path

import pytest

from index.errors import TooLarge, UnreadableFile
from index.limits import DEFAULT_LIMITS, LoadLimits, cancel_check
from index.sources.isolation import read_in_subprocess
from index.sources.office import read_rtf
from index.sources.pdf import read_pdf
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
def parser_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a stand-in for striprtf may be put, to be found before it."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "striprtf").mkdir()
    (tmp_path / "striprtf" / "__init__.py").touch()
    return tmp_path / "striprtf" / "striprtf.py"


def write_parser(path: Path, code: str) -> None:
    """Write a stand-in with the names that are imported from striprtf."""
    path.write_text(f"def font_table_group(_):\n    return ''\n{code}", encoding="utf-8")


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
    parser_that: Path, act: str, reason: str
) -> None:
    write_parser(parser_that, f"def rtf_to_text(*_, **__):\n    {act}\n")
    with pytest.raises(UnreadableFile, match=reason):
        read_in_subprocess(read_rtf, b"{\\rtf1 words}", DEFAULT_LIMITS)


def test_cancelled_reading_is_ended_at_once(parser_that: Path, tmp_path: Path) -> None:
    done = tmp_path / "done"
    write_parser(
        parser_that,
        f"import pathlib, time\ndef rtf_to_text(*_, **__):\n    time.sleep(3)\n"
        f"    pathlib.Path({str(done)!r}).touch()\n",
    )
    asked = []

    def check() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise InterruptedError

    with cancel_check(check), pytest.raises(InterruptedError):
        read_in_subprocess(read_rtf, b"{\\rtf1 words}", DEFAULT_LIMITS)
    assert len(asked) == 2
    time.sleep(3)
    assert not done.exists()


def test_a_parser_cannot_exceed_the_memory_limit(parser_that: Path) -> None:
    pytest.importorskip("resource")
    write_parser(parser_that, "def rtf_to_text(*_, **__):\n    return 'x' * 10**10\n")
    with pytest.raises(TooLarge, match="more memory than the limit of 2,000,000,000 bytes"):
        read_in_subprocess(read_rtf, b"{\\rtf1 words}", DEFAULT_LIMITS)


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


def test_reading_without_an_end_is_ended_with_the_limit(parser_that: Path) -> None:
    write_parser(parser_that, "def rtf_to_text(*_, **__):\n    while True: pass\n")
    with pytest.raises(TooLarge, match="limit of 1 seconds"):
        read_in_subprocess(read_rtf, LONG_RTF, LoadLimits(max_seconds=1))


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


def test_an_answer_of_megabytes_is_received(parser_that: Path) -> None:
    write_parser(parser_that, "def rtf_to_text(*_, **__):\n    return 'Größe. ' * 700_000\n")
    assert len(read_in_subprocess(read_rtf, LONG_RTF, DEFAULT_LIMITS).text) == 7 * 700_000 - 1


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


def test_output_of_libraries_is_not_part_of_the_answer(parser_that: Path) -> None:
    write_parser(
        parser_that,
        "import os\ndef rtf_to_text(*_, **__):\n"
        "    print('a warning', flush=True)\n    os.write(1, b'another')\n    return 'words'\n",
    )
    assert read_in_subprocess(read_rtf, LONG_RTF, DEFAULT_LIMITS).text == "words"

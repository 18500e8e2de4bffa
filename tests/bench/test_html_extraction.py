"""The bench of web pages, on checkouts of the test's own making."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.html_extraction import main
from bench.html_pages import words_of
from tests.index.test_html_page import BODY, PROSE


def test_the_report_has_shares_of_segments_and_of_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pages = tmp_path / "trafilatura" / "tests"
    tests = tmp_path / "readability" / "test" / "test-pages" / "one"
    for folder in (pages / "eval", tests):
        folder.mkdir(parents=True)
    page = f"<html><body><nav><a href=/>Timetables</a></nav><main>{BODY}</main></body></html>"
    (pages / "eval" / "a.html").write_text(page, "utf-8")
    item = {"file": "a.html", "with": [PROSE[0][:40]], "without": ["no such words"]}
    (pages / "evaldata.json").write_text(json.dumps({"https://a.org": item}), "utf-8")
    (tests / "source.html").write_text(page, "utf-8")
    (tests / "expected.html").write_text(f"<div>{BODY}</div>", "utf-8")
    main(
        [
            "--trafilatura",
            str(tmp_path / "trafilatura"),
            "--readability",
            str(tmp_path / "readability"),
            "--other",
            str(Path(__file__).parents[2]),
            "--out",
            str(tmp_path),
        ]
    )
    report = (tmp_path / "html_extraction.md").read_text("utf-8")
    assert report == capsys.readouterr().out
    assert "0.0% of 1" in report
    assert "| trafilatura alone | 1.000 |" in report
    assert f"| the reader of {Path(__file__).parents[2].name} | 1.000 |" in report


def test_words_are_compared_without_signs_and_soft_hyphens() -> None:
    assert words_of(" A | b­c –\n“d” ") == "A bc d"

"""Measure how well pages of known text are recognised, and how long it takes.

python -m bench.ocr --out bench/results

With ``--tuning``, the pages are those that the thresholds were chosen on: other texts and fonts.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby
from pathlib import Path
from statistics import fmean, median

from rapidfuzz.distance import Levenshtein

from bench.environment import Environment
from bench.scans import DOTS_PER_INCH, ScannedPage, scanned_pages
from index.limits import DEFAULT_LIMITS
from index.sources.scans.picture import read_picture

_HEAD = """# Recognition of scanned pages

{count} pages that were drawn from known texts and then worn: {size} at {resolution} dots per inch,
in {fonts}. Error rate: the edits of characters that turn the text into
the known one, by its length; white space counts as one space. Seconds: the median for one page.
The last row is barely legible on purpose, to see whether the confidence says so.

| pages | number | error rate | worst | lowest confidence | mean | seconds | of processor |
|---|---:|---:|---:|---:|---:|---:|---:|
"""
_ROW = "| {} | {} | {:.2%} | {:.2%} | {:.3f} | {:.3f} | {:.1f} | {:.1f} |\n"


@dataclass(frozen=True, slots=True)
class Reading:
    """How a page was recognised."""

    page: ScannedPage
    error_rate: float
    confidence: float
    seconds: float
    processor_seconds: float


def measure(page: ScannedPage) -> Reading:
    """Recognise a page."""
    file = BytesIO()
    page.picture.save(file, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    start, processor_start = time.perf_counter(), time.process_time()
    found = read_picture(file.getvalue(), DEFAULT_LIMITS)
    seconds, processor_seconds = time.perf_counter() - start, time.process_time() - processor_start
    expected, text = (" ".join(text.split()) for text in (page.text, found.text))
    error_rate = Levenshtein.distance(text, expected) / len(expected)
    confidence = found.layouts[0].confidence or 0.0
    return Reading(page, error_rate, confidence, seconds, processor_seconds)


def to_markdown(readings: Sequence[Reading]) -> str:
    """Return a table with a row for each kind of page."""
    fonts = sorted({reading.page.font for reading in readings})
    text = _HEAD.format(
        count=len(readings),
        size="A4",
        resolution=DOTS_PER_INCH,
        fonts=", ".join(fonts),
    )
    for kind, group in groupby(readings, key=lambda reading: reading.page.kind):
        some = list(group)
        rates = [reading.error_rate for reading in some]
        confidences = [reading.confidence for reading in some]
        text += _ROW.format(
            kind,
            len(some),
            fmean(rates),
            max(rates),
            min(confidences),
            fmean(confidences),
            median(reading.seconds for reading in some),
            median(reading.processor_seconds for reading in some),
        )
    return text


def main() -> None:
    """Measure the pages and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="the folder to write ocr.md to")
    parser.add_argument("--tuning", action="store_true", help="take the pages for tuning")
    options = parser.parse_args()
    try:
        pages = list(scanned_pages(tuning=options.tuning))
    except FileNotFoundError as error:
        sys.exit(f"{error} Install fonts-dejavu or fonts-liberation.")
    measure(pages[0])  # loads the models
    readings = []
    for page in pages:
        reading = measure(page)
        readings.append(reading)
        print(
            f"{page.kind:8} {page.font:28} {reading.error_rate:7.2%} {reading.confidence:.3f} "
            f"{reading.seconds:5.1f} s",
            flush=True,
        )
    text = to_markdown(readings) + "\n" + Environment.now("bench.ocr").to_markdown()
    print(text)
    if options.out:
        (options.out / "ocr.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

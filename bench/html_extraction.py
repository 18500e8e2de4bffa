"""Measure how much of an article the HTML reader keeps, and how much of the page around it.

python -m bench.html_extraction --trafilatura CHECKOUT --readability CHECKOUT --out bench/results

The checkouts are of two public repositories, which are not part of this one:

- github.com/adbar/trafilatura at e90b0ef51ab026fdb905fb6c5b3c84dd3d784fd5: ``tests/evaldata.json``
  names segments that must be kept and segments that must not, of the pages in ``tests/cache`` and
  ``tests/eval``.
- github.com/mozilla/readability at ab4027a8b37669745016869a37a504727992b2ba: ``test/test-pages``
  has pages and the main part of each as Firefox shows it.

``--other CHECKOUT`` adds the reader of another checkout of this repository, such as the one before
a change.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.commands import report, table
from bench.environment import Environment
from bench.html_pages import SegmentPage, segment_pages, source_of, words_of
from index.limits import DEFAULT_LIMITS
from index.sources.document import TextBuilder
from index.sources.html.html_page import add_visible_text, read_html
from training.fit_page_blocks import is_training_page

Extractor = Callable[[Sequence[str]], list[str]]
"""Returns the text of each page, given the sources of some pages."""
_WORD = re.compile(r"\w+")


@dataclass(slots=True)
class SegmentScore:
    """How many segments an extractor has lost or kept by mistake."""

    wanted: int = 0
    lost: int = 0
    unwanted: int = 0
    kept: int = 0

    def add(self, page: SegmentPage, text: str) -> None:
        """Count the segments of a page of which an extractor has made ``text``."""
        words = words_of(text)
        self.wanted += len(page.wanted)
        self.lost += sum(words_of(segment) not in words for segment in page.wanted)
        self.unwanted += len(page.unwanted)
        self.kept += sum(words_of(segment) in words for segment in page.unwanted)


@dataclass(slots=True)
class TokenScore:
    """Which share of the expected words an extractor keeps, and which share of its own are."""

    recalls: list[float] = field(default_factory=list)
    precisions: list[float] = field(default_factory=list)

    def add(self, text: str, expected: str) -> None:
        """Compare the words of ``text`` with those of the expected text of a page."""
        found, wanted = (Counter(_WORD.findall(t.casefold())) for t in (text, expected))
        shared = (found & wanted).total()
        self.recalls.append(shared / max(1, wanted.total()))
        self.precisions.append(shared / max(1, found.total()))


def reading_pages(checkout: Path) -> Iterator[tuple[str, str]]:
    """Yield the pages of readability's tests, and the expected text of each."""
    for folder in sorted((checkout / "test" / "test-pages").iterdir()):
        source, expected = (source_of(folder / f"{n}.html") for n in ("source", "expected"))
        if source and expected:
            yield source, visible_text(expected)


def visible_text(source: str) -> str:
    """Return all that a page shows."""
    builder = TextBuilder(DEFAULT_LIMITS)
    add_visible_text(source, builder)
    return builder.build().text


def our_text(source: str) -> str:
    """Return the text that the HTML reader makes of a page."""
    return read_html(source.encode(), DEFAULT_LIMITS).text


def trafilatura_text(source: str) -> str:
    """Return the text that trafilatura extracts with its defaults."""
    from trafilatura import extract

    return extract(source, include_comments=False) or ""


def each(extract: Callable[[str], str]) -> Extractor:
    """Return what extracts the texts of several pages with a function for one."""
    return lambda sources: [extract(source) for source in sources]


EXTRACTORS: Mapping[str, Extractor] = {
    "all that the page shows": each(visible_text),
    "trafilatura alone": each(trafilatura_text),
    "this reader": each(our_text),
}
_OTHER_READER = """
import json, sys
from importlib.util import find_spec
if find_spec("index.sources.html"):
    from index.sources.html.html_page import read_html
else:
    from index.sources.html_page import read_html
from index.limits import DEFAULT_LIMITS
pages = json.load(sys.stdin)
json.dump([read_html(page.encode(), DEFAULT_LIMITS).text for page in pages], sys.stdout)
"""


def reader_of(checkout: Path) -> Extractor:
    """Return the HTML reader of another checkout of this repository, in a process of its own."""

    def extract(sources: Sequence[str]) -> list[str]:
        done = subprocess.run(  # noqa: S603 - this interpreter
            [sys.executable, "-c", _OTHER_READER],
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout.resolve())},
            input=json.dumps(list(sources)),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        texts: list[str] = json.loads(done.stdout)
        return texts

    return extract


def segment_rows(
    pages: Sequence[SegmentPage], extractors: Mapping[str, Extractor]
) -> Iterator[list[str]]:
    """Yield a row of the table of segments for each extractor and each half of the pages."""
    for name, extract in extractors.items():
        began = sum(os.times()[:4])
        texts = extract([page.source for page in pages])
        seconds = (sum(os.times()[:4]) - began) / max(1, len(pages))
        whole, fitted, unseen = SegmentScore(), SegmentScore(), SegmentScore()
        for page, text in zip(pages, texts, strict=True):
            whole.add(page, text)
            (fitted if is_training_page(page.name) else unseen).add(page, text)
        for label, score in (("all", whole), ("not fitted on", unseen), ("fitted on", fitted)):
            yield [
                name,
                label,
                f"{score.lost / max(1, score.wanted):.1%} of {score.wanted:,}",
                f"{score.kept / max(1, score.unwanted):.1%} of {score.unwanted:,}",
                f"{1000 * seconds:.0f}",
            ]


def token_rows(
    pages: Sequence[tuple[str, str]], extractors: Mapping[str, Extractor]
) -> Iterator[list[str]]:
    """Yield a row of the table of words for each extractor."""
    for name, extract in extractors.items():
        score = TokenScore()
        texts = extract([source for source, _ in pages])
        for text, (_, expected) in zip(texts, pages, strict=True):
            score.add(text, expected)
        count = max(1, len(pages))
        recall, precision = (sum(v) / count for v in (score.recalls, score.precisions))
        yield [name, f"{recall:.3f}", f"{precision:.3f}"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables, and write them to a folder."""
    parser = argparse.ArgumentParser(prog="python -m bench.html_extraction")
    parser.add_argument("--trafilatura", type=Path, required=True, help="checkout of trafilatura")
    parser.add_argument("--readability", type=Path, required=True, help="checkout of readability")
    parser.add_argument("--other", type=Path, help="another checkout of this repository")
    parser.add_argument("--quick", action="store_true", help="read every tenth page")
    parser.add_argument("--out", type=Path, help="folder of the result")
    given = parser.parse_args(arguments)
    extractors = dict(EXTRACTORS)
    if given.other:
        extractors[f"the reader of {given.other.name}"] = reader_of(given.other)
    step = 10 if given.quick else 1
    segments = list(segment_pages(given.trafilatura))[::step]
    articles = list(reading_pages(given.readability))[::step]
    lines = [
        "# What is kept of a web page",
        "",
        Environment.now("bench.html_extraction").to_markdown(),
        f"Segments of {len(segments):,} pages (trafilatura's evaluation). The classifier of blocks "
        "was fitted on one half of them, by the hash of the file's name. The "
        "time is the mean over all.",
        "",
        *table(
            ["extractor", "pages", "wanted, lost", "unwanted, kept", "CPU ms a page"],
            list(segment_rows(segments, extractors)),
        ),
        "",
        f"Words of {len(articles):,} pages (readability's tests), mean over pages. The expected "
        "text has no titles, bylines and dates, which this reader keeps.",
        "",
        *table(["extractor", "recall", "precision"], list(token_rows(articles, extractors))),
    ]
    report(given.out, "html_extraction", "\n".join(lines))


if __name__ == "__main__":
    main()

"""Measure how far the text of PDFs is from what a reader sees, by reader and kind of page.

python -m bench.pdf_layout --out bench/results
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import re
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from rapidfuzz.distance import Levenshtein

from bench.commands import report, table
from bench.environment import Environment
from bench.printed_pages import KINDS, PAGES_OF_A_KIND, samples
from index.limits import DEFAULT_LIMITS
from index.sources.pdf.pdf_file import read_pdf

TUNED_SEEDS = (1, 11, 12)
"""The pages that the thresholds were chosen on; these are not reported."""
SEEDS = (2, 3, 4)

_SCRIPTS = re.compile("[⁰¹²³⁴-⁹]+")
_SIGNS = re.compile(r"[|•]|(?m:^-(?= ))|(?<=\| )-(?= )")


def ours(data: bytes) -> str:
    """Return the text as this project reads it."""
    return read_pdf(data, DEFAULT_LIMITS).text


def pdfium(data: bytes) -> str:
    """Return the text in PDFium's order."""
    import pypdfium2

    with pypdfium2.PdfDocument(data) as document:
        pages = [document[at].get_textpage().get_text_range() for at in range(len(document))]
    return "\n\n".join(re.sub("[\ufffe\x02](?:\r\n)?", "", page) for page in pages)


def pdfminer(data: bytes) -> str:
    """Return the text by pdfminer.six's layout analysis."""
    from pdfminer.high_level import extract_text

    return str(extract_text(io.BytesIO(data)))


def pdfplumber(data: bytes) -> str:
    """Return the text by pdfplumber."""
    import pdfplumber as library

    with library.open(io.BytesIO(data)) as document:
        return "\n\n".join(page.extract_text() or "" for page in document.pages)


def pypdf(data: bytes) -> str:
    """Return the text by pypdf."""
    from pypdf import PdfReader

    return "\n\n".join(page.extract_text() for page in PdfReader(io.BytesIO(data)).pages)


def pdf_oxide(data: bytes) -> str:
    """Return the text by pdf_oxide."""
    import pdf_oxide as library

    document = library.PdfDocument.from_bytes(data)
    return "\n\n".join(document.extract_text(at) for at in range(document.page_count()))


def kreuzberg(data: bytes) -> str:
    """Return the text by kreuzberg."""
    import kreuzberg as library

    return str(library.extract_bytes_sync(data, "application/pdf").content)


def docling_parse(data: bytes) -> str:
    """Return the lines that docling-parse finds, in its order."""
    from docling_core.types.doc.page import TextCellUnit
    from docling_parse.pdf_parser import DoclingPdfParser

    document = DoclingPdfParser().load(io.BytesIO(data))
    pages = [
        "\n".join(cell.text for cell in page.iterate_cells(TextCellUnit.LINE))
        for _, page in document.iterate_pages()
    ]
    return "\n\n".join(pages)


READERS: dict[str, tuple[str, Callable[[bytes], str]]] = {
    "article-qa": ("pypdfium2", ours),
    "PDFium's order": ("pypdfium2", pdfium),
    "pdfminer.six": ("pdfminer", pdfminer),
    "pdfplumber": ("pdfplumber", pdfplumber),
    "pypdf": ("pypdf", pypdf),
    "pdf_oxide": ("pdf_oxide", pdf_oxide),
    "kreuzberg": ("kreuzberg", kreuzberg),
    "docling-parse": ("docling_parse", docling_parse),
}
"""By name, the package that must be installed, and the reader."""


def normalised(text: str) -> str:
    """Return text without its layout: words divided at the end of a line are joined.

    Raised digits have a space before them, and the signs of items and cells are left out.
    """
    text = _SCRIPTS.sub(lambda found: " " + unicodedata.normalize("NFKC", found[0]), text)
    text = re.sub(r"(?<=[a-z])-\r?\n(?=[a-z])", "", text)
    return " ".join(_SIGNS.sub(" ", text).split())


def distance(known: str, found: str) -> float:
    """Return the normalised edit distance, 0 if the texts are the same, at most 1."""
    return float(Levenshtein.normalized_distance(normalised(known), normalised(found)))


def measured(read: Callable[[bytes], str], seed: int) -> tuple[dict[str, list[float]], float]:
    """Return the distances by kind, one for each page's worth, and the seconds of reading."""
    found: defaultdict[str, list[float]] = defaultdict(list)
    seconds = 0.0
    for sample in samples(seed):
        start = time.process_time()
        text = read(sample.data)
        seconds += time.process_time() - start
        found[sample.kind] += [distance(sample.text, text)] * sample.pages
    return found, seconds


def main() -> None:
    """Measure each reader that is installed, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--tuning", action="store_true", help="the pages for choosing thresholds")
    parser.add_argument("--only", help="one reader")
    given = parser.parse_args()
    seeds = TUNED_SEEDS if given.tuning else SEEDS
    rows = []
    for name, (package, read) in READERS.items():
        if given.only not in {None, name} or importlib.util.find_spec(package) is None:
            continue
        read(next(samples(TUNED_SEEDS[0])).data)  # imports
        rows.append(_row(name, read, seeds))
    names = [make.__name__ for make in KINDS]
    pages = len(seeds) * len(KINDS) * PAGES_OF_A_KIND
    text = "\n".join(
        [
            "# Text of PDFs, by reader and kind of page\n",
            "Normalised edit distance to the text in the order in which it is read (0 is the same, "
            f"1 nothing alike), mean of {pages // len(KINDS)} pages of each kind ({pages} in all). "
            "The pages are drawn by `bench/printed_pages.py` in the order of reading, by rows or "
            "without any order; running heads and page numbers are not part of the text. The "
            "thresholds of article-qa were chosen on other pages of the same kinds. Milliseconds "
            "of processor time a page.\n",
            *table(["reader", *names, "mean", "ms a page"], rows),
            "",
            Environment.now("bench.pdf_layout").to_markdown(),
        ]
    )
    report(given.out, "pdf_layout", text)


def _row(name: str, read: Callable[[bytes], str], seeds: tuple[int, ...]) -> list[str]:
    by_kind: defaultdict[str, list[float]] = defaultdict(list)
    seconds = 0.0
    for seed in seeds:
        found, spent = measured(read, seed)
        seconds += spent
        for kind, distances in found.items():
            by_kind[kind] += distances
    means = [sum(by_kind[make.__name__]) / len(by_kind[make.__name__]) for make in KINDS]
    pages = sum(map(len, by_kind.values()))
    mean = sum(means) / len(means)
    return [name, *(f"{value:.3f}" for value in [*means, mean]), f"{1_000 * seconds / pages:.0f}"]


if __name__ == "__main__":
    main()

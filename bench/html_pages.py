"""Read the public web pages that the HTML reader is measured on, and fitted on."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.errors import InputError
from index.sources.decoding import decode

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """A page with segments that a reader wants and segments that belong to the site."""

    name: str
    source: str
    wanted: Sequence[str]
    unwanted: Sequence[str]


def words_of(text: str) -> str:
    """Return the words of a text, separated by single spaces."""
    return re.sub(r"[\W_]+", " ", text.replace("\N{SOFT HYPHEN}", "")).strip()


def segment_pages(checkout: Path) -> Iterator[SegmentPage]:
    """Yield the pages of trafilatura's evaluation that can be decoded."""
    tests = checkout / "tests"
    for item in json.loads((tests / "evaldata.json").read_text("utf-8")).values():
        paths = (tests / folder / item["file"] for folder in ("cache", "eval"))
        source = source_of(next(path for path in paths if path.is_file()))
        if source:
            yield SegmentPage(item["file"], source, item["with"], item["without"])


def source_of(path: Path) -> str:
    """Return the source of a page; "" if its encoding is unknown."""
    data = path.read_bytes()
    declared = _CHARSET.search(data[:2048])
    try:
        return decode(data, declared and declared[1].decode("ascii"))
    except InputError:
        return ""

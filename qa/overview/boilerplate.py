"""Tell an article from what surrounds it: a book's licence, a contents list, a cookie notice."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.embedding.embedder import Vectors
from index.types import Span

EXAMPLES: tuple[str, ...] = tuple(
    tomllib.loads((Path(__file__).parent / "boilerplate.toml").read_text(encoding="utf-8"))[
        "examples"
    ]
)
"""Sentences that surround articles, and are not part of them."""
THRESHOLD = 0.2
"""How much nearer to the examples than to its article boilerplate is; the value is from
``training.fit_boilerplate``."""
_NEIGHBOUR = 0.1
"""By how much each neighbour that is boilerplate lowers the threshold."""
_NEAREST = 3
_ROUNDS = 2
_SURELY_ARTICLE = 0.25
"""The share of sentences, those least like the examples, that are first taken for the article: a
licence may be longer than it."""

# The lines between which a Project Gutenberg book is, of today and of the 1990s.
_MARKER = re.compile(
    r"^[ \t]*(?:\*\*\* ?(?P<kind>START|END) OF TH(?:E|IS) PROJECT GUTENBERG\b"
    r"(?:[^*\n]*(?:\n[^*\n]+)?\*\*\*)?"
    r"|(?P<small>\*END ?\*? ?THE SMALL PRINT)|(?P<last>End of (?:the |this )?Project Gutenberg\b)"
    r").*$",
    re.MULTILINE | re.IGNORECASE,
)
_MAX_ENTRY_CHARS = 100
_FEWEST_ENTRIES = 3
_LINES_APART = 3
_NOT_LETTERS = re.compile(r"[\W\d_]+")


def body_spans(text: str) -> list[Span]:
    """Return the spans of ``text`` that are the article itself, in order.

    The frame of a Project Gutenberg book is outside its marker lines. A contents list is a run
    of lines that return later, far apart, as headings.
    """
    cuts = contents_lists(text)
    spans = []
    for start, end in _marked_spans(text):
        begin = start
        for cut in cuts:
            if start <= cut.start < end:
                spans.append(Span(begin, cut.start))
                begin = cut.end
        spans.append(Span(begin, end))
    return [span for span in spans if text[slice(*span)].strip()]


def _marked_spans(text: str) -> list[Span]:
    """Return the spans between start and end markers; all of the text if it has none."""
    spans, start = [], 0
    is_inside = True
    for match in _MARKER.finditer(text):
        if match["last"] or (match["kind"] or "").upper() == "END":
            if is_inside:
                spans.append(Span(start, match.start()))
            is_inside = False
        else:
            start, is_inside = match.end(), True
    if is_inside:
        spans.append(Span(start, len(text)))
    spans = [span for span in spans if text[slice(*span)].strip()]
    return spans or [Span(0, len(text))]


def contents_lists(text: str) -> list[Span]:
    """Return where a list of the article's own headings is, in order."""
    lines = [
        (match.start(), match.end(), " ".join(_NOT_LETTERS.sub(" ", match[0]).casefold().split()))
        for match in re.finditer(r"[^\n]+", text)
        if not match[0].isspace()
    ]
    last: dict[str, int] = {}
    for i, (_, _, words) in enumerate(lines):
        last[words] = i
        if i:  # "CHAPTER I" and its title can be one line of the list
            last[f"{lines[i - 1][2]} {words}"] = i
    # For each line, the last one that repeats it.
    again = [
        last[words] if words and end - start <= _MAX_ENTRY_CHARS else i
        for i, (start, end, words) in enumerate(lines)
    ]
    found, i = [], 0
    while i < len(lines):
        run = i
        while run < len(lines) and again[run] > run + 1:
            run += 1
        if _are_entries(again[i:run], run):
            found.append(Span(lines[i][0], lines[run - 1][1]))
        i = max(run, i + 1)
    return found


def _are_entries(headings: Sequence[int], end: int) -> bool:
    """Whether lines return as headings: in the same order, after the run, with text between."""
    if len(headings) < _FEWEST_ENTRIES or headings[0] < end:
        return False
    steps = [after - before for before, after in pairwise(headings)]
    return min(steps) > 0 and sum(steps) >= _LINES_APART * len(steps)


def is_boilerplate(
    vectors: Vectors, examples: Vectors, threshold: float = THRESHOLD
) -> NDArray[np.bool_]:
    """Return which sentences are nearer to the examples than to their article: ``(n,)`` bool.

    What an article is about is no boilerplate in it, so a privacy policy may speak of cookies.

    Args:
        vectors: Of the sentences of one article in order, ``(n, dimension)``, unit length.
        examples: Of ``EXAMPLES``, ``(m, dimension)``, unit length.
        threshold: How much nearer, as a difference of cosines.
    """
    centre = article_centre(vectors, examples, threshold)
    return in_runs(excess_likeness(vectors, examples, centre), threshold)


def in_runs(excess: NDArray[np.floating[Any]], threshold: float = THRESHOLD) -> NDArray[np.bool_]:
    """Return which consecutive sentences are boilerplate by their excess of likeness: ``(n,)``.

    A neighbour that is boilerplate, or an end of the text, makes a sentence more likely to be.
    """
    found = np.zeros(len(excess) + 2, dtype=np.bool_)
    for _ in range(_ROUNDS + 1):
        found[[0, -1]] = True
        neighbours = found[:-2].astype(int) + found[2:]
        found[1:-1] = excess > threshold - _NEIGHBOUR * neighbours
    return found[1:-1]


def excess_likeness(
    vectors: Vectors, examples: Vectors, centre: Vectors
) -> NDArray[np.floating[Any]]:
    """Return by how much sentences are nearer to the examples than to the centre: ``(n,)``."""
    return np.asarray(_likeness(vectors, examples) - vectors @ centre)


def article_centre(vectors: Vectors, examples: Vectors, threshold: float = THRESHOLD) -> Vectors:
    """Return the mean of an article's vectors, without its boilerplate: ``(dimension,)``."""
    likeness = _likeness(vectors, examples)
    is_article = likeness <= (np.quantile(likeness, _SURELY_ARTICLE) if len(likeness) else 0.0)
    centre = np.zeros(vectors.shape[1], dtype=np.float32)
    for _ in range(_ROUNDS):
        if is_article.any():
            centre = vectors[is_article].mean(axis=0)
            centre /= max(float(np.linalg.norm(centre)), 1e-9)
        is_article = likeness - vectors @ centre <= threshold
    return centre


def _likeness(vectors: Vectors, examples: Vectors) -> NDArray[np.floating[Any]]:
    """Return the mean cosine of each sentence to the examples nearest to it: ``(n,)``."""
    return np.asarray(np.sort(vectors @ examples.T, axis=1)[:, -_NEAREST:].mean(axis=1))

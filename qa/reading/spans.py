"""Decode the logits of a passage's windows into candidate spans, trimmed to words."""

from __future__ import annotations

import bisect
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.types import Passage, Span, overlap
from qa.reading.model import WindowLogits

MAX_ANSWER_TOKENS = 30
SPANS_OF_WINDOW = 3
"""Spans taken from one window, at most; none overlap."""

_PARTNERS = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "(": ")", "[": "]", "{": "}"}
_EDGE = " \t\n,;:!?-–—…·•"
# "U.S." and "3 p.m." keep their full stop.
_ABBREVIATED = re.compile(r"(?:^|\W)(?:\w\.)+\w\.$")
_ABBREVIATION_CHARS = 20


@dataclass(frozen=True, slots=True)
class SpanCandidate:
    """Words of an article that could be the answer."""

    passage: Passage
    span: Span
    """Offsets into the article."""
    margin: float
    """How much more likely the span is than none in its window, in logits."""
    has_answer: float
    """The logit that its window answers the question."""

    @property
    def text(self) -> str:
        """The words."""
        return self.passage.words(self.span)


def span_candidates(passage: Passage, windows: Sequence[WindowLogits]) -> list[SpanCandidate]:
    """Return the spans of ``passage`` that could be the answer, best first.

    None lies in a heading, and none overlaps a better one.
    """
    headings = [
        Span(s.start - passage.start, s.end - passage.start)
        for s in passage.sentences
        if passage.is_heading(s)
    ]
    found = [
        SpanCandidate(
            passage,
            Span(passage.start + span.start, passage.start + span.end),
            score - window.no_answer,
            window.has_answer,
        )
        for window in windows
        for span, score in _best_spans(passage.text, window, headings)
    ]
    found.sort(key=lambda candidate: -candidate.margin)
    kept: list[SpanCandidate] = []
    for candidate in found:
        if not any(overlap(candidate.span, better.span) for better in kept):
            kept.append(candidate)
    return kept


def trim_to_words(text: str, span: Span) -> Span:
    """Return ``span`` widened to whole words, without punctuation at its ends.

    A bracket or quotation mark stays if its partner is inside, too. The span may
    be empty if there is no word in it.
    """
    start, end = span
    while 0 < start < len(text) and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while 0 < end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    while start < end:
        if _opens_loosely(text, start, end):
            start += 1
        elif _closes_loosely(text, start, end):
            end -= 1
        else:
            break
    return Span(start, end)


def sentences_around(passage: Passage, span: Span) -> list[Span]:
    """Return the sentences that ``span`` has a part in; the span itself if there are none."""
    found = [s for s in passage.sentences if overlap(s, span)]
    return found or [span]


def _best_spans(
    text: str, logits: WindowLogits, headings: Sequence[Span]
) -> list[tuple[Span, float]]:
    """Return the best spans of a window, as offsets into ``text``, and their logits."""
    offsets = logits.window.offsets
    if not offsets:
        return []
    joint = _joint(logits, headings)
    found: list[tuple[Span, float]] = []
    for _ in range(SPANS_OF_WINDOW):
        first, last = np.unravel_index(int(joint.argmax()), joint.shape)
        score = float(joint[first, last])
        if not np.isfinite(score):
            break
        span = trim_to_words(text, Span(offsets[first].start, offsets[last].end))
        if any(map(str.isalnum, text[slice(*span)])):
            found.append((span, score))
        joint[: last + 1, first:] = -np.inf  # whatever overlaps it
    return found


def joint_logits(start: NDArray[np.float32], end: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return ``(n, n)`` logits of the spans of at most MAX_ANSWER_TOKENS; −∞ elsewhere."""
    joint = start[:, None] + end[None, :]
    tokens = np.arange(len(joint))
    lengths = tokens[None, :] - tokens[:, None]
    joint[(lengths < 0) | (lengths >= MAX_ANSWER_TOKENS)] = -np.inf
    return joint


def _joint(logits: WindowLogits, headings: Sequence[Span]) -> NDArray[np.float32]:
    """Return ``(n, n)`` logits of the span from each token to each; −∞ where none may be."""
    joint = joint_logits(logits.start, logits.end)
    starts = [offset.start for offset in logits.window.offsets]
    for heading in headings:
        first = bisect.bisect_left(starts, heading.start)
        last = bisect.bisect_left(starts, heading.end)
        joint[:last, first:] = -np.inf
    return joint


def _opens_loosely(text: str, start: int, end: int) -> bool:
    """Whether ``text[start]`` is punctuation that belongs to nothing; a minus does."""
    edge = text[start]
    if edge in _PARTNERS:
        return text.find(_PARTNERS[edge], start + 1, end) < 0
    following = text[start + 1 : min(start + 2, end)]
    return edge in (*_EDGE, ".", *_PARTNERS.values()) and not (
        edge in "-–." and following.isdigit()
    )


def _closes_loosely(text: str, start: int, end: int) -> bool:
    """Whether ``text[end - 1]`` is punctuation that belongs to nothing."""
    edge = text[end - 1]
    if edge == ".":
        return not _ABBREVIATED.search(text[max(start, end - _ABBREVIATION_CHARS) : end])
    if edge in _PARTNERS.values():
        opening = next(left for left, right in _PARTNERS.items() if right == edge)
        return text.rfind(opening, start, end - 1) < 0
    return edge in (*_EDGE, *_PARTNERS)

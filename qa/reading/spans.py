"""Decode the logits of a passage's windows into candidate spans, trimmed to words."""

from __future__ import annotations

import bisect
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.types import Passage, Span, overlap
from qa.reading.model import WindowLogits

MAX_ANSWER_TOKENS = 30
VERDICTS = ("words", "yes", "no")
"""What a question can be answered with, in the order of the model's outputs."""
CELL_END = "|"
"""Separates the cells of a table; an answer is in one of them."""
SPANS_OF_WINDOW = 3
"""The most spans taken from one window; they do not overlap."""

_PARTNERS = {'"': '"', "'": "'", "“": "”", "‘": "’", "«": "»", "(": ")", "[": "]", "{": "}"}
_BLANKS = " \t\N{NO-BREAK SPACE}"
_EDGE = " \t\n,;:!?-–—…·•|"
# "U.S." and "3 p.m." keep their full stop.
_ABBREVIATED = re.compile(r"(?:^|\W)(?:\w\.)+\w\.$")
_ABBREVIATION_CHARS = 20
_NUMBERING = re.compile(r"[#\s]*[(\[]?\d{1,3}(?:\.\d{1,3})*[.)\]:]?\s")


@dataclass(frozen=True, slots=True)
class FirstPass:
    """What the small model found before the large one reads a passage."""

    behind: float
    """How much the passage's best span scores below the best of all passages; 0 or less."""
    confidence: float
    """The log-odds that its answer is right."""
    best: Span | None
    """Offsets of its best span if that is in the passage."""


@dataclass(frozen=True, slots=True)
class SpanCandidate:
    """A span of an article that could be the answer."""

    passage: Passage
    span: Span
    """Offsets into the article."""
    margin: float
    """The span's logit minus that of no answer in its window."""
    has_answer: float
    """The logit that its window contains an answer."""
    verdict: tuple[float, ...] = ()
    """The logits that its window answers with words, with "yes" and with "no"; empty if unknown."""
    members: tuple[Span, ...] = ()
    """Offsets of the parts of the window's answer, which may have several; empty if unknown."""
    first: FirstPass | None = None
    """What the small model found; None if this is its own candidate."""

    @property
    def text(self) -> str:
        """The words of the span."""
        return self.passage.words(self.span)


def span_candidates(
    passage: Passage, windows: Sequence[WindowLogits], first: FirstPass | None = None
) -> list[SpanCandidate]:
    """Return the spans of ``passage`` that could be the answer, best first.

    A span is within a sentence; of overlapping spans only the best is kept. A heading says what is
    below it and answers nothing, except with a date or a number in it.
    """
    sentences = [_shifted(s, -passage.start) for s in passage.sentences]
    sentences = sentences or [Span(0, len(passage.text))]
    headings = [_shifted(s, -passage.start) for s in passage.sentences if passage.is_heading(s)]
    found = [
        SpanCandidate(
            passage,
            _shifted(span, passage.start),
            score - window.no_answer,
            window.has_answer,
            () if window.verdict is None else tuple(map(float, window.verdict)),
            tuple(_shifted(each, passage.start) for each in _members(passage.text, window)),
            first,
        )
        for window in windows
        for span, score in _best_spans(passage.text, window, sentences, headings)
    ]
    found.sort(key=lambda candidate: -candidate.margin)
    kept: list[SpanCandidate] = []
    for candidate in found:
        if not any(overlap(candidate.span, better.span) for better in kept):
            kept.append(candidate)
    return kept


def decided(candidate: SpanCandidate, sure: float) -> str | None:
    """Return "yes" or "no" if that is the answer with a probability of at least ``sure``."""
    if not candidate.verdict:
        return None
    logits = np.array(candidate.verdict)
    chances = np.exp(logits - np.logaddexp.reduce(logits))
    best = int(chances.argmax())
    return VERDICTS[best] if best and chances[best] >= sure else None


def several(candidate: SpanCandidate) -> tuple[Span, ...]:
    """Return the members of an answer of several parts; empty if it has one."""
    members = candidate.members
    if len(members) < 2 or not any(overlap(m, candidate.span) for m in members):  # noqa: PLR2004 - several
        return ()
    # One span that has them all, such as "tea, rice and salt", says it better.
    inside = all(candidate.span.start <= m.start and m.end <= candidate.span.end for m in members)
    return () if inside else members


def trim_to_words(text: str, span: Span) -> Span:
    """Return ``span`` widened to whole words, without punctuation at its ends.

    A bracket or quotation mark stays if its partner is also in the span. The result is empty if
    the span contains no word.
    """
    start, end = span
    while 0 < start < len(text) and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while 0 < end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    while start < end:
        if _is_loose_start(text, start, end):
            start += 1
        elif _is_loose_end(text, start, end):
            end -= 1
        else:
            break
    return Span(start, end)


def sentences_around(passage: Passage, span: Span) -> list[Span]:
    """Return the sentences that ``span`` overlaps; the span itself if there are none."""
    return [s for s in passage.sentences if overlap(s, span)] or [span]


def _best_spans(
    text: str, logits: WindowLogits, sentences: Sequence[Span], headings: Sequence[Span]
) -> list[tuple[Span, float]]:
    """Return the best spans of a window, as offsets into ``text``, and their logits."""
    offsets = logits.window.offsets
    if not offsets:
        return []
    joint = _joint(logits, sentences)
    for heading in headings:
        _mask_words(text, heading, offsets, joint)
    found: list[tuple[Span, float]] = []
    for _ in range(SPANS_OF_WINDOW):
        first, last = np.unravel_index(int(joint.argmax()), joint.shape)
        score = float(joint[first, last])
        if not np.isfinite(score):
            break
        span = trim_to_words(text, Span(offsets[first].start, offsets[last].end))
        words = text[slice(*span)]
        if any(map(str.isalnum, words)) and CELL_END not in words:
            found.append((span, score))
        joint[: last + 1, first:] = -np.inf  # excludes all spans that overlap this one
    return found


def joint_logits(start: NDArray[np.float32], end: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the ``(n, n)`` logits of the spans from each token to each.

    Those of spans longer than MAX_ANSWER_TOKENS, or that end before they start, are −∞.
    """
    joint = start[:, None] + end[None, :]
    tokens = np.arange(len(joint))
    lengths = tokens[None, :] - tokens[:, None]
    joint[(lengths < 0) | (lengths >= MAX_ANSWER_TOKENS)] = -np.inf
    return joint


def _joint(logits: WindowLogits, sentences: Sequence[Span]) -> NDArray[np.float32]:
    """Return :func:`joint_logits`, with −∞ for spans that are not within one of ``sentences``."""
    joint = joint_logits(logits.start, logits.end)
    starts = [sentence.start for sentence in sentences]
    inside = [
        place if place >= 0 and offset.start < sentences[place].end else -1
        for offset in logits.window.offsets
        for place in (bisect.bisect_right(starts, offset.start) - 1,)
    ]
    of_token = np.array(inside)
    joint[(of_token[:, None] != of_token[None, :]) | (of_token < 0)[:, None]] = -np.inf
    return joint


def _mask_words(
    text: str, heading: Span, offsets: Sequence[Span], joint: NDArray[np.float32]
) -> None:
    """Set the logits of a heading's spans that have no figure, besides its own number, to −∞."""
    numbered = _NUMBERING.match(text, *heading)
    start = numbered.end() if numbered else heading.start
    inside = [heading.start <= offset.start < heading.end for offset in offsets]
    figures = [
        is_inside and offset.start >= start and any(map(str.isdigit, text[slice(*offset)]))
        for offset, is_inside in zip(offsets, inside, strict=True)
    ]
    until = np.cumsum(figures)
    have_figures = until[None, :] - until[:, None] + np.array(figures)[:, None] > 0
    joint[np.array(inside)[:, None] & ~have_figures] = -np.inf


def _members(text: str, logits: WindowLogits) -> list[Span]:
    """Return the runs of tokens that are more likely in the answer than not, trimmed to words.

    Words next to each other in a line are one member, whatever is between their tokens.
    """
    if logits.inside is None:
        return []
    pairs = zip(logits.window.offsets, logits.inside, strict=True)
    runs = itertools.groupby(pairs, key=lambda pair: bool(pair[1] > 0))
    tokens = [list(run) for is_inside, run in runs if is_inside]
    joined: list[Span] = []
    for run in tokens:
        span = _unbroken(text, Span(run[0][0].start, run[-1][0].end))
        if joined and not text[joined[-1].end : span.start].strip(_BLANKS):
            span = Span(joined.pop().start, span.end)
        joined.append(span)
    trimmed = (trim_to_words(text, span) for span in joined)
    return [span for span in trimmed if span.start < span.end]


def _unbroken(text: str, span: Span) -> Span:
    """Return ``span`` widened to the white space around it, as in "14,000" or "two-thirds".

    Scripts that are written without spaces are left alone.
    """
    start, end = span
    while start > 0 and _is_graphic(text[start - 1]):
        start -= 1
    while end < len(text) and _is_graphic(text[end]):
        end += 1
    return Span(start, end)


def _is_graphic(character: str) -> bool:
    return character.isascii() and not character.isspace()


def _shifted(span: Span, by: int) -> Span:
    return Span(span.start + by, span.end + by)


def _is_loose_start(text: str, start: int, end: int) -> bool:
    """Return whether ``text[start]`` is punctuation not part of the answer, as a minus would be."""
    edge = text[start]
    if edge in _PARTNERS:
        return text.find(_PARTNERS[edge], start + 1, end) < 0
    following = text[start + 1 : min(start + 2, end)]
    return edge in (*_EDGE, ".", *_PARTNERS.values()) and not (
        edge in "-–." and following.isdigit()
    )


def _is_loose_end(text: str, start: int, end: int) -> bool:
    """Return whether ``text[end - 1]`` is punctuation that is not part of the answer."""
    edge = text[end - 1]
    if edge == ".":
        return not _ABBREVIATED.search(text[max(start, end - _ABBREVIATION_CHARS) : end])
    if edge in _PARTNERS.values():
        opening = next(left for left, right in _PARTNERS.items() if right == edge)
        return text.rfind(opening, start, end - 1) < 0
    return edge in (*_EDGE, *_PARTNERS)

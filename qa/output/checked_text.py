"""Split the text of a written answer into runs, with the status of each statement in its place."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from index.types import Span
from qa.answers.answer import BULLET, Answer
from qa.answers.claim import Claim, Status
from qa.answers.usage import Usage
from qa.answers.written_wording import support_in_words, usage_in_words
from qa.output.escape import single_line

# Embeddings, overrides and isolates: they would reorder what follows, such as a status of ours.
_REORDERING = re.compile("[\u202a-\u202e\u2066-\u2069]")


class Run(NamedTuple):
    """A run of a line that is shown in one way: words, a citation mark, or a status."""

    text: str = ""
    number: int = 0
    """The number of the citation that a mark refers to; 0 if it is not a mark."""
    is_struck: bool = False
    is_doubtful: bool = False
    """Whether these are words that the cited sentences do not support."""
    status_of: Claim | None = None
    """The statement that ends here, whose status is shown; the run then has no text."""


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """A line of a written answer."""

    runs: tuple[Run, ...]
    is_item: bool
    """Whether it is an entry of a list; its runs are without the bullet."""


def checked_lines(
    text: str, claims: Sequence[Claim], marks: Sequence[Span] = (), *, strike: bool = True
) -> list[CheckedLine]:
    """Return the lines of a written answer that are not blank.

    Two neighbouring runs of words always differ in how they are shown. Characters that change
    the direction of text are left out, so that a model cannot disguise a status.

    Args:
        text: The text, or the part of it that there is so far.
        claims: Its statements.
        marks: Offsets of its citation marks.
        strike: Whether to strike statements that are not supported.
    """
    lines: list[list[Run]] = [[]]
    for run in _runs(text, claims, marks, strike=strike):
        if run.number or run.status_of:
            lines[-1].append(run)
            continue
        first, *more = without_reordering(run.text).split("\n")
        _add(lines[-1], run._replace(text=first))
        for part in more:
            lines.append([])
            _add(lines[-1], run._replace(text=part))
    return [_line(runs) for runs in lines if any(run.text.strip() for run in runs)]


def without_reordering(text: str) -> str:
    """Return a text without characters that change the direction of what follows."""
    return _REORDERING.sub("", text)


def lines_of(answer: Answer, *, strike: bool = True) -> list[CheckedLine]:
    """Return the lines of a written answer."""
    return checked_lines(answer.text, answer.claims, answer.marks, strike=strike)


def written_by(answer: Answer) -> str:
    """Return the sentences that say who wrote an answer, how much is supported and its cost.

    Empty if it is quoted.
    """
    if not answer.claims:
        return ""
    parts = [f"{engine_in_words(answer)}: {support_in_words(answer)}."]
    if answer.usage:
        parts.append(f"{usage_in_words(answer.usage)}.")
    return " ".join(parts)


def engine_in_words(answer: Answer) -> str:
    """Return which language model wrote an answer, and whether it was checked."""
    unchecked = sum(claim.status is Status.UNCHECKED for claim in answer.claims)
    if not unchecked:
        checked = "each statement checked"
    elif unchecked == len(answer.claims):
        checked = "not checked"
    else:
        checked = "statements in English checked"
    return f"Written by {single_line(answer.engine or 'a model')}, {checked}"


def cost_in_words(usage: Usage) -> str:
    """Return tokens and seconds in brief: ``876 tokens, 2.1 s``."""
    counts = [usage.prompt_tokens, usage.written_tokens]
    known = [count for count in counts if count is not None]
    tokens = f"{sum(known):,} tokens, " if known else ""
    return f"{tokens}{usage.seconds:.1f} s"


def _add(runs: list[Run], run: Run) -> None:
    """Append words to a line, joined with those before them if they are shown alike."""
    last = runs[-1] if runs else None
    if last and not last.number and not last.status_of and last._replace(text=run.text) == run:
        runs[-1] = last._replace(text=last.text + run.text)
    elif run.text:
        runs.append(run)


def _line(runs: Sequence[Run]) -> CheckedLine:
    first, *rest = runs
    if not first.text.startswith(BULLET):
        return CheckedLine(tuple(runs), is_item=False)
    words = first._replace(text=first.text.removeprefix(BULLET))
    return CheckedLine((words, *rest) if words.text else tuple(rest), is_item=True)


def _runs(
    text: str, claims: Sequence[Claim], marks: Sequence[Span], *, strike: bool
) -> Iterator[Run]:
    """Yield the runs between all offsets at which something begins or ends.

    Claims may come from a file, so they may overlap or end inside a mark.
    """
    shown_marks = _apart(marks)
    starts = [mark.start for mark in shown_marks]

    def moved(offset: int) -> int:
        """Return the offset, or the end of the mark that it is in."""
        index = bisect_right(starts, offset) - 1
        inside = index >= 0 and starts[index] < offset < shown_marks[index].end
        return shown_marks[index].end if inside else offset

    struck: Counter[int] = Counter()
    doubtful: Counter[int] = Counter()
    statuses: dict[int, list[Claim]] = {}
    for claim in claims:
        is_struck = strike and claim.status is Status.NOT_SUPPORTED
        spans = [Span(claim.start, claim.end)] if is_struck else claim.unsupported
        for span in spans:
            changes = struck if is_struck else doubtful
            changes[moved(span.start)] += 1
            changes[moved(span.end)] -= 1
        statuses.setdefault(moved(claim.end), []).append(claim)
    ends = {mark.start: mark.end for mark in shown_marks}
    places = {0, len(text), *struck, *doubtful, *statuses, *ends, *ends.values()}
    offsets = sorted(place for place in places if place <= len(text))
    is_struck_now = is_doubtful_now = 0
    for start, end in zip(offsets, [*offsets[1:], len(text)], strict=True):
        for claim in statuses.get(start, ()):
            yield Run(status_of=claim)
        is_struck_now += struck[start]
        is_doubtful_now += doubtful[start]
        words = text[start:end]
        if start in ends:
            yield Run(words, number=int(words[1:-1]))
        elif words:
            yield Run(words, 0, is_struck_now > 0, is_doubtful_now > 0)


def _apart(marks: Sequence[Span]) -> list[Span]:
    """Return the marks in order, without any that overlaps the one before it."""
    apart: list[Span] = []
    for mark in sorted(marks):
        if not apart or mark.start >= apart[-1].end:
            apart.append(mark)
    return apart

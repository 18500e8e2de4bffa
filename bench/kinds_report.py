"""What is measured of the kinds of questions, as values and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.commands import table
from bench.environment import Environment
from qa.answer import Kind

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class HandRow:
    """Hand-written questions of one kind, the hard ones apart."""

    kind: str
    hard: bool
    questions: int
    taken: dict[Kind, int]
    """For how many each kind of answer is given."""
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetRow:
    """The factual questions of a set in one wording."""

    dataset: str
    wording: str
    questions: int
    swallowed: tuple[str, ...]
    """Those that are not answered in words of the article, and what they are taken for."""


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """Questions whose language is known."""

    dataset: str
    language: str
    questions: int
    right: int
    unknown: int
    """Those of which no language is certain."""
    wrong: int


@dataclass(frozen=True, slots=True)
class AcrossRow:
    """Questions in one language asked of articles in one."""

    asked_in: str
    article: str
    answerable: int
    answered: int
    right: float
    """The share of those answered whose first quote is where the answer is."""
    confidence: float
    """Mean of those answered."""
    off_topic: int
    off_topic_answered: int


@dataclass(frozen=True, slots=True)
class Results:
    """All that is measured."""

    hand: tuple[HandRow, ...]
    sets: tuple[SetRow, ...]
    languages: tuple[LanguageRow, ...]
    across: tuple[AcrossRow, ...]
    milliseconds: float
    """What recognising kind and language takes a question, on average."""


def render(environment: Environment, results: Results) -> str:
    """Return the results as Markdown."""
    easy, hard = (_right(results.hand, hard=hard) for hard in (False, True))
    return "\n".join(
        [
            "# Kinds of questions",
            "",
            environment.to_markdown(),
            f"Recognising kind and language takes a question {results.milliseconds:.0f} ms.",
            "",
            "## Hand-written questions",
            "",
            "How many are answered in which kind. “answer” is due to factual questions, yes-no "
            "questions and follow-ups; “summary” to about and summary, “talk” to small talk and "
            "help.",
            "",
            *table(
                ("kind", "hard", "questions", *Kind, "right"),
                [_hand_cells(row) for row in results.hand],
            ),
            "",
            f"Easy: {easy}. Hard: {hard}. Wrong:",
            "",
            *[f"- {row.kind}: {wrong}" for row in results.hand for wrong in row.wrong],
            "",
            "## Factual questions that are taken for others",
            "",
            *table(
                ("set", "wording", "questions", "taken for another kind", "share"),
                [_set_cells(row) for row in results.sets],
            ),
            "",
            *_swallowed(results.sets),
            "",
            "## The language of a question",
            "",
            *table(
                ("questions", "language", "number", "right", "not certain", "wrong"),
                [
                    (r.dataset, r.language, str(r.questions), str(r.right), str(r.unknown),
                     str(r.wrong))
                    for r in results.languages
                ],
            ),
            "",
            "## Across languages",
            "",
            "XQuAD, whole articles, balanced. Right: the first quote is where the answer is, of "
            "those answered.",
            "",
            *table(
                ("question", "article", "answerable", "answered", "right", "mean confidence",
                 "off-topic", "of these answered"),
                [
                    (r.asked_in, r.article, str(r.answerable), str(r.answered), f"{r.right:.3f}",
                     f"{r.confidence:.3f}", str(r.off_topic), str(r.off_topic_answered))
                    for r in results.across
                ],
            ),
        ]
    )  # fmt: skip


def _hand_cells(row: HandRow) -> tuple[str, ...]:
    taken = [str(row.taken.get(kind, 0)) for kind in Kind]
    share = 1 - len(row.wrong) / row.questions
    return (row.kind, "yes" if row.hard else "", str(row.questions), *taken, f"{share:.2f}")


def _set_cells(row: SetRow) -> tuple[str, ...]:
    number = len(row.swallowed)
    return (
        row.dataset, row.wording, str(row.questions), str(number), f"{number / row.questions:.4f}"
    )  # fmt: skip


def _swallowed(rows: Sequence[SetRow]) -> list[str]:
    return [f"- {r.dataset}, {r.wording}: {q}" for r in rows for q in r.swallowed[:_SHOWN]]


def _right(rows: Sequence[HandRow], *, hard: bool) -> str:
    some = [row for row in rows if row.hard is hard]
    total = sum(row.questions for row in some)
    return f"{total - sum(len(row.wrong) for row in some)} of {total} right"

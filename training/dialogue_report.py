"""Results of dialogues, as values and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.commands import table
from bench.environment import Environment
from qa.evaluation.metrics import Interval
from training.dialogue_making import Dialogue

WAYS = ("as written", "follow-up alone", "by rules", "by rules and reader")


@dataclass(frozen=True, slots=True)
class Reply:
    """How one dialogue's last question was answered in one way."""

    asked: str
    short: str
    f1: float
    first_citation: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One dialogue, asked in each of WAYS."""

    article: str
    dialogue: Dialogue
    replies: dict[str, Reply]


@dataclass(frozen=True, slots=True)
class DialogueRow:
    """One kind of follow-up, asked in one way."""

    kind: str
    way: str
    dialogues: int
    f1: Interval
    first_citation: Interval
    changed: float
    """The share that was rewritten."""


@dataclass(frozen=True, slots=True)
class AloneRow:
    """The questions of a set as they are, with the two before them as history."""

    dataset: str
    wording: str
    questions: int
    possible: int
    """Those that the rules take for possible follow-ups."""
    changed: int
    """Of these, the number that was rewritten."""
    read: int
    """How many of the possible follow-ups were read, at most LEFT_ALONE."""
    f1_without: float
    """Of the changed ones, without a history …"""
    f1_with: float
    """… and with one."""


def render(environment: Environment, rows: Sequence[DialogueRow], left: Sequence[AloneRow]) -> str:
    """Return the results as Markdown: follow-ups, then complete questions."""
    head = ("follow-up", "asked", "dialogues", "F1", "first citation", "rewritten")
    cells = [
        (r.kind, r.way, str(r.dialogues), str(r.f1), str(r.first_citation), f"{r.changed:.3f}")
        for r in rows
    ]
    below = (
        "set", "wording", "questions", "possible references", "read", "of these rewritten",
        "F1 of these without history", "with history",
    )  # fmt: skip
    others = [
        (
            r.dataset, r.wording, str(r.questions), str(r.possible), str(r.read), str(r.changed),
            f"{r.f1_without:.3f}", f"{r.f1_with:.3f}",
        )
        for r in left
    ]  # fmt: skip
    return "\n".join(
        [
            "# Dialogues",
            "",
            environment.to_markdown(),
            "Follow-ups are made from complete questions (training/dialogue_making.py). Name and "
            "phrase: a pronoun replaces what an earlier turn names. Dropped: a final “in …” is "
            "left out. About: “What about …?”. Bare: “When?”. Nothing is refused. F1 and first "
            "citation as in answers.md; in brackets 95 %, bootstrap over articles.",
            "",
            *table(head, cells),
            "",
            "## Questions of the sets as they are, after the two before them",
            "",
            "A question is changed only if the rules find a reference in it. Many references were "
            "written beside a paragraph and are to that.",
            "",
            *table(below, others),
        ]
    )


def failures(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the dialogues that score lower than the question as written, as lines to read."""
    lines = []
    for o in outcomes:
        best, got = o.replies["as written"], o.replies["by rules and reader"]
        if got.f1 < best.f1:
            lines.append(
                f"[{o.dialogue.kind}] {' | '.join(o.dialogue.history)}\n   {o.dialogue.follow_up}"
                f"  ({o.dialogue.written})\n   => {got.asked}\n"
                f"   {got.short!r} {got.confidence:.2f}"
                f" against {best.short!r} {best.confidence:.2f}; alone "
                f"{o.replies['follow-up alone'].short!r}; rules {o.replies['by rules'].asked}"
            )
    return lines

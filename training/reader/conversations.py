"""Build questions with earlier turns, from dialogues and from neighbouring questions."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.types import Span
from training.reader.seeding import is_held_out

DIALOGUES = Path("followups") / "canard.jsonl.gz"
# A possessive 's is not part of the name, but the apostrophe in O'Neill is.
_WORD = r"[A-Z](?:[\w-]|['’](?!s\b)\w)+"
_NAME = re.compile(rf"(?<=[a-z,] )(?:the )?{_WORD}(?: (?:of |the )?{_WORD})*(?P<own>['’]s\b)?")
_UNKNOWN = re.compile(r"(?i)^(?:i don.t know|cannotanswer)")
_SHE, _HE = re.compile(r"(?i)\b(?:she|her|hers)\b"), re.compile(r"(?i)\b(?:he|his|him)\b")
_NEAREST_TURNS = 4
"""The number of turns on either side whose answers a generated passage contains."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An earlier question and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class DialogueQuestion:
    """A question of a dialogue; the passage is the text that the dialogue's answers quote."""

    id: str
    title: str
    question: str
    rewrite: str
    history: tuple[Turn, ...]
    passage: str
    answer: Span | None

    @property
    def is_held_out(self) -> bool:
        """Whether its dialogue is held out from training."""
        return is_held_out(self.title)


def read_dialogues(folder: Path) -> tuple[DialogueQuestion, ...]:
    """Return the questions of the dialogues in the folder of the training files, if there are any.

    The answer to a question is in the history of the next turn, so the last question of each
    dialogue is left out.
    """
    path = folder / DIALOGUES
    if not path.exists():
        return ()
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        rows = [json.loads(line) for line in lines]
    dialogues: dict[str, list[dict[str, object]]] = {}
    for row in rows:
        dialogues.setdefault(row["id"].partition("#")[0], []).append(row)
    return tuple(q for turns in dialogues.values() for q in _questions(turns))


def _questions(turns: Sequence[dict[str, object]]) -> Iterator[DialogueQuestion]:
    longest = max((turn["history"] for turn in turns), key=len)  # type: ignore[arg-type] # a list
    answers: list[str] = [turn["answer"] for turn in longest]  # type: ignore[attr-defined] # a list
    for turn in turns:
        history = tuple(Turn(t["question"], t["answer"]) for t in turn["history"])  # type: ignore[attr-defined] # a list
        number = len(history)
        if number >= len(answers):
            continue
        near = range(max(0, number - _NEAREST_TURNS), min(len(answers), number + _NEAREST_TURNS))
        parts: list[str] = []
        answer = None
        for place in near:
            if _UNKNOWN.match(answers[place]):
                continue
            if place == number:
                start = sum(len(part) + 1 for part in parts)
                answer = Span(start, start + len(answers[place]))
            parts.append(answers[place])
        yield DialogueQuestion(
            str(turn["id"]),
            str(turn["title"]),
            str(turn["question"]),
            str(turn["rewrite"]),
            history,
            " ".join(parts),
            answer,
        )


def with_pronouns(question: str, known: str, passage: str, rng: random.Random) -> str | None:
    """Return ``question`` with a name from ``known`` replaced by a pronoun; None without one.

    Args:
        question: A question after earlier turns.
        known: The words of those turns.
        passage: Its pronouns decide whether a person is he or she.
        rng: Chooses the name.
    """
    names = [m for m in _NAME.finditer(question) if _core(m) in known]
    if not names:
        return None
    match = rng.choice(names)
    owned = bool(match["own"])
    if " in " + match.group() in question and rng.random() < 0.5 and not owned:  # noqa: PLR2004
        return question.replace(" in " + match.group(), " there", 1)
    pronoun = pronoun_for(passage, owned=owned)
    return question[: match.start()] + pronoun + question[match.end() :]


def pronoun_for(passage: str, *, owned: bool) -> str:
    """Return the most frequent of he, she and it in ``passage``, or its possessive."""
    she, he = len(_SHE.findall(passage)), len(_HE.findall(passage))
    if she > he:
        return "her" if owned else "she"
    if he > she:
        return "his" if owned else "he"
    return "its" if owned else "it"


def _core(match: re.Match[str]) -> str:
    name = match.group().removeprefix("the ")
    return name.removesuffix("'s").removesuffix("’s")

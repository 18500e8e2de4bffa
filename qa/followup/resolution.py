"""Which wording of a follow-up question is meant: the one that the reader is surest of."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qa.followup.mentions import Exchange, mentions_of
from qa.followup.pointers import Pointer
from qa.followup.recognition import pointer_of
from qa.followup.rewording import Rewording, rewordings
from qa.logits import logit

_LEAST = 0.01
_HIGHEST = logit(1 - _LEAST)
Judge = Callable[[str], float]
"""Gives the probability, in 0..1, that the articles answer a question rightly."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """How a wording is chosen; docs/followups.md has what was tried."""

    candidates: int = 4
    """Wordings that are read, beside the question as it was asked."""
    prior: float = 0.8
    """What a step of the rules' liking counts, in logits of the reader's confidence."""


def resolve(
    question: str,
    exchanges: Sequence[Exchange],
    judge: Judge | None,
    weighing: Weighing = Weighing(),
) -> str:
    """Return ``question`` in words that stand alone; as it is if it points at nothing.

    Without ``judge`` the rules alone decide.
    """
    pointer = pointer_of(question) if exchanges else None
    if pointer is None:
        return question
    found = rewordings(question, pointer, mentions_of(exchanges), exchanges[-1])
    if not found:
        return question
    return _chosen(question, pointer, found[: weighing.candidates], judge, weighing)


def _chosen(
    question: str,
    pointer: Pointer,
    found: Sequence[Rewording],
    judge: Judge | None,
    weighing: Weighing,
) -> str:
    if judge is None:
        return found[0].text if pointer.sure else question
    if len(found) == 1 and pointer.sure:
        return found[0].text
    best, text = _surest(found, judge, weighing.prior)
    if pointer.sure:
        return text
    # What is likeliest by the rules is what the others are measured by.
    stays = _logit(judge(question)) + weighing.prior * found[0].prior
    return text if best > stays else question


def _surest(found: Sequence[Rewording], judge: Judge, weight: float) -> tuple[float, str]:
    """Return the best score and its wording; what cannot reach it is not read."""
    best, text = -math.inf, ""
    for rewording in found:
        if best >= _HIGHEST + weight * rewording.prior:
            break
        score = _logit(judge(rewording.text)) + weight * rewording.prior
        if score > best:
            best, text = score, rewording.text
    return best, text


def _logit(probability: float) -> float:
    return logit(min(1 - _LEAST, max(_LEAST, probability)))

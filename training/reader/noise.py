"""Add typing errors, speech recognition errors and self-corrections to questions."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEIGHBOURS = {
    key: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    for row in _ROWS
    for place, key in enumerate(row)
}
_FILLERS = ("um", "uh", "er", "I mean", "sorry", "no wait")
_CORRECTIONS = ("no wait", "no", "sorry", "I mean", "or rather", "no sorry", "wait no", "uh no")
_LONGEST_FALSE_START = 9
_LONGEST_SLIP = 3
"""Words."""
_TYPO_LEAST_LETTERS = 4
_TYPO_SHARE = 0.25


def add_noise(question: str, others: Sequence[str], rng: random.Random) -> str:
    """Return ``question`` with typing errors, speech recognition errors or a disfluency.

    Args:
        question: The question to alter.
        others: Other questions about the article, with which a self-correction begins.
        rng: Makes the random choices.
    """
    if rng.random() < 0.5:  # noqa: PLR2004 - one way or the other
        return rng.choice((_mistype, _mistype, _as_heard, _stumble))(question, rng)
    return rng.choice((_false_start, _false_start, _slip))(question, rng.choice(others), rng)


def _false_start(question: str, other: str, rng: random.Random) -> str:
    """Return the question after the abandoned beginning of another."""
    words = other.rstrip("?").split(" ")
    begun = words[: rng.randint(min(2, len(words)), min(_LONGEST_FALSE_START, len(words)))]
    return " ".join([*begun, rng.choice(_CORRECTIONS), question])


def _slip(question: str, other: str, rng: random.Random) -> str:
    """Return the question with a few words of another inside, corrected at once."""
    words, wrong = question.split(" "), other.rstrip("?").split(" ")
    at, size = rng.randint(1, len(words)), rng.randint(1, min(_LONGEST_SLIP, len(wrong)))
    begin = rng.randint(0, len(wrong) - size)
    slip = wrong[begin : begin + size]
    return " ".join([*words[:at], *slip, rng.choice(_CORRECTIONS), *words[at - 1 :]])


def _mistype(question: str, rng: random.Random) -> str:
    words = question.split(" ")
    long = [i for i, word in enumerate(words) if len(word) >= _TYPO_LEAST_LETTERS]
    rng.shuffle(long)
    for place in long[: max(1, round(_TYPO_SHARE * len(long)))]:
        words[place] = _typo(words[place], rng)
    return " ".join(words)


def _typo(word: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(word) - 1)
    here = word[at]
    other = rng.choice(_NEIGHBOURS.get(here.lower(), here) or here)
    return rng.choice(
        (
            word[:at] + word[at + 1] + here + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + here + word[at:],
            word[:at] + other + word[at + 1 :],
        )
    )


def _as_heard(question: str, rng: random.Random) -> str:
    heard = " ".join(re.sub(r"[^\w\s'’]", " ", question.lower()).split())
    return _stumble(heard, rng) if rng.random() < _TYPO_SHARE else heard


def _stumble(question: str, rng: random.Random) -> str:
    words = question.split(" ")
    at = rng.randrange(len(words))
    if rng.random() < 0.5:  # noqa: PLR2004 - one way or the other
        return " ".join([*words[:at], rng.choice(_FILLERS), *words[at:]])
    again = words[max(0, at - 1) : at + 1]
    return " ".join([*words[: at + 1], rng.choice(_FILLERS), *again, *words[at + 1 :]])

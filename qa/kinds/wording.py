"""Which words of a question name something in particular, and so ask for the article's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from index.lexical import STOP_WORDS, stems

_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*")
# A part of an article by its number, or an article of a law.
_NUMBERED = re.compile(
    r"\b(?:article|chapter|section|part|page|paragraph|figure|table) \d+\b", re.IGNORECASE
)
_LEAST_FOR_SLIP = 5
"""Characters of a word from which one that is added, lost or changed is a slip."""


def has_letter(question: str) -> bool:
    """Return whether ``question`` has a letter of any script; without one it asks nothing."""
    return any(map(str.isalpha, question))


def words_in(text: str) -> list[str]:
    """Return the words of ``text`` in lower case, with plain apostrophes."""
    return [word.casefold().replace("’", "'") for word in _WORD.findall(text)]


def particular_words(question: str, general: AbstractSet[str]) -> list[str]:
    """Return the words of ``question`` that are not among the ``general`` ones, in order.

    A part of an article by its number, "Article 5", is one of them.
    """
    known = general | STOP_WORDS
    numbered = [match[0].casefold() for match in _NUMBERED.finditer(question)]
    return numbered + [word for word in words_in(question) if word not in known]


def any_stands_in(words: Sequence[str], texts: Iterable[str]) -> bool:
    """Return whether one of ``words`` stands in one of the texts, in any form of it."""
    return not set(stems(" ".join(words))).isdisjoint(s for text in texts for s in stems(text))


def is_mistyped(word: str, general: AbstractSet[str]) -> bool:
    """Return whether ``word`` is one of the ``general`` words with one slip of the keyboard."""
    return any(is_slip_of(word, known) for known in general | STOP_WORDS)


def is_slip_of(word: str, known: str) -> bool:
    """Return whether ``word`` is ``known`` with one slip of the keyboard.

    Two neighbouring letters swapped; in longer words also a letter added, lost or changed,
    but not the first. Numbers are not mistyped.
    """
    if word[0] != known[0] and sorted(word) != sorted(known):
        return False
    if abs(len(word) - len(known)) > 1 or not word.isalpha():
        return False
    at = next((i for i, (a, b) in enumerate(zip(word, known, strict=False)) if a != b), None)
    if at is None:
        return word != known and len(known) >= _LEAST_FOR_SLIP
    swapped = word[at : at + 2] == known[at : at + 2][::-1] and word[at + 2 :] == known[at + 2 :]
    if swapped or len(known) < _LEAST_FOR_SLIP:
        return swapped
    lost, changed = word[at:] == known[at + 1 :], word[at + 1 :] == known[at + 1 :]
    return lost or changed or word[at + 1 :] == known[at:]

"""Phrases of a sentence that a question can take over, or none where that is not certain."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Self

from qa.questions.words import CALENDAR, CLAUSE, DANGLING, LINKS, PRONOUNS

MAX_QUESTION_CHARS = 90
OFTEN = 4
_POSSESSIVE = re.compile(r"[’']s?$")
# What may follow a verb and yet leave the clause one clause.
_WITHIN = frozenset("to by from with at on into as".split())


@dataclass(frozen=True, slots=True)
class Names:
    """What a question about a text can name without explaining it, as the text writes it."""

    proper: frozenset[str]
    """Words that are mostly capitalised within a sentence."""
    common: frozenset[str]
    """Words that are written small."""
    spoken_of: frozenset[str]
    """Nouns that often come as “the …”, by which a reader of the text knows what is meant."""

    @classmethod
    def of(cls, text: str, title: str = "", often: int = OFTEN) -> Self:
        """Return the names in ``text``; of the nouns in its ``title`` its reader knows, too.

        ``often`` is how many times "the …" must come for its reader to know what is meant.
        """
        inside = Counter(re.findall(r"(?<=[a-z,;] )[A-Z][\w’'-]*", text))
        small = Counter(re.findall(r"\b[a-z][\w’'-]*", text))
        definite = Counter(re.findall(r"\b[Tt]he ([a-z]+)(?= [a-z])", text))
        titled = set(re.findall(r"\w+", title.lower()))
        proper = {_POSSESSIVE.sub("", n) for n, k in inside.items() if k > small[n.lower()]}
        return cls(
            frozenset(proper - CALENDAR - {"I"}),
            frozenset(small),
            frozenset(n for n, k in definite.items() if k >= often or n in titled),
        )

    def has(self, word: str) -> bool:
        """Return whether a word is a name, or the possessive of one."""
        return _POSSESSIVE.sub("", word) in self.proper

    def any_in(self, phrase: str) -> bool:
        """Return whether a word of a phrase is a name."""
        return any(self.has(word) for word in phrase.split())


def subject_of(phrase: str, names: Names) -> str:
    """Return a noun phrase as it stands within a question, or nothing if it is not clearly one.

    It is a name, or begins with “the” and has a name or a known noun in it, so that it can be
    understood without the sentences before it.
    """
    first, *rest = words = phrase.split()
    tail = words[-1]
    if any(word.lower() in PRONOUNS | (CLAUSE - LINKS) for word in words):
        return ""
    if tail.lower() in LINKS or tail.endswith(("ly", "’s", "'s", "’", "'")):
        return ""
    if first.lower() == "the":
        return _definite(rest, names)
    if first in LINKS or not all(w in LINKS or w[0].isupper() or w[0].isdigit() for w in words):
        return ""
    # One capital at the start of a sentence says nothing; several in a row are a name.
    is_run = bool(rest) and names.has(tail) and first.lower() not in names.common
    return phrase if is_run or names.has(first) else ""


def rest_of(words: str) -> str | None:
    """Return what follows a verb, if a question can keep it as it is; else None."""
    split = words.lower().split()
    if PRONOUNS.union(CLAUSE - _WITHIN).intersection(split):
        return None
    return None if split and split[-1] in DANGLING else words.strip()


def tidy(question: str) -> str:
    """Return the question if it is of a sane form; otherwise nothing."""
    question = " ".join(question.split())
    fits = len(question) <= MAX_QUESTION_CHARS and question.count(" ") > 1
    return question if fits and re.fullmatch(r"[\w ’'.,%&-]+\?", question) else ""


def _definite(words: list[str], names: Names) -> str:
    """Return “the” and what follows it, if that is a name or a known noun."""
    known = names.any_in(" ".join(words)) or (len(words) == 1 and words[0] in names.spoken_of)
    if not words or not known:
        return ""
    is_noun = words[-1][0].isupper() or not words[-1].endswith(("ed", "ing", "ous", "ic", "al"))
    return " ".join(["the", *words]) if is_noun else ""

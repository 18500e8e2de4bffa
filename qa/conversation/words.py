"""Split a question into words, find the names in it, and know its function words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from index.search.text_index import STOP_WORDS

_WORD = re.compile(r"\d[\d.,]*\d|[^\W_](?:[\w.’'&\-–]*[^\W_])?", re.UNICODE)
_POSSESSIVE = re.compile(r"[’']s?$")

WH = frozenset("who whom whose what which when where why how".split())
AUXILIARIES = frozenset(
    "is are was were be been being did do does has have had can could will would shall should may "
    "might must isn't wasn't aren't weren't didn't don't doesn't hasn't haven't hadn't can't "
    "couldn't won't".split()
)
PREPOSITIONS = frozenset(
    "in on at of for from to by with about after before since until during under over into "
    "against between through within besides like than near behind among as without toward "
    "towards despite".split()
)
LEAD_INS = frozenset("and but so ok okay then also well yes no now".split())
# Particles between the words of a name.
_JOINING = frozenset("of de la von van der den du".split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its offsets in a text, in characters."""

    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        """The word in lower case, with a plain apostrophe."""
        return self.text.casefold().replace("’", "'")

    @property
    def is_capital(self) -> bool:
        """Whether it begins with a capital letter or a digit, as words of names do."""
        return self.text[0].isupper() or self.text[0].isdigit()

    @property
    def is_function(self) -> bool:
        """Whether it is a function word, which names nothing."""
        low = self.low
        return low in STOP_WORDS or low in AUXILIARIES or low in PREPOSITIONS or low in LEAD_INS


def words_of(text: str) -> list[Word]:
    """Return the words of ``text``, with the hyphens, apostrophes and full stops inside them."""
    return [Word(m[0], m.start(), m.end()) for m in _WORD.finditer(text)]


def bare(text: str) -> str:
    """Return ``text`` without a possessive ending."""
    return _POSSESSIVE.sub("", text)


def names_in(text: str) -> list[str]:
    """Return the runs of capitalised words and of numbers, in order, without repeats.

    A function word at the start, of a sentence for example, is not part of a name.
    """
    names: list[str] = []
    run: list[Word] = []
    for word in [*words_of(text), None]:
        if word is not None and _continues(text, run, word):
            run.append(word)
            continue
        if name := _trimmed(text, run):
            names.append(name)
        run = [word] if word is not None and word.is_capital and not word.is_function else []
    return list(dict.fromkeys(names))


def _continues(text: str, run: list[Word], word: Word) -> bool:
    if not run or _POSSESSIVE.search(run[-1].text):
        return False
    between = text[run[-1].end : word.start]
    initial = len(word.text) == 1 and word.text.isupper()
    inside = (word.is_capital and not word.is_function) or initial or word.low in _JOINING
    return between in (" ", " ‘", " “", ". ") and inside


def _trimmed(text: str, run: list[Word]) -> str:
    while run and run[-1].low in _JOINING:
        run = run[:-1]
    return bare(text[run[0].start : run[-1].end]) if run else ""

"""Read how long an overview is to be from its question: "in two sentences", "three bullets"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MAX_COUNT = 20
"""Sentences or points that can be asked for."""
MIN_WORDS, MAX_WORDS = 10, 1_000
_PARAGRAPH_SENTENCES = 4
_NUMBERS: dict[str, int] = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen twenty".split()
    )
}
_NUMBERS |= {
    word: 10 * number
    for number, word in enumerate("thirty forty fifty sixty seventy eighty ninety".split(), 3)
}
_NUMBERS |= {"a": 1, "an": 1, "single": 1, "couple": 2, "few": 3, "several": 5, "dozen": 12}
_NUMBERS["hundred"] = 100


class Unit(StrEnum):
    """What the length of an overview is counted in."""

    SENTENCES = "sentences"
    POINTS = "points"
    WORDS = "words"


@dataclass(frozen=True, slots=True)
class Length:
    """How long an overview is to be, and in which form."""

    unit: Unit | None = None
    """None if no unit was named."""
    count: int | None = None
    """How many of the unit; None for the usual number."""
    scale: float = 1.0
    """What the usual number is multiplied by: less than 1 for a brief overview."""

    def sentences(self, usual: int) -> int:
        """Return how many sentences or points to show, where ``usual`` is the usual number."""
        if self.unit is Unit.WORDS:
            return MAX_COUNT
        if self.count is not None:
            return self.count
        return min(max(round(usual * self.scale), 1), MAX_COUNT)

    @property
    def words(self) -> int | None:
        """The most words to show; None if they do not matter."""
        return self.count if self.unit is Unit.WORDS else None


USUAL = Length()

_NUMBER = rf"\d{{1,4}}|{'|'.join(_NUMBERS)}"
_ADJECTIVES = r"(?:[a-z]+[ -]){0,2}?"
_UNITS = (
    r"(?P<sentences>sentences?|lines?|liners?)|(?P<paragraphs>paragraphs?)"
    r"|(?P<points>bullets?(?:[ -]points?)?|points?|takeaways?|take-aways?|highlights|items"
    r"|key (?:facts|ideas|messages)|(?:main|important) (?:facts|ideas|messages|things))"
    r"|(?P<words>words?)"
)
_COUNTED = re.compile(
    rf"(?<![\w.,])(?:(?:{_NUMBER})(?: ?[-–] ?| to | or ))?(?:an? |one )?(?P<number>{_NUMBER})"
    rf"(?P<hundred> hundred)?(?: of(?: the)?)?[ -]{_ADJECTIVES}(?:{_UNITS})\b",
    re.IGNORECASE,
)
_COUNTED_WITH_LEAD = re.compile(
    r"(?:\b(?:in|to|with|within|using|into|about|around|at most|no more than|maximum|max|just|only)"
    rf" )*{_COUNTED.pattern}",
    re.IGNORECASE,
)
_COUNTED_AFTER = re.compile(
    rf"\b(?:{_UNITS})\b[,:;]? (?:(?:just|only|about|at most|no more than) )?"
    rf"(?:an? )?(?P<number>{_NUMBER})(?P<hundred> hundred)?(?: of them)?[ .!?]*\Z",
    re.IGNORECASE,
)
_FORM = re.compile(
    r"\b(?:in|as|with|use|using|by) (?:(?P<points>bullets?|bullet[ -]points|points|a list)"
    r"|(?P<sentences>sentences))\b",
    re.IGNORECASE,
)
_OVERVIEW = r"(?:summar\w+|overview|recap|synopsis|abstract|outline|account|version|digest|gist)"
_BRIEF = re.compile(
    rf"\b(?:(?:brief|short|quick|concise|shorter|succinct|very short) (?:\w+ )?{_OVERVIEW}"
    r"|briefly|concisely|tl;?dr|in (?:brief|short|a nutshell)"
    r"|(?:keep|make) it (?:brief|short|shorter|concise))\b",
    re.IGNORECASE,
)
_DETAILED = re.compile(
    rf"\b(?:(?:detailed|long|longer|full|comprehensive|thorough|extensive|in-depth) "
    rf"(?:\w+ )?{_OVERVIEW}|in (?:more |great )?(?:detail|depth|full|length)|at length"
    r"|(?:make) it (?:long|longer|more detailed))\b",
    re.IGNORECASE,
)
_SCALED = re.compile(
    rf"\b(?:very )?(?:brief|short|shorter|quick|concise|succinct|detailed|long|longer|full"
    rf"|comprehensive|thorough|extensive|in-depth) (?P<overview>{_OVERVIEW})\b",
    re.IGNORECASE,
)
_BRIEF_SCALE, _DETAILED_SCALE = 0.5, 2.0
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"")


def requested_length(question: str) -> Length:
    """Return the length that a question asks for; ``USUAL`` if it asks for none.

    Counts are kept within 1 and ``MAX_COUNT``, words within ``MIN_WORDS`` and ``MAX_WORDS``. Of a
    range, "two or three", the higher number is taken. Quoted words, such as a title, do not count.
    """
    asked = " ".join(_QUOTED.sub(" ", question).split())
    if match := _COUNTED.search(asked) or _COUNTED_AFTER.search(asked):
        return _counted(match)
    scale = 1.0
    if _BRIEF.search(asked):
        scale = _BRIEF_SCALE
    elif _DETAILED.search(asked):
        scale = _DETAILED_SCALE
    form = _FORM.search(asked)
    if form is None:
        return Length(scale=scale)
    return Length(Unit.POINTS if form["points"] else Unit.SENTENCES, scale=scale)


def without_length(question: str) -> str:
    """Return a question without the words that say how long its overview is to be.

    What it asks for is easier to tell without numbers, which articles have too. "Points" stays:
    "give me points". A question of nothing else is returned as it is.
    """
    rest = _COUNTED_WITH_LEAD.sub(lambda match: f" {match['points'] or ''} ", question)
    rest = _SCALED.sub(lambda match: match["overview"], rest)
    rest = re.sub(r"\s+([.,?!])", r"\1", " ".join(rest.split()))
    return rest if any(map(str.isalpha, rest)) else question


def _counted(match: re.Match[str]) -> Length:
    word = match["number"].lower()
    number = int(word) if word.isdecimal() else _NUMBERS[word]
    number *= 100 if match["hundred"] else 1
    if match["words"]:
        return Length(Unit.WORDS, min(max(number, MIN_WORDS), MAX_WORDS))
    if match["paragraphs"]:
        number *= _PARAGRAPH_SENTENCES
    unit = Unit.POINTS if match["points"] else Unit.SENTENCES
    return Length(unit, min(max(number, 1), MAX_COUNT))

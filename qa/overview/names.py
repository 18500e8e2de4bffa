"""The proper names in a sentence, as runs of capitalised words, and their titles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from qa.conversation.question_words import Word, bare, words_of
from qa.overview.name_words import (
    ABBREVIATED,
    ADJECTIVES,
    CALENDAR,
    ORGANISATION_HEADS,
    PLACE_HEADS,
    PLACES,
    PRONOUNS,
    ROLES,
    SAYING,
    SLIPS,
    THING_HEADS,
    TITLES,
)

_JOINING = frozenset("of de la le du da di von van der den ter bin ibn al and for".split())
# "People’s Liberation Army" goes on behind its possessive.
_OWNERS = frozenset("people children women men king queen".split())
_POSSESSIVE = re.compile(r"[’']s?$")
_OFFICES = re.compile(
    r"(?:[Ss]ecretary(?:[- ][Gg]eneral)? of (?:State|Defen[cs]e|War|the \w+|Health|Energy|Commerce)"
    r"|[Ss]ecretary-[Gg]eneral|Attorney General|Chief of Staff"
    r"|Surgeon General|Governor-General)(?= |$)"
)
_TIME = re.compile(
    r"\b(?:[Ff]ormer|[Tt]hen[- ]|[Ll]ate|[Aa]cting|[Dd]eputy|[Vv]ice|[Ee]x-|[Ff]uture|[Ii]ncoming"
    r"|[Oo]utgoing|[Rr]etired|[Cc]o-)(?:[ -])?(?:[A-Z][\w.]*(?:[’']s)? ){0,2}\Z"
)
_ROLE_CHARS, _MOST_BEFORE = 80, 2
_LONGEST_RUN = 24
"""Words that are looked at as one name; a line of capitals is none."""
_OPENING_MARKS = " “‘\"'(—–-"
_ROLE = re.compile(
    r"(?P<whose>\b(?:[Hh]is|[Hh]er|[Ii]ts|[Tt]heir|[Mm]y|[Oo]ur|[Yy]our) (?:[\w-]+ )?)?"
    r"(?P<phrase>(?:\b(?:[Tt]he|[Aa]n?) (?:(?!(?:and|or|that|to|by|with|said|as|of|is|was|from|for"
    r"|in)\b)[\w’'-]+ ){0,3}|(?:\b[A-Z][\w’'-]+ ){1,3})?\b(?P<role>[a-z-]+) )\Z"
)


@dataclass(frozen=True, slots=True)
class Names:
    """Which words of a text are names."""

    proper: frozenset[str]
    """Words that are mostly capitalised within a sentence."""
    common: frozenset[str]
    """Words that are also written in lower case."""

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the names in ``text``."""
        inside = Counter(re.findall(r"(?<=[a-z,;] )[A-Z][\w’'-]*", text))
        small = Counter(re.findall(r"\b[a-z][\w’'-]*", text))
        proper = {_POSSESSIVE.sub("", n) for n, k in inside.items() if k > small[n.lower()]}
        return cls(frozenset(proper - CALENDAR - {"I"}), frozenset(small))

    def has(self, word: str) -> bool:
        """Return whether a word is a name, or the possessive of one."""
        return _POSSESSIVE.sub("", word) in self.proper


@dataclass(frozen=True, slots=True)
class NameRun:
    """A name in a sentence: ``sentence[start:end] == text``, without titles and possessives."""

    text: str
    start: int
    end: int
    title_start: int
    """Where the titles before it begin; ``start`` if there are none."""

    @property
    def is_titled(self) -> bool:
        """Whether it has a title before it: "President", "US Secretary of State"."""
        return self.title_start < self.start


def name_runs(sentence: str, names: Names) -> Iterator[NameRun]:
    """Yield the names of a sentence in order; ``names`` are those of the whole text.

    A word that is capitalised only at the start of sentences is none.
    """
    text = sentence.replace("\n", " ")
    run: list[Word] = []
    for word in [*words_of(text), None]:
        fits = len(run) < _LONGEST_RUN
        if word is not None and run and fits and _continues(text, run, word):
            run.append(word)
            continue
        yield from _named(text, run, names)
        run = [word] if word is not None and _can_begin(text, word) else []


def _can_begin(text: str, word: Word) -> bool:
    before = text[word.start - 1 : word.start]
    return word.text[0].isupper() and before not in ("@", "#", "/", "_")


def _continues(text: str, run: list[Word], word: Word) -> bool:
    last = run[-1]
    if _POSSESSIVE.search(last.text) and bare(last.low) not in _OWNERS:
        return False
    between = text[last.end : word.start]
    if between == " & ":
        return word.text[0].isupper()
    short = len(last.text) == 1 or last.low in ABBREVIATED or last.text.count(".") > 0
    if between not in (" ", " ‘", " “") and not (between == ". " and short):
        return False
    return word.text[0].isupper() or (word.low in _JOINING and between == " ")


def _named(text: str, run: list[Word], names: Names) -> Iterator[NameRun]:
    """Yield the name that a run is, or those that it joins, each without its titles."""
    run = _trimmed(text, run, names)
    if not run:
        return
    for i, word in enumerate(run):
        if word.low == "of" and _parts_from(text, run, i):
            yield from _named(text, run[:i], names)
            yield from _named(text, run[i + 1 :], names)
            return
        if word.low == "and" or (word.low == "for" and i + 1 < len(run)):
            whole = text[run[0].start : run[-1].end]
            if not _is_one(whole):
                yield from _named(text, run[:i], names)
                yield from _named(text, run[i + 1 :], names)
                return
    first = _behind_titles(text, run)
    kept = _trimmed(text, run[first:], names, may_open=not first)
    if not kept:
        return
    start = kept[0].start
    name = bare(text[start : kept[-1].end])
    titled = run[0].start if first and kept[0] is run[first] else start
    if titled == start:
        titled = _role_before(text, start)
    if titled < start:
        titled = _with_time(text, titled)
    yield NameRun(name, start, start + len(name), titled)


def _parts_from(text: str, run: list[Word], at: int) -> bool:
    """Whether "of" parts a person from where they work: "Karim Aziz of Ohio"."""
    first = _behind_titles(text, run[:at])
    nouns = ORGANISATION_HEADS | TITLES | PLACE_HEADS | THING_HEADS | {"bank"}
    before = {bare(word.low) for word in run[first:at]}
    behind = " ".join(bare(word.low) for word in run[at + 1 :])
    works_there = run[-1].low in ORGANISATION_HEADS or behind in PLACES
    is_name = len(before) > (0 if first else 1) and not before & nouns
    return is_name and works_there


def _is_one(whole: str) -> bool:
    """Whether "and" or "for" is of the name: "Ministry of Health and Welfare", "Centers for …"."""
    return (
        re.match(
            r"(?:Ministry|Department|Cent(?:er|re)s?|Institute|Office|Committee|Council|Agency"
            r"|Organi[sz]ation|Bureau|Food and Drug|Victoria and Albert|World)\b",
            whole,
        )
        is not None
        and " and the " not in whole
    )


def _trimmed(text: str, run: list[Word], names: Names, *, may_open: bool = True) -> list[Word]:
    """Return a run without the words at its ends that are not of a name.

    ``may_open`` says whether it may be at the start of a sentence.
    """
    while run and run[-1].low in _JOINING:
        run = run[:-1]
    while run and (_is_no_name(text, run) or (may_open and _only_opens(text, run, names))):
        run = run[1:]
    while run and run[0].low in _JOINING and not run[0].text[0].isupper():
        run = run[1:]
    return run


def _is_no_name(text: str, run: list[Word]) -> bool:
    """Whether the first word of a run is not of the name: a pronoun, a nationality."""
    word, low = run[0], bare(run[0].low)
    if word.text in ("US", "U.S", "UN") or _is_initial(text, run):
        return False
    if low in ADJECTIVES:
        # Of "Chinese Premier" it is not, of "American Institute" it is.
        return len(run) == 1 or run[-1].low not in ORGANISATION_HEADS | {"engineers"}
    return low in SLIPS or low in PRONOUNS or word.is_function


def _is_initial(text: str, run: list[Word]) -> bool:
    """Whether the first word is an initial; "A" and "I" are only with a full stop."""
    first = run[0]
    stopped = text[first.end : first.end + 1] == "."
    return len(run) > 1 and re.fullmatch("[A-Z]" if stopped else "[B-HJ-Z]", first.text) is not None


def _only_opens(text: str, run: list[Word], names: Names) -> bool:
    """Whether the first word has its capital only from the start of a sentence."""
    word = run[0]
    return (
        _opens(text, word.start)
        and not names.has(word.text)
        and word.low not in TITLES
        and (word.low in names.common or len(run) == 1)
    )


def _opens(text: str, start: int) -> bool:
    """Whether a sentence, or one within it, begins at ``start``."""
    at = start - 1
    while at >= 0 and text[at].isspace():
        at -= 1
    if at >= 0 and text[at] in ".:!?“":
        return True
    while at >= 0 and text[at] in _OPENING_MARKS:
        at -= 1
    return at < 0


def _behind_titles(text: str, run: list[Word]) -> int:
    """Return the index of the first word of a run that is not of a title, or 0 if all are."""
    whole = text[run[0].start : run[-1].end]
    offices = list(_OFFICES.finditer(whole))
    after = run[0].start + offices[-1].end() if offices else 0
    for i in range(len(run) - 1, -1, -1):
        is_title = run[i].low.rstrip(".") in TITLES or run[i].end == after
        if not is_title:
            continue
        behind = run[i + 1 :]
        if run[i].low == "st":
            return 0  # "St. Louis", "Gulf of St. Lawrence"
        if len(behind) == 1 and bare(behind[0].low) in ORGANISATION_HEADS:
            return 0  # "Justice Department"
        if behind and behind[0].low not in _JOINING:
            return i + 1
        return 0
    return 0


def _role_before(text: str, start: int) -> int:
    """Return where a role directly before a name begins: "the physicist …".

    Whose it is must not be left open, as "his brother" leaves it.
    """
    match = _ROLE.search(text, max(0, start - _ROLE_CHARS), start)
    if match is None or match["role"] not in ROLES or match["whose"]:
        return start
    first = match.start("phrase")
    if match["phrase"].startswith(match["role"]):  # "council leader", "retired teacher"
        for word in reversed(words_of(text[max(0, first - _ROLE_CHARS) : first])[-_MOST_BEFORE:]):
            if not text[:first].endswith(f"{word.text} ") or _is_no_noun(word):
                break
            first -= len(word.text) + 1
            if word.low in ADJECTIVES:
                break
    return first


def _with_time(text: str, start: int) -> int:
    """Return where a title begins with the word that says when it was held: "former"."""
    match = _TIME.search(text, max(0, start - _ROLE_CHARS), start)
    return match.start() if match else start


def _is_no_noun(word: Word) -> bool:
    if word.low in ADJECTIVES:
        return False
    return not word.text.islower() or word.is_function or word.low in SAYING | PRONOUNS

"""The names of an article at their places, and which of them mean the same."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from index.types import Span
from qa.overview.name_words import (
    CHARACTERS,
    GIVEN,
    ORGANISATION_HEADS,
    PLACE_HEADS,
    PLACES,
    ROLES,
    SLIPS,
    THING_HEADS,
)
from qa.overview.names import Names, name_runs
from qa.overview.summary import Sentence

_MAX_WORDS = 6
_BY_FAR = 3
_NOT_OF_PERSONS = ORGANISATION_HEADS | PLACE_HEADS | THING_HEADS | {"and", "for", "&"}
_MAX_APPOSITION_CHARS = 110
_CONTEXT_CHARS = 400
"""Of a longer sentence no more is looked at beside each of its names."""
_NO_NOUN = (
    "(?:was|is|were|are|had|has|have|did|who|whom|which|whose|and|or|but|as|at|in|on|to|for|by|from"
    "|with|of|said|says|that|when|where|while|including|like|such|his|her|its|their|my|our|your)"
)
_APPOSITION = re.compile(
    rf", ((?:an?|the|one of|(?!{_NO_NOUN}\b)[a-z][\w-]+|[A-Z][\w’' ]*[’']s?)\b"
    r"(?:[^,.;:()“”—]|(?<=\b[A-Z])\.)*(?:, D\.C\.)?)(?=[,.;—:]|$)"
)
_BEHIND_ROLE = re.compile(r"\b(?:of|to|for|from|in|at|on|who|which|that|and)\b")
_LIFE = re.compile(r"\s*\((?:born|b\.|c\.|\d{1,2} \w+ \d{3,4}|\w+ \d{1,2}, \d{4}|\d{4}[-– ])")
_IN_BRACKETS = re.compile(r"\s*\(([A-Z][A-Za-z&]{1,7})\)")


@dataclass(frozen=True, slots=True)
class Mention:
    """A name at its place in an article; offsets are into the article."""

    name: str
    span: Span
    whole: Span
    """With the titles before it."""
    sentence: Sentence

    @property
    def after(self) -> str:
        """The text of its sentence after it, up to a limit."""
        at = self.span.end - self.sentence.start
        return self.sentence.text[at : at + _CONTEXT_CHARS].replace("\n", " ")

    @property
    def before(self) -> str:
        """The text of its sentence before it, without titles, up to a limit."""
        at = self.span.start - self.sentence.start
        return self.sentence.text[max(0, at - _CONTEXT_CHARS) : at].replace("\n", " ")

    @property
    def is_titled(self) -> bool:
        """Whether it has titles before it."""
        return self.whole.start < self.span.start

    @property
    def has_life(self) -> bool:
        """Whether the years of a life follow in brackets."""
        return _LIFE.match(self.after) is not None

    @property
    def apposition(self) -> re.Match[str] | None:
        """What follows between commas, as its first group, in :attr:`after`."""
        match = _APPOSITION.match(self.after)
        return match if match and len(match[1]) <= _MAX_APPOSITION_CHARS else None

    @property
    def apposed(self) -> list[str]:
        """The words of its apposition up to the first preposition, in lower case."""
        match = self.apposition
        role = _BEHIND_ROLE.split(match[1])[0] if match else ""
        return re.findall(r"[\w-]+", role.lower())

    @property
    def has_role(self) -> bool:
        """Whether its apposition is a role: "X, the spokesperson of …"."""
        return bool(self.apposed) and self.apposed[-1] in ROLES


def mentions_in(sentences: Iterable[Sentence], names: Names) -> Iterator[Mention]:
    """Yield the names of the sentences in order; ``names`` are the words that are of names."""
    for sentence in sentences:
        for run in name_runs(sentence.text, names):
            compound = re.fullmatch(r"[^ ]+-[a-z]+", run.text)  # "X-ray", "Tesla-related"
            if len(run.text.split()) <= _MAX_WORDS and not run.text[-1].isdigit() and not compound:
                at = sentence.start
                whole = Span(at + run.title_start, at + run.end)
                name = " ".join(run.text.split())
                yield Mention(name, Span(at + run.start, at + run.end), whole, sentence)


def key_of(name: str) -> str:
    """Return a key for all spellings of a name: lower case, no full stops of initials."""
    return " ".join(word.strip(".") for word in name.casefold().split())


def grouped(mentions: Sequence[Mention], title: str) -> dict[str, list[Mention]]:
    """Return the mentions by whom they mean.

    A part of a person's name means who is in the title of the article or is named in full by
    far most often, or else who was last.
    """
    counts = Counter(key_of(m.name) for m in mentions)
    counts.update({key: len(mentions) for key in counts if key in title.casefold()})
    longer: defaultdict[str, list[str]] = defaultdict(list)
    for full in sorted(full_names(mentions)):
        for part in _parts(full) - SLIPS - {full}:
            longer[part].append(full)
    ranked = {
        part: dict.fromkeys(sorted(options, key=lambda full: -counts[full]))
        for part, options in longer.items()
    }
    acronyms = _acronyms(mentions)
    groups: defaultdict[str, list[Mention]] = defaultdict(list)
    last: dict[str, str] = {}
    for mention in mentions:
        key = key_of(mention.name)
        key = acronyms.get(key, key)
        key = _meant(key, ranked.get(key, {}), counts, last)
        last |= dict.fromkeys(_parts(key), key)
        groups[key].append(mention)
    return dict(groups)


def full_names(mentions: Iterable[Mention]) -> set[str]:
    """Return the names of two words or more that are clearly of persons."""
    mentions = list(mentions)
    alone = {key_of(m.name) for m in mentions} - PLACES
    full = set()
    for mention in mentions:
        words = key_of(mention.name).split()
        fits = len(words) > 1 and not any(w in _NOT_OF_PERSONS for w in words)
        first = words[0] in GIVEN or len(words[0]) == 1 or mention.is_titled
        again = words[-1] in alone - ROLES - CHARACTERS and words[0] not in PLACES
        if fits and (first or again or mention.has_role or mention.has_life):
            full.add(" ".join(words))
    return full


def _parts(full: str) -> set[str]:
    """Return what somebody is called for short: "Trump", "Donald", "D Trump"."""
    words = full.split()
    first, last = words[0], words[-1]
    return {p for p in (first, last, f"{first} {last}", f"{first[0]} {last}") if len(p) > 1}


def _meant(key: str, options: dict[str, None], counts: Counter[str], last: dict[str, str]) -> str:
    """Return the full name, of ``options``, that a name is short for, or itself.

    ``options`` are in the order of ``counts``, the most frequent first.
    """
    if not options or key in PLACES:
        return key
    first, second = [*itertools.islice(options, 2), ""][:2]
    if second and counts[first] < _BY_FAR * counts[second] and last.get(key) in options:
        return last[key]
    return first


def _acronyms(mentions: Iterable[Mention]) -> dict[str, str]:
    """Return which name each acronym is short for: "World Health Organization (WHO)"."""
    found: dict[str, str] = {}
    for mention in mentions:
        match = _IN_BRACKETS.match(mention.after)
        words = [w for w in re.split(r"[\s-]", mention.name) if w[:1].isupper()]
        if match and len(words) > 1 and match[1][0] == words[0][0]:
            found.setdefault(key_of(match[1]), key_of(mention.name))
    return found

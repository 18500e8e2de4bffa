"""The persons and organisations of an article, told apart from places and things by rules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from qa.overview.mentions import Mention, full_names, grouped, key_of, mentions_in
from qa.overview.names import Names
from qa.overview.sentences import Sentence
from qa.overview.words import (
    ADJECTIVES,
    CHARACTERS,
    GIVEN,
    ORGANISATION_HEADS,
    PLACE_HEADS,
    PLACES,
    ROLES,
    SAYING,
    SLIPS,
    THING_HEADS,
)

# What a name needs to be listed, in the points of `_points`.
_ENOUGH = 3.0
_MOST_POINTS_OF_VERBS = 4.0
_LESS_FOR_COMMON_WORDS = 4.0
_LESS_FOR_AN_ACRONYM = 6.0
_NOUNS = ROLES | CHARACTERS
_NEAR_CHARS = 120
_IN_A_PLACE = 0.3
"""The share of "in …", "to …", "near …" from which on a name is taken for a place's."""
_IN_A_PLACE_LIKE_ANN_ARBOR = 0.6
_LOCATIVE = re.compile(r"\b(?:in|at|near|into|across|throughout|outside|to|from)(?: the)? \Z")
_THE = re.compile(r"\b[Tt]he \Z")
_PERSON_AFTER = re.compile(r"[^.?!]{0,80}?\b(?:he|she|his|her|him|who|whose|himself|herself)\b")
_VERB_AFTER = re.compile(
    r",? (?:also |later |then |had |has |was |were |would |who |have )?([a-z]+)\b"
)
_VERB_BEFORE = re.compile(r"\b([a-z]+) \Z")
_BY = re.compile(r"\b(?:by|with|told|met|asked) \Z")
_STAFF = re.compile(
    r"\b(?:director|head|chief|president|chairman|secretary|administrator|leader|spokes\w+"
    r"|officials?|agents?|members?|employees|staff|lawyers?) (?:of|at|for|from|with) (?:the )?\Z"
)
_ACRONYM = re.compile(r"[A-Z][A-Z&]{1,6}s?\Z")


class Sort(Enum):
    """What a name is of."""

    PERSON = auto()
    ORGANISATION = auto()
    OTHER = auto()


@dataclass(slots=True)
class Figure:
    """A person or an organisation, by all names that the article has for it."""

    name: str
    sort: Sort
    mentions: list[Mention] = field(default_factory=list)

    @property
    def sentences(self) -> list[Sentence]:
        """The sentences that name it, each once, in order."""
        return list(dict.fromkeys(mention.sentence for mention in self.mentions))


def figures_in(sentences: Sequence[Sentence], text: str, title: str) -> list[Figure]:
    """Return the persons and organisations of an article, the most mentioned first."""
    names = Names.of(text)
    mentions = list(mentions_in(sentences, names))
    surnames = {full.split()[-1] for full in full_names(mentions)}
    titled = title.casefold().split()
    heroes = titled[1:2] if titled[:1] and titled[0] in GIVEN else []  # "Nikola Tesla"
    figures = []
    for key, group in grouped(mentions, title).items():
        sort = _sort(key.split(), group, surnames, names.common)
        if sort is Sort.OTHER and key in heroes:
            sort = Sort.PERSON
        if sort is not Sort.OTHER:
            figures.append(Figure(_display(key, group), sort, group))
    return sorted(figures, key=lambda figure: -len(figure.mentions))


def _display(key: str, group: Sequence[Mention]) -> str:
    """Return the name to show, as the article writes it: the full one, where it is most often."""
    full = Counter(m.name for m in group if key_of(m.name) == key)
    return (full or Counter(m.name for m in group)).most_common(1)[0][0]


def _sort(
    words: Sequence[str], group: Sequence[Mention], surnames: set[str], common: frozenset[str]
) -> Sort:
    """Return what a name of these ``words`` is of, by what stands beside its mentions.

    ``surnames`` are those of persons, and ``common`` the words that are written small, too.
    """
    if _is_thing(words) or _is_place(words) or _NOUNS.issuperset(words):
        return Sort.OTHER
    if _ends_as(words, ORGANISATION_HEADS) or _heads_of(words):
        return Sort.ORGANISATION if len(words) > 1 else Sort.OTHER
    if _is_located(group, words):
        return Sort.OTHER
    # "Tesla Coil", "Edison Machine Works", "Autobiography of Nikola Tesla"
    named_after = words[0] in surnames and words[-1] not in surnames and words[0] not in GIVEN
    if len(words) > 1 and (named_after or ("of" in words and words[-1] in surnames)):
        return Sort.OTHER
    person, organisation = _points(group, words)
    if words[0] not in GIVEN and common.issuperset(words):
        person -= _LESS_FOR_COMMON_WORDS  # "General Question Time"
    if max(person, organisation) < _ENOUGH:
        return Sort.OTHER
    return Sort.PERSON if person >= organisation else Sort.ORGANISATION


def _points(group: Sequence[Mention], words: Sequence[str]) -> tuple[float, float]:
    """Return how much speaks for a person, and for an organisation."""
    person = organisation = 0.0
    verbs = sum(_acts(m) for m in group)
    if any(m.is_titled for m in group):
        person += 3.0
    if words[0] in GIVEN:
        person += 3.0 if len(words) > 1 else 1.5
    if len(words) > 1 and any(m.has_life for m in group):
        person += 3.0
    if len(words) > 1 and any(key_of(m.name) == words[-1] for m in group):
        person += 2.0  # "Karim Aziz", and then "Aziz"
    share = sum(_is_he(m) for m in group) / len(group)
    person += min(3.0 if verbs else 2.0, 6.0 * share) if len(group) > 1 else 1.5 * share
    person += min(_MOST_POINTS_OF_VERBS if share or len(words) > 1 else 2.5, verbs)
    if any(m.has_role for m in group):
        person += 3.0
    the = sum(bool(_THE.search(m.before)) for m in group) / len(group)
    if any(_STAFF.search(m.before) for m in group) and the:
        organisation += 3.0
    if the > 1 / 2 or _ACRONYM.match(group[0].name):
        is_name = len(words) > 1 or _ACRONYM.match(group[0].name)
        organisation += min(_MOST_POINTS_OF_VERBS, verbs) if is_name else 0.0
        person -= _LESS_FOR_AN_ACRONYM
    return person, organisation


def _acts(mention: Mention) -> float:
    after, before = _VERB_AFTER.match(mention.after), _VERB_BEFORE.search(mention.before)
    if after and after[1] in SAYING:
        return 1.5
    if before and before[1] in SAYING:
        return 1.5
    return 0.5 if _BY.search(mention.before) else 0.0


def _is_he(mention: Mention) -> bool:
    return _PERSON_AFTER.match(mention.after[:_NEAR_CHARS]) is not None


def _is_thing(words: Sequence[str]) -> bool:
    return _ends_as(words, THING_HEADS) or any(
        w in ("operation", "treaty", "act") for w in words[:1]
    )


def _is_place(words: Sequence[str]) -> bool:
    name = " ".join(words).removeprefix("the ").replace(".", "")
    if name in PLACES or _ends_as(words, PLACE_HEADS) or words[0] in ("mount", "lake", "port"):
        return True
    return all(word in PLACES | ADJECTIVES | SLIPS for word in words)


def _is_located(group: Sequence[Mention], words: Sequence[str]) -> bool:
    """Whether it is spoken of as a place is: "in Halden", "near Halden"."""
    located = sum(bool(_LOCATIVE.search(m.before)) for m in group)
    if any(m.is_titled for m in group):
        return False
    return located > (_IN_A_PLACE_LIKE_ANN_ARBOR if words[0] in GIVEN else _IN_A_PLACE) * len(group)


def _ends_as(words: Sequence[str], heads: frozenset[str]) -> bool:
    return words[-1].rstrip("s") in heads or words[-1] in heads


def _heads_of(words: Sequence[str]) -> bool:
    """Whether it is an organisation by what comes before "of" or "for": "Bank of England"."""
    at = next((i for i, w in enumerate(words) if w in ("of", "for")), 0)
    return at > 0 and words[at - 1].rstrip("s") in ORGANISATION_HEADS

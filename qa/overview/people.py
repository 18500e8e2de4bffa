"""Find the people and organizations of an article, and how it introduces them."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from index.types import Span
from qa.overview.mentions import Mention, full_names, grouped, key_of, mentions_in
from qa.overview.name_words import (
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
    TITLES,
)
from qa.overview.names import Names
from qa.overview.summary import Sentence, is_statement

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


class EntityType(Enum):
    """What a name refers to."""

    PERSON = auto()
    ORGANISATION = auto()
    OTHER = auto()


@dataclass(slots=True)
class Entity:
    """A person or an organisation, by all names that the article has for it."""

    name: str
    type: EntityType
    mentions: list[Mention] = field(default_factory=list)

    @property
    def sentences(self) -> list[Sentence]:
        """The sentences that name it, each once, in order."""
        return list(dict.fromkeys(mention.sentence for mention in self.mentions))


def find_entities(sentences: Sequence[Sentence], text: str, title: str) -> list[Entity]:
    """Return the persons and organisations of an article, the most mentioned first."""
    names = Names.of(text)
    mentions = list(mentions_in(sentences, names))
    surnames = {full.split()[-1] for full in full_names(mentions)}
    titled = title.casefold().split()
    heroes = titled[1:2] if titled[:1] and titled[0] in GIVEN else []  # "Nikola Tesla"
    entities = []
    for key, group in grouped(mentions, title).items():
        kind = _entity_type(key.split(), group, surnames, names.common)
        if kind is EntityType.OTHER and key in heroes:
            kind = EntityType.PERSON
        if kind is not EntityType.OTHER:
            entities.append(Entity(_display(key, group), kind, group))
    return sorted(entities, key=lambda entity: -len(entity.mentions))


def _display(key: str, group: Sequence[Mention]) -> str:
    """Return the name to show, as the article writes it: the full one, where it is most often."""
    full = Counter(m.name for m in group if key_of(m.name) == key)
    return (full or Counter(m.name for m in group)).most_common(1)[0][0]


def _entity_type(
    words: Sequence[str], group: Sequence[Mention], surnames: set[str], common: frozenset[str]
) -> EntityType:
    """Classify a name of these ``words`` by the context of its mentions.

    ``surnames`` are those of people; ``common`` are words that also occur in lower case.
    """
    if _is_thing(words) or _is_place(words) or _NOUNS.issuperset(words):
        return EntityType.OTHER
    if _ends_as(words, ORGANISATION_HEADS) or _heads_of(words):
        return EntityType.ORGANISATION if len(words) > 1 else EntityType.OTHER
    if _is_located(group, words):
        return EntityType.OTHER
    # "Tesla Coil", "Edison Machine Works", "Autobiography of Nikola Tesla"
    named_after = words[0] in surnames and words[-1] not in surnames and words[0] not in GIVEN
    if len(words) > 1 and (named_after or ("of" in words and words[-1] in surnames)):
        return EntityType.OTHER
    person, organisation = _points(group, words)
    if words[0] not in GIVEN and common.issuperset(words):
        person -= _LESS_FOR_COMMON_WORDS  # "General Question Time"
    if max(person, organisation) < _ENOUGH:
        return EntityType.OTHER
    return EntityType.PERSON if person >= organisation else EntityType.ORGANISATION


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
    """Whether it is speech of as a place is: "in Halden", "near Halden"."""
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


_UNINFORMATIVE = frozenset(
    "mr mrs ms miss dr prof sir lord lady dame madam brother sister father mother uncle aunt "
    "st saint sen rep gov gen col maj capt lt sgt rev republican democrat".split()
)
_BEFORE = re.compile(
    r"\b(?P<shown>(?:[Aa]n?|[Tt]he) (?:[\w-]+ ){0,2}?(?P<role>[a-z-]+)"
    r"(?: (?:of|for|at|from) [^,.;:“”]{2,80})?), \Z"
)
_IS = re.compile(r"(?: \((?:[^()]|\([^()]*\))*\))?,? (?:is|was|are|were) (?:an?|the|one of)\b")


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who somebody is, in the words of the article."""

    shown: Span
    """What is shown: a title, an apposition, or a whole sentence."""
    quote: Span
    """What is cited: the same, with the name."""
    sentence: Sentence


def find_introduction(entity: Entity) -> Introduction | None:
    """Return the words that say who it is: an apposition, a sentence "X is a …", a title."""
    ways = (_appositions(entity), _inverted(entity), _definitions(entity), _titled(entity))
    return next(itertools.chain(*ways), None)


def first_sentence(entity: Entity) -> Sentence:
    """Return the first whole sentence that names somebody in full, or else the first at all."""
    full = [m for m in entity.mentions if m.name == entity.name and is_statement(m.sentence)]
    whole = [m for m in entity.mentions if is_statement(m.sentence)]
    return (full or whole or entity.mentions)[0].sentence


def _appositions(entity: Entity) -> Iterator[Introduction]:
    for mention in entity.mentions:
        match = mention.apposition
        is_body = (
            entity.type is EntityType.ORGANISATION
            and match
            and match[1].startswith(("a ", "an ", "the ", "one "))
            and ORGANISATION_HEADS.intersection(re.findall(r"[a-z]+", match[1]))
        )
        if match and (mention.has_role or is_body):
            start = mention.span.end + match.start(1)
            shown = Span(start, start + len(match[1].rstrip()))
            yield Introduction(shown, Span(mention.whole.start, shown.end), mention.sentence)


def _inverted(entity: Entity) -> Iterator[Introduction]:
    """Yield what precedes the name between commas: "A spokeswoman for the town, X, …"."""
    for mention in entity.mentions:
        match = _BEFORE.search(mention.before)
        if match and match["role"] in ROLES and mention.after.startswith(","):
            start = mention.sentence.start + match.start("shown")
            shown = Span(start, start + len(match["shown"]))
            yield Introduction(shown, Span(start, mention.span.end), mention.sentence)


def _definitions(entity: Entity) -> Iterator[Introduction]:
    """Yield the sentences that begin with the name and say what it is, the full name first."""
    for mention in sorted(entity.mentions, key=lambda m: m.name != entity.name):
        alone = not mention.before.strip("“\"' ") or mention.before.strip().lower() == "the"
        if alone and _IS.match(mention.after) and is_statement(mention.sentence):
            yield Introduction(mention.sentence.span, mention.sentence.span, mention.sentence)


def _titled(entity: Entity) -> Iterator[Introduction]:
    """Yield the titles before the name, the longest first, but those that say too little."""
    titled = [m for m in entity.mentions if m.is_titled]
    for mention in sorted(titled, key=lambda m: m.whole.start - m.span.start):
        if not mention.name.endswith(entity.name.split()[-1]):
            continue  # "Prince William" of who is elsewhere William Pitt
        words = mention.sentence.text[
            mention.whole.start - mention.sentence.start : mention.span.start
            - mention.sentence.start
        ].rstrip()
        last = words.lower().split()[-1]
        of_several = last.endswith("s") and last[:-1] in TITLES
        if words.lower().strip(".") not in _UNINFORMATIVE and not of_several:
            shown = Span(mention.whole.start, mention.whole.start + len(words))
            yield Introduction(shown, Span(mention.whole.start, mention.span.end), mention.sentence)


_FEWEST_MENTIONS = 4
_WHO = re.compile(
    r"\b(?P<article>[Tt]he|[Aa]n?) "
    r"(?:(?:old|young|little|poor|rich|eldest|youngest|wicked|good) )?"
    rf"(?P<noun>(?i:{'|'.join(sorted(CHARACTERS))}))\b(?![’'-])"
)


def find_characters(sentences: Sequence[Sentence]) -> list[Entity]:
    """Return who is speech of again and again as "the …", the most mentioned first."""
    groups: defaultdict[str, list[Mention]] = defaultdict(list)
    definite: defaultdict[str, int] = defaultdict(int)
    for sentence in sentences:
        for match in _WHO.finditer(sentence.text):
            noun = match["noun"].lower()
            at = Span(sentence.start + match.start(), sentence.start + match.end())
            groups[noun].append(Mention(match[0], at, at, sentence))
            definite[noun] += match["article"].lower() == "the"
    entities = [
        Entity(_name(mentions), EntityType.PERSON, mentions)
        for noun, mentions in groups.items()
        if definite[noun] >= _FEWEST_MENTIONS
    ]
    return sorted(entities, key=lambda entity: -len(entity.mentions))


def _name(mentions: Sequence[Mention]) -> str:
    """Return "The" with the noun, as it is written most often: "The king" or "The King"."""
    nouns = Counter(mention.name.split()[-1] for mention in mentions)
    return f"The {nouns.most_common(1)[0][0]}"

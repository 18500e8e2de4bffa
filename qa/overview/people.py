"""Find the people and organisations of an article, and how it introduces them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from index.types import Span
from qa.conversation.words import words_of
from qa.overview.names import (
    CHARACTERS,
    GIVEN_NAMES,
    NOT_NAMES,
    ORGANISATION_HEADS,
    PLACE_HEADS,
    ROLES,
    SPEECH_VERBS,
    THING_HEADS,
    TITLES,
    Capitalised,
    Mention,
    mentions_in,
)
from qa.overview.summary import Sentence, is_statement

_MIN_SCORE = 3.0
"""What a name needs to be listed."""
_MAX_SPEECH_SCORE = 4.0
_COMMON_WORDS_PENALTY = 4.0
_ACRONYM_PENALTY = 6.0
_NEAR_CHARS = 120
_MIN_PLACE_SHARE = 0.3
"""The share of mentions after "in", "to" or "near" from which on a name is a place."""
_LOCATIVE = re.compile(r"\b(?:in|at|near|into|across|throughout|outside|to|from)(?: the)? \Z")
_THE = re.compile(r"\b[Tt]he \Z")
_PRONOUN_AFTER = re.compile(r"[^.?!]{0,80}?\b(?:he|she|his|her|him|who|whose|himself|herself)\b")
_VERB_AFTER = re.compile(
    r",? (?:also |later |then |had |has |was |were |would |who |have )?([a-z]+)\b"
)
_VERB_BEFORE = re.compile(r"\b([a-z]+) \Z")
_ACRONYM = re.compile(r"[A-Z][A-Z&]{1,6}s?\Z")
_IN_BRACKETS = re.compile(r"\s*\(([A-Z][A-Za-z&]{1,7})\)")
_NOT_OF_PERSONS = ORGANISATION_HEADS | PLACE_HEADS | THING_HEADS | {"and", "for", "&"}


class EntityType(Enum):
    """What a name refers to."""

    PERSON = auto()
    CHARACTER = auto()
    """A person of a story without a name, such as "the king"."""
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
    """Return the people and organisations of an article, the most mentioned first."""
    capitalised = Capitalised.of(text)
    mentions = list(mentions_in(sentences, capitalised))
    full_names = _full_names(mentions)
    surnames = {full.split()[-1] for full in full_names}
    titled = title.casefold().split()
    hero = titled[1] if len(titled) > 1 and titled[0] in GIVEN_NAMES else ""  # "Nikola Tesla"
    entities = []
    for key, group in _group(mentions, full_names, title).items():
        if all(_is_headline(mention.sentence) for mention in group):
            continue
        kind = _entity_type(key.split(), group, surnames, capitalised.common)
        if kind is EntityType.OTHER and key == hero:
            kind = EntityType.PERSON
        if kind is not EntityType.OTHER:
            entities.append(Entity(_display_name(key, group), kind, group))
    return sorted(entities, key=lambda entity: -len(entity.mentions))


def _is_headline(sentence: Sentence) -> bool:
    """Whether a line capitalises all but function words, so that capitals mark no names in it."""
    words = [word for word in words_of(sentence.text) if not word.is_function]
    return all(word.text[0].isupper() for word in words) and not is_statement(sentence)


def _key(name: str) -> str:
    """Return a key for all spellings of a name: lower case, no full stops of initials."""
    return " ".join(word.strip(".") for word in name.casefold().split())


def _display_name(key: str, group: Sequence[Mention]) -> str:
    """Return the most frequent spelling of the full name."""
    full = Counter(m.name for m in group if _key(m.name) == key)
    return (full or Counter(m.name for m in group)).most_common(1)[0][0]


# --- which names mean the same ------------------------------------------------------------


def _group(
    mentions: Sequence[Mention], full_names: set[str], title: str
) -> dict[str, list[Mention]]:
    """Return the mentions by entity.

    A part of a person's name refers to the person who is in the article's title, or else to
    the one whose full name is most frequent.
    """
    counts = Counter(_key(m.name) for m in mentions)
    counts.update({key: len(mentions) for key in counts if key in title.casefold()})
    longer: dict[str, str] = {}
    for full in sorted(full_names, key=lambda name: (-counts[name], -len(name), name)):
        for part in _short_forms(full) - NOT_NAMES - {full}:
            longer.setdefault(part, full)
    acronyms = _acronyms(mentions)
    groups: defaultdict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        key = _key(mention.name)
        key = acronyms.get(key, key)
        groups[longer.get(key, key)].append(mention)
    return dict(groups)


def _full_names(mentions: Sequence[Mention]) -> set[str]:
    """Return the names of two words or more that clearly refer to persons."""
    by_key: defaultdict[str, list[Mention]] = defaultdict(list)
    for mention in mentions:
        by_key[_key(mention.name)].append(mention)
    places = {key for key, group in by_key.items() if _is_located(group)}
    alone = by_key.keys() - places - ROLES
    full = set()
    for mention in mentions:
        words = _key(mention.name).split()
        if len(words) < 2 or not _NOT_OF_PERSONS.isdisjoint(words):  # noqa: PLR2004
            continue
        first = words[0] in GIVEN_NAMES or mention.title
        again = words[-1] in alone and words[0] not in places and "of" not in words
        if first or again or mention.has_role:
            full.add(" ".join(words))
    return full


def _short_forms(full: str) -> set[str]:
    """Return how a person may be called: "Trump", "Donald", "Donald Trump", "D Trump"."""
    words = full.split()
    first, last = words[0], words[-1]
    return {p for p in (first, last, f"{first} {last}", f"{first[0]} {last}") if len(p) > 1}


def _acronyms(mentions: Sequence[Mention]) -> dict[str, str]:
    """Return which name each acronym is short for: "World Health Organization (WHO)"."""
    found: dict[str, str] = {}
    for mention in mentions:
        match = _IN_BRACKETS.match(mention.after)
        words = [w for w in re.split(r"[\s-]", mention.name) if w[:1].isupper()]
        if match and len(words) > 1 and match[1][0] == words[0][0]:
            found.setdefault(_key(match[1]), _key(mention.name))
    return found


# --- persons, organisations and others ----------------------------------------------------


def _entity_type(
    words: Sequence[str], group: Sequence[Mention], surnames: set[str], common: frozenset[str]
) -> EntityType:
    """Classify a name of these ``words`` by the context of its mentions.

    ``surnames`` are those of people; ``common`` are words that also occur in lower case.
    """
    if _ends_in(words, THING_HEADS | PLACE_HEADS) or (ROLES | NOT_NAMES).issuperset(words):
        return EntityType.OTHER
    if _ends_in(words, ORGANISATION_HEADS) or _has_organisation_head(words):
        return EntityType.ORGANISATION if len(words) > 1 else EntityType.OTHER
    # "Tesla Coil", "Edison Machine Works", "Autobiography of Nikola Tesla"
    eponym = words[0] in surnames and words[-1] not in surnames and words[0] not in GIVEN_NAMES
    about_person = "of" in words and words[-1] in surnames
    if _is_located(group) or (len(words) > 1 and (eponym or about_person)):
        return EntityType.OTHER
    person, organisation = _scores(group, words)
    if words[0] not in GIVEN_NAMES and common.issuperset(words):
        person -= _COMMON_WORDS_PENALTY  # "General Question Time"
    if max(person, organisation) < _MIN_SCORE:
        return EntityType.OTHER
    return EntityType.PERSON if person >= organisation else EntityType.ORGANISATION


def _scores(group: Sequence[Mention], words: Sequence[str]) -> tuple[float, float]:
    """Return scores for a person and for an organisation."""
    person = organisation = 0.0
    several = len(words) > 1
    speech = sum(1.5 for mention in group if _speaks(mention))
    if any(m.title for m in group):
        person += 3.0
    if words[0] in GIVEN_NAMES:
        person += 3.0 if several else 1.5
    if several and any(_key(m.name) == words[-1] for m in group):
        person += 2.0  # "Karim Aziz", and then "Aziz"
    share = sum(_PRONOUN_AFTER.match(m.after[:_NEAR_CHARS]) is not None for m in group) / len(group)
    person += min(3.0 if speech else 2.0, 6.0 * share) if len(group) > 1 else 1.5 * share
    person += min(_MAX_SPEECH_SCORE if share or several else 2.5, speech)
    if any(m.has_role for m in group):
        person += 3.0
    acronym = _ACRONYM.match(group[0].name)
    the = sum(bool(_THE.search(m.before)) for m in group) > len(group) / 2
    if the or acronym:
        organisation += min(_MAX_SPEECH_SCORE, speech) if several or acronym else 0.0
        person -= _ACRONYM_PENALTY
    return person, organisation


def _speaks(mention: Mention) -> bool:
    near = (_VERB_AFTER.match(mention.after), _VERB_BEFORE.search(mention.before))
    return any(match is not None and match[1] in SPEECH_VERBS for match in near)


def _is_located(group: Sequence[Mention]) -> bool:
    """Whether a name is used like a place's: "in Halden", "near Halden"."""
    located = sum(bool(_LOCATIVE.search(m.before)) for m in group)
    return located > _MIN_PLACE_SHARE * len(group) and not any(m.title for m in group)


def _ends_in(words: Sequence[str], heads: frozenset[str]) -> bool:
    return words[-1].rstrip("s") in heads or words[-1] in heads


def _has_organisation_head(words: Sequence[str]) -> bool:
    """Whether an organisation's word is before "of" or "for": "Bank of England"."""
    at = next((i for i, word in enumerate(words) if word in ("of", "for")), 0)
    return at > 0 and _ends_in(words[:at], ORGANISATION_HEADS)


# --- introductions ------------------------------------------------------------------------

# Titles that do not say what somebody does.
_UNINFORMATIVE = frozenset(
    "mr mrs ms miss dr prof sir lord lady dame madam brother sister father mother uncle aunt "
    "st saint sen rep gov gen col maj capt lt sgt rev republican democrat".split()
)


@dataclass(frozen=True, slots=True)
class Introduction:
    """The words of an article that say who somebody is."""

    shown: Span
    """A title or an apposition."""
    quote: Span
    """What is cited: the same, with the name."""
    sentence: Sentence


def find_introduction(entity: Entity) -> Introduction | None:
    """Return the first apposition that says who it is, or else the longest title.

    A character has none: in "the king, the queen and the cook" the queen is another.
    """
    if entity.type is EntityType.CHARACTER:
        return None
    return next(_appositions(entity), None) or next(_titles(entity), None)


def first_sentence(entity: Entity) -> Sentence:
    """Return the first whole sentence that names it in full, or else the first of all."""
    whole = [m for m in entity.mentions if is_statement(m.sentence)]
    full = [m for m in whole if m.name == entity.name]
    return (full or whole or entity.mentions)[0].sentence


def _appositions(entity: Entity) -> Iterator[Introduction]:
    for mention in entity.mentions:
        match = mention.apposition
        if match and mention.has_role:
            start = mention.span.end + match.start(1)
            shown = Span(start, start + len(match[1].rstrip()))
            yield Introduction(shown, Span(mention.titled.start, shown.end), mention.sentence)


def _titles(entity: Entity) -> Iterator[Introduction]:
    """Yield the titles before the name, the longest first, without those that say too little."""
    for mention in sorted(entity.mentions, key=lambda m: m.titled.start - m.span.start):
        title = mention.title.lower()
        # "Prince William" may be another than the William Pitt of this entity.
        is_other = not mention.name.endswith(entity.name.split()[-1])
        if not title or is_other or title.strip(".") in _UNINFORMATIVE:
            continue
        last = title.split()[-1]
        if not (last.endswith("s") and last[:-1] in TITLES):  # "Presidents X and Y"
            shown = Span(mention.titled.start, mention.titled.start + len(mention.title))
            quote = Span(mention.titled.start, mention.span.end)
            yield Introduction(shown, quote, mention.sentence)


# --- characters of stories ----------------------------------------------------------------

_MIN_MENTIONS = 4
_CHARACTER = re.compile(
    r"\b(?P<article>[Tt]he|[Aa]n?) "
    r"(?:(?:old|young|little|poor|rich|eldest|youngest|wicked|good) )?"
    rf"(?P<noun>(?i:{'|'.join(sorted(CHARACTERS))}))\b(?![’'-])"
)


def find_characters(sentences: Sequence[Sentence], named: Sequence[Entity] = ()) -> list[Entity]:
    """Return those often called "the king" and the like, the most mentioned first.

    Those whom one of the ``named`` has as a title are left out: the king is King Arthur.
    """
    titles = {mention.title.lower() for entity in named for mention in entity.mentions}
    groups: defaultdict[str, list[Mention]] = defaultdict(list)
    definite: Counter[str] = Counter()
    for sentence in sentences:
        for match in _CHARACTER.finditer(sentence.text):
            noun = match["noun"].lower()
            at = Span(sentence.start + match.start(), sentence.start + match.end())
            groups[noun].append(Mention(match[0], at, at, sentence))
            definite[noun] += match["article"].lower() == "the"
    entities = [
        Entity(_character_name(mentions), EntityType.CHARACTER, mentions)
        for noun, mentions in groups.items()
        if definite[noun] >= _MIN_MENTIONS and noun not in titles
    ]
    return sorted(entities, key=lambda entity: -len(entity.mentions))


def _character_name(mentions: Sequence[Mention]) -> str:
    """Return "The" with the noun's most frequent spelling: "The king" or "The King"."""
    nouns = Counter(mention.name.split()[-1] for mention in mentions)
    return f"The {nouns.most_common(1)[0][0]}"

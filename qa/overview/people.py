"""The persons and organisations of an article: who is meant by which name, and who they are."""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from index.types import Span
from qa.overview.names import NameRun, name_runs
from qa.overview.sentences import Sentence, is_statement
from qa.overview.words import (
    ADJECTIVES,
    DOING,
    GIVEN,
    ORGANISATION_HEADS,
    PLACE_HEADS,
    PLACES,
    ROLES,
    SAYING,
    SLIPS,
    THING_HEADS,
)
from qa.questions.phrases import Names

# What a name needs to be listed, in the points of `_points`.
_ENOUGH = 3.0
_MOST_POINTS_OF_VERBS = 4.0
_MAX_WORDS = 6
_BY_FAR = 3
_NOT_OF_PERSONS = ORGANISATION_HEADS | PLACE_HEADS | THING_HEADS | {"and", "for", "&"}
_NEAR_CHARS = 120
_MAX_APPOSITION_CHARS = 110
_IN_A_PLACE = 0.3
"""The share of "in …", "to …", "near …" from which on a name is taken for a place's."""
_LOCATIVE = re.compile(r"\b(?:in|at|near|into|across|throughout|outside|to|from)(?: the)? \Z")
_THE = re.compile(r"\b[Tt]he \Z")
_PERSON_AFTER = re.compile(r"[^.?!]{0,80}?\b(?:he|she|his|her|him|who|whose|himself|herself)\b")
_LIFE = re.compile(r"\s*\((?:born|b\.|c\.|\d{1,2} \w+ \d{3,4}|\w+ \d{1,2}, \d{4}|\d{4}[-– ])")
_VERB_AFTER = re.compile(r",? (?:also |later |then |had |has |was |were |would |who |have )?([a-z]+)\b")
_VERB_BEFORE = re.compile(r"\b([a-z]+) \Z")
_BY = re.compile(r"\b(?:by|with|told|met|asked) \Z")
_ACRONYM = re.compile(r"[A-Z][A-Z&]{1,6}\Z")
_IN_BRACKETS = re.compile(r"\s*\(([A-Z][A-Za-z&]{1,7})\)")
_APPOSITION = re.compile(
    r", ((?:an?|the|one of|former|then|[A-Z][\w’' ]*[’']s?)\b(?:[^,.;:()“”—]|(?<=\b[A-Z])\.)*"
    r"(?:, D\.C\.)?)(?=[,.;—:]|$)"
)
_IS = re.compile(r"(?: \([^)]*\))?,? (?:is|was|are|were) (?:an?|the|one of)\b")


class Sort(Enum):
    """What a name is of."""

    PERSON = auto()
    ORGANISATION = auto()
    OTHER = auto()


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
        """What of its sentence follows."""
        return self.sentence.text[self.span.end - self.sentence.start :].replace("\n", " ")

    @property
    def before(self) -> str:
        """What of its sentence stands before it, without the titles."""
        return self.sentence.text[: self.span.start - self.sentence.start].replace("\n", " ")

    @property
    def is_titled(self) -> bool:
        """Whether titles stand before it."""
        return self.whole.start < self.span.start


@dataclass(frozen=True, slots=True)
class Introduction:
    """Who somebody is, in the words of the article."""

    told: Span
    """What is shown: a title, an apposition, or a whole sentence."""
    quote: Span
    """What is cited: the same, with the name."""
    sentence: Sentence


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
    names = Names.of(text, title)
    mentions = [mention for s in sentences for mention in _mentions(s, names)]
    surnames = {full.split()[-1] for full in _full_names(mentions)}
    figures = []
    for key, group in _grouped(mentions).items():
        sort = _sort(key.split(), group, surnames)
        if sort is not Sort.OTHER:
            figures.append(Figure(_display(key, group), sort, group))
    return sorted(figures, key=lambda figure: -len(figure.mentions))


def introduction(figure: Figure) -> Introduction | None:
    """Return the words that say who it is: an apposition, a sentence "X is a …", a title."""
    ways = (_appositions(figure), _definitions(figure), _titled(figure))
    return next(itertools.chain(*ways), None)


def first_told(figure: Figure) -> Sentence:
    """Return the first whole sentence that names somebody in full, or else the first at all."""
    full = [m for m in figure.mentions if m.name == figure.name and is_statement(m.sentence)]
    whole = [m for m in figure.mentions if is_statement(m.sentence)]
    return (full or whole or figure.mentions)[0].sentence


def _appositions(figure: Figure) -> Iterator[Introduction]:
    for mention in figure.mentions:
        match = _APPOSITION.match(mention.after)
        if match is None or len(match[1]) > _MAX_APPOSITION_CHARS:
            continue
        told = re.split(r"\b(?:of|to|for|from|in|at|on|who|which|that|and)\b", match[1])[0]
        is_role = told.split() and re.sub(r"\W", "", told.split()[-1].lower()) in ROLES
        nouns = {w.lower() for w in re.findall(r"[\w-]+", told)}
        is_body = figure.sort is Sort.ORGANISATION and nouns & ORGANISATION_HEADS
        if is_role or is_body:
            start = mention.span.end + match.start(1)
            told_at = Span(start, start + len(match[1].rstrip()))
            yield Introduction(told_at, Span(mention.whole.start, told_at.end), mention.sentence)


def _definitions(figure: Figure) -> Iterator[Introduction]:
    for mention in figure.mentions:
        alone = not mention.before.strip("“\"' ") or mention.before.strip().lower() == "the"
        if alone and _IS.match(mention.after) and is_statement(mention.sentence):
            yield Introduction(mention.sentence.span, mention.sentence.span, mention.sentence)


def _titled(figure: Figure) -> Iterator[Introduction]:
    """Yield the titles before the name, the longest first; "Mr" and "Dr" say too little."""
    titled = [m for m in figure.mentions if m.is_titled]
    for mention in sorted(titled, key=lambda m: m.whole.start - m.span.start):
        if not mention.name.endswith(figure.name.split()[-1]):
            continue  # "Prince William" of who is elsewhere William Pitt
        words = mention.sentence.text[
            mention.whole.start - mention.sentence.start : mention.span.start
            - mention.sentence.start
        ].rstrip()
        if len(words) > len("Mister"):
            told = Span(mention.whole.start, mention.whole.start + len(words))
            yield Introduction(told, Span(mention.whole.start, mention.span.end), mention.sentence)


def _mentions(sentence: Sentence, names: Names) -> Iterator[Mention]:
    for run in name_runs(sentence.text, names):
        is_compound = re.fullmatch(r"[^ ]+-[a-z]+", run.text)  # "X-ray", "Tesla-related"
        if len(run.text.split()) <= _MAX_WORDS and not run.text[-1].isdigit() and not is_compound:
            yield _mention(sentence, run)


def _mention(sentence: Sentence, run: NameRun) -> Mention:
    at = sentence.start
    whole = Span(at + run.title_start, at + run.end)
    return Mention(" ".join(run.text.split()), Span(at + run.start, at + run.end), whole, sentence)


def _key(name: str) -> str:
    """Return a name by which its spellings are one: without initials' full stops, "the", accents."""
    return " ".join(word.strip(".") for word in name.casefold().split())


def _grouped(mentions: Sequence[Mention]) -> dict[str, list[Mention]]:
    """Return the mentions by whom they mean.

    A part of a person's name means who is named so by far most often, or else who was last.
    """
    counts = Counter(_key(m.name) for m in mentions)
    longer: defaultdict[str, list[str]] = defaultdict(list)
    for full in sorted(_full_names(mentions)):
        for part in _parts(full) - SLIPS - {full}:
            longer[part].append(full)
    acronyms = _acronyms(mentions)
    groups: defaultdict[str, list[Mention]] = defaultdict(list)
    last: dict[str, str] = {}
    for mention in mentions:
        key = _key(mention.name)
        key = acronyms.get(key, key)
        key = _meant(key, longer.get(key, []), counts, last)
        last |= dict.fromkeys(_parts(key), key)
        groups[key].append(mention)
    return dict(groups)


def _full_names(mentions: Iterable[Mention]) -> set[str]:
    """Return the names of two words or more that are clearly of persons."""
    full = set()
    for mention in mentions:
        words = _key(mention.name).split()
        fits = len(words) > 1 and not any(w in _NOT_OF_PERSONS for w in words)
        first = words[0] in GIVEN or len(words[0]) == 1 or mention.is_titled
        if fits and (first or _has_role(mention) or _LIFE.match(mention.after)):
            full.add(" ".join(words))
    return full


def _parts(full: str) -> set[str]:
    """Return what somebody is called for short: "Trump", "Donald", "D Trump"."""
    words = full.split()
    first, last = words[0], words[-1]
    return {p for p in (first, last, f"{first} {last}", f"{first[0]} {last}") if len(p) > 1}


def _meant(key: str, options: Sequence[str], counts: Counter[str], last: dict[str, str]) -> str:
    """Return the full name, of ``options``, that a name is short for, or itself."""
    if not options or key in PLACES:
        return key
    first, *others = sorted(options, key=lambda full: -counts[full])
    if others and counts[first] < _BY_FAR * counts[others[0]] and last.get(key) in options:
        return last[key]
    return first


def _acronyms(mentions: Iterable[Mention]) -> dict[str, str]:
    """Return which name each acronym is short for, as "World Health Organization (WHO)" tells."""
    found: dict[str, str] = {}
    for mention in mentions:
        match = _IN_BRACKETS.match(mention.after)
        words = [w for w in re.split(r"[\s-]", mention.name) if w[:1].isupper()]
        if match and len(words) > 1 and match[1][0] == words[0][0]:
            found.setdefault(_key(match[1]), _key(mention.name))
    return found


def _display(key: str, group: Sequence[Mention]) -> str:
    """Return the name to show, as the article writes it: the full one, where it is most often."""
    full = Counter(m.name for m in group if _key(m.name) == key)
    return (full or Counter(m.name for m in group)).most_common(1)[0][0]


def _sort(words: Sequence[str], group: Sequence[Mention], surnames: set[str]) -> Sort:
    """Return what a name of these ``words`` is of, by what stands beside its mentions."""
    if _is_thing(words) or _is_place(group, words):
        return Sort.OTHER
    if _ends_as(words, ORGANISATION_HEADS) or _heads_of(words):
        return Sort.ORGANISATION if len(words) > 1 else Sort.OTHER
    # "Tesla Coil", "Edison Machine Works", "Autobiography of Nikola Tesla"
    named_after = words[0] in surnames and words[-1] not in surnames and words[0] not in GIVEN
    if len(words) > 1 and (named_after or ("of" in words and words[-1] in surnames)):
        return Sort.OTHER
    person, organisation = _points(group, words)
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
    if any(_LIFE.match(m.after) for m in group):
        person += 3.0
    share = sum(_is_he(m) for m in group) / len(group)
    person += min(3.0 if verbs else 2.0, 6.0 * share) if len(group) > 1 else 1.5 * share
    person += min(_MOST_POINTS_OF_VERBS if share or len(words) > 1 else 2.5, verbs)
    if any(_has_role(m) for m in group):
        person += 3.0
    the = sum(bool(_THE.search(m.before)) for m in group) / len(group)
    if the > 1 / 2 or (_ACRONYM.match(group[0].name) and share < 1 / 4):
        organisation += min(_MOST_POINTS_OF_VERBS, 1.0 * verbs)
        person -= 4.0
    return person, organisation


def _acts(mention: Mention) -> float:
    after, before = _VERB_AFTER.match(mention.after), _VERB_BEFORE.search(mention.before)
    if after and after[1] in SAYING:
        return 1.5
    if before and before[1] in SAYING:
        return 1.5
    if after and after[1] in DOING:
        return 1.0
    return 0.5 if _BY.search(mention.before) else 0.0


def _is_he(mention: Mention) -> bool:
    return _PERSON_AFTER.match(mention.after[:_NEAR_CHARS]) is not None


def _has_role(mention: Mention) -> bool:
    match = _APPOSITION.match(mention.after)
    if match is None:
        return False
    told = re.split(r"\b(?:of|to|for|from|in|at|on|who|which|that|and)\b", match[1])[0].split()
    return bool(told) and told[-1].strip("’'").lower() in ROLES


def _is_thing(words: Sequence[str]) -> bool:
    return _ends_as(words, THING_HEADS) or any(w in ("operation", "treaty", "act") for w in words[:1])


def _is_place(group: Sequence[Mention], words: Sequence[str]) -> bool:
    name = " ".join(words).removeprefix("the ").replace(".", "")
    if name in PLACES or _ends_as(words, PLACE_HEADS) or words[0] in ("mount", "lake", "port"):
        return True
    if all(word in PLACES | ADJECTIVES | SLIPS for word in words):
        return True
    located = sum(bool(_LOCATIVE.search(m.before)) for m in group)
    titled = any(m.is_titled for m in group) or words[0] in GIVEN
    return located > _IN_A_PLACE * len(group) and not titled


def _ends_as(words: Sequence[str], heads: frozenset[str]) -> bool:
    return words[-1].rstrip("s") in heads or words[-1] in heads


def _heads_of(words: Sequence[str]) -> bool:
    """Whether it is an organisation by what comes before "of" or "for": "Bank of England"."""
    at = next((i for i, w in enumerate(words) if w in ("of", "for")), 0)
    return at > 0 and words[at - 1].rstrip("s") in ORGANISATION_HEADS


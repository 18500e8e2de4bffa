"""Find the entities of earlier turns that a follow-up question may refer to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from qa.answers.answer import Answer
from qa.conversation.anaphora import Form
from qa.conversation.question_words import AUXILIARIES, PREPOSITIONS, bare, names_in, words_of

MAX_TURNS = 3
"""Earlier turns that are looked at."""
_MAX_WORDS = 7
# Longer ones are no prose; each name in them is looked for in all of them.
_QUOTE_CHARS, _PASSAGE_CHARS = 2_000, 8_000
_NEAR_CHARS = 160
"""A pronoun within this distance after a name is taken to refer to it."""
_ASKED_WORDS = {w: w for w in ("who", "where", "when", "why", "how")} | {
    "whom": "who",
    "whose": "who",
}
_ASKED_NOUNS = dict.fromkeys(("year", "date", "day", "month", "century"), "when") | dict.fromkeys(
    ("country", "city", "state", "place"), "where"
)
_HE, _SHE = re.compile(r"\b(?:he|his|him)\b", re.I), re.compile(r"\b(?:she|her|hers)\b", re.I)
_NUMBER = re.compile(r"^[\d.,]+(?:st|nd|rd|th|s)?$")
_WHO_IS = re.compile(r"who (?:is|was|are|were) ", re.IGNORECASE)
# Who is called is spoken of less than who calls.
_WHOM = re.compile(r"(?:\w+ )?whom?\b (?:did|does|do|has|have|had|will|would)\b", re.IGNORECASE)
_YEAR = re.compile(r"\b1\d{3}|20\d{2}\b")
_PLACE_BEFORE = re.compile(r"\b(?:in|at|from|near|to|into|of)(?: the)?\s+$", re.I)


class Source(Enum):
    """Where a mention was found."""

    SUBJECT = auto()
    """The subject of the earlier question, behind its verb."""
    QUESTION = auto()
    SHORT = auto()
    """The short answer."""
    QUOTE = auto()
    """The first quote of the answer."""
    TITLE = auto()
    """The title of the article that was cited."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier question, as it was understood, and what answered it."""

    question: str
    short: str | None = None
    quote: str = ""
    title: str = ""
    texts: tuple[str, ...] = ()
    """Of the passages."""

    @classmethod
    def of(cls, answer: Answer) -> Exchange:
        """Return the exchange that ended in ``answer``."""
        cited = answer.citations[0] if answer.answered else None
        return cls(
            answer.understood or answer.question,
            answer.short if answer.answered else None,
            cited.quote[:_QUOTE_CHARS] if cited else "",
            answer.passages[0].title if answer.passages else "",
            tuple(passage.text[:_PASSAGE_CHARS] for passage in answer.passages),
        )


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of an earlier turn that name something."""

    text: str
    source: Source
    age: int
    """How many turns back: 0 for the last."""
    exchange: Exchange

    @property
    def is_name(self) -> bool:
        """Whether it has a capital letter inside."""
        return any(map(str.isupper, self.text))

    def persons(self) -> tuple[float, float]:
        """Return how often, of all times, "he" and "she" follow its last word closely."""
        name = re.escape(bare(self.text).split()[-1])
        he = she = seen = 0
        for match in re.finditer(rf"\b{name}\b", " ".join(self.exchange.texts)):
            following = match.string[match.end() : match.end() + _NEAR_CHARS]
            he += bool(_HE.search(following))
            she += bool(_SHE.search(following))
            seen += 1
        return (he / seen, she / seen) if seen else (0.0, 0.0)

    @property
    def asked(self) -> str:
        """What kind of answer it is, if it is the short one: who, where, when, how or what."""
        if self.source is not Source.SHORT:
            return ""
        words = [word.low for word in words_of(self.exchange.question)]
        for first, second in itertools.pairwise([*words, ""]):
            if first in ("what", "which") and second in _ASKED_NOUNS:
                return _ASKED_NOUNS[second]
            if first in _ASKED_WORDS:
                return _ASKED_WORDS[first]
        return "what"


def mentions_of(exchanges: Sequence[Exchange]) -> list[Mention]:
    """Return what ``exchanges``, oldest first, name; nothing twice, the nearest turn first."""
    found: dict[str, Mention] = {}
    for age, exchange in enumerate(reversed(exchanges[-MAX_TURNS:])):
        for mention in _of_one(exchange, age):
            key = mention.text.casefold().removeprefix("the ")
            fits = 0 < len(mention.text.split()) <= _MAX_WORDS
            known = mention.source is Source.QUOTE and any(key in k or k in key for k in found)
            if fits and not known:
                found.setdefault(key, mention)
    return list(found.values())


def _of_one(exchange: Exchange, age: int) -> list[Mention]:
    lead = _subject_at(exchange.question)
    found = [
        Mention(
            text,
            Source.SUBJECT if exchange.question.find(text) in lead else Source.QUESTION,
            age,
            exchange,
        )
        for text in names_in(exchange.question)
    ]
    if exchange.short:
        found.append(Mention(_without_preposition(exchange.short), Source.SHORT, age, exchange))
        found += [Mention(t, Source.SHORT, age, exchange) for t in names_in(exchange.short)]
    found += [
        Mention(text, Source.QUOTE, age, exchange)
        for text in names_in(exchange.quote)
        if _is_inside(text, exchange.texts)
    ]
    title = exchange.title.replace("_", " ").strip()
    if title and title.casefold() in " ".join(exchange.texts).casefold():
        found.append(Mention(title, Source.TITLE, age, exchange))
    return found


def _is_inside(name: str, texts: Sequence[str]) -> bool:
    """Whether a name occurs inside a sentence: "Many of Rome" opens one and is not a name."""
    return any(re.search(rf"[a-z,] {re.escape(name)}\b", text) for text in texts)


def _without_preposition(short: str) -> str:
    first, _, rest = short.partition(" ")
    return rest if rest and first.casefold() in PREPOSITIONS else short


def _subject_at(question: str) -> range:
    """Return where the subject can begin: behind the first auxiliary, with or without "the"."""
    for word in words_of(question):
        if word.low in AUXILIARIES:
            return range(word.end, word.end + 6)
    return range(0)


def _as_person(mention: Mention) -> float:
    if not mention.is_name or _NUMBER.match(mention.text) or mention.asked in ("when", "where"):
        return -3.0
    if mention.text.casefold().startswith("the "):
        return -1.5
    he, she = mention.persons()
    asked = mention.asked == "who" or _WHO_IS.match(mention.exchange.question)
    likely = asked and not _WHOM.match(mention.exchange.question)
    return min(0.5, 2.0 * (he + she) - 0.5) + (1.0 if likely else 0.0)


def _as_thing(mention: Mention) -> float:
    if _NUMBER.match(mention.text) or mention.asked in ("when", "how", "why"):
        return -3.0
    return -1.0 if mention.asked == "who" else -sum(mention.persons())


def _as_plural(mention: Mention) -> float:
    if _NUMBER.match(mention.text) or mention.asked == "when":
        return -3.0
    return 1.0 if mention.text.endswith("s") or " and " in mention.text else 0.0


def _as_place(mention: Mention) -> float:
    if not mention.is_name or _NUMBER.match(mention.text) or mention.asked in ("when", "how"):
        return -3.0
    if mention.asked == "where":
        return 2.0
    at = mention.exchange.question.find(mention.text)
    placed = at > 0 and _PLACE_BEFORE.search(mention.exchange.question[:at])
    return 1.0 if placed else -0.5


def _as_time(mention: Mention) -> float:
    return 2.0 if mention.asked == "when" or _YEAR.search(mention.text) else -3.0


def _as_event(mention: Mention) -> float:
    return 1.0 if mention.source is Source.SHORT else _as_thing(mention)


def fitness(mention: Mention, form: Form) -> float:
    """Return how well a mention fits a pronoun of this form; −2 or less if it does not."""
    return _FITNESS[form](mention)


_FITNESS: dict[Form, Callable[[Mention], float]] = {
    Form.PERSON: _as_person,
    Form.THING: _as_thing,
    Form.PLURAL: _as_plural,
    Form.PLACE: _as_place,
    Form.TIME: _as_time,
    Form.EVENT: _as_event,
}

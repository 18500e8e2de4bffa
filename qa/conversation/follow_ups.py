"""Rewrite a follow-up question as a complete one, with what earlier turns mention."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from qa.answers.answer import Answer
from qa.conversation.anaphora import (
    AUXILIARIES,
    BE,
    LEAD_INS,
    PREPOSITIONS,
    WH,
    Anaphor,
    AnaphorType,
    Form,
    Word,
    find_anaphor,
    names_in,
    pronoun_of,
    words_of,
)
from qa.reading.calibration import logit

MAX_TURNS = 3
"""Earlier turns that are looked at."""
_MAX_MENTION_WORDS = 7
_QUOTE_CHARS, _PASSAGE_CHARS = 2_000, 8_000  # longer ones are not prose
_PER_TURN = 0.7
"""What a mention's score loses with each turn that it is back."""
_MISFIT = -2.0
_ELLIPSIS_SCORE = 3.0
_AFTER_THAT = re.compile(r"\b(after|before|besides|since|than) (?:that|this)(?=[ ]*[?.!]*$)", re.I)
_NUMBER = re.compile(r"^[\d.,]+(?:st|nd|rd|th|s)?$")
_YEAR = re.compile(r"\b(?:1\d{3}|20\d{2})\b")
# Who is called is referred to less often than who calls.
_ASKS_FOR_OBJECT = re.compile(
    r"(?:\w+ )?whom?\b (?:did|does|do|has|have|had|will|would)\b", re.IGNORECASE
)
_ASKED = {
    **{word: word for word in ("who", "where", "when", "why", "how")},
    **dict.fromkeys(("whom", "whose"), "who"),
}
_ASKED_NOUNS = {
    **dict.fromkeys(("year", "date", "day", "month", "century"), "when"),
    **dict.fromkeys(("country", "city", "state", "place"), "where"),
}


@dataclass(frozen=True, slots=True)
class PreviousTurn:
    """An earlier question, rewritten if it was a follow-up, and its answer."""

    question: str
    short: str | None = None
    quote: str = ""
    title: str = ""
    texts: tuple[str, ...] = ()
    """The texts of the passages."""

    @classmethod
    def of(cls, answer: Answer) -> PreviousTurn:
        """Return the turn that ended in ``answer``."""
        cited = answer.citations[0] if answer.answered else None
        return cls(
            answer.understood or answer.question,
            answer.short if answer.answered else None,
            cited.quote[:_QUOTE_CHARS] if cited else "",
            answer.passages[0].title if answer.passages else "",
            tuple(passage.text[:_PASSAGE_CHARS] for passage in answer.passages),
        )

    @property
    def asked_for(self) -> str:
        """What kind of answer the question asks for: who, where, when, why, how or what."""
        words = [word.low for word in words_of(self.question)]
        for first, second in itertools.pairwise([*words, ""]):
            if first in ("what", "which") and second in _ASKED_NOUNS:
                return _ASKED_NOUNS[second]
            if first in _ASKED:
                return _ASKED[first]
        return "what"


# --- mentions -----------------------------------------------------------------------------


class Source(Enum):
    """Where a mention was found."""

    SUBJECT = auto()
    """The subject of the earlier question, after its auxiliary."""
    QUESTION = auto()
    SHORT = auto()
    """The short answer."""
    QUOTE = auto()
    """The first quote of the answer."""
    TITLE = auto()
    """The title of the cited article."""


_IN_QUESTION = (Source.SUBJECT, Source.QUESTION)
_SOURCE_SCORES = {
    Source.SUBJECT: 2.0,
    Source.QUESTION: 1.2,
    Source.SHORT: 1.2,
    Source.TITLE: 0.8,
    Source.QUOTE: 0.0,
}


@dataclass(frozen=True, slots=True)
class Mention:
    """Words of an earlier turn that may be an antecedent."""

    text: str
    source: Source
    age: int
    """How many turns back: 0 for the last."""
    turn: PreviousTurn

    @property
    def is_name(self) -> bool:
        """Whether it has a capital letter."""
        return any(map(str.isupper, self.text))


def mentions_of(turns: Sequence[PreviousTurn]) -> list[Mention]:
    """Return what ``turns``, oldest first, mention: the nearest turn first, no repeats."""
    found: dict[str, Mention] = {}
    for age, turn in enumerate(reversed(turns[-MAX_TURNS:])):
        for mention in _mentions_in(turn, age):
            key = mention.text.casefold().removeprefix("the ")
            fits = 0 < len(mention.text.split()) <= _MAX_MENTION_WORDS
            known = mention.source is Source.QUOTE and any(key in k or k in key for k in found)
            if fits and not known:
                found.setdefault(key, mention)
    return list(found.values())


def _mentions_in(turn: PreviousTurn, age: int) -> Iterable[Mention]:
    subject_at = _subject_range(turn.question)
    for text in names_in(turn.question):
        is_subject = turn.question.find(text) in subject_at
        yield Mention(text, Source.SUBJECT if is_subject else Source.QUESTION, age, turn)
    if turn.short:
        first, _, rest = turn.short.partition(" ")
        whole = rest if rest and first.casefold() in PREPOSITIONS else turn.short
        for text in (whole, *names_in(turn.short)):
            yield Mention(text, Source.SHORT, age, turn)
    for text in names_in(turn.quote):
        yield Mention(text, Source.QUOTE, age, turn)
    title = turn.title.replace("_", " ").strip()
    if title and title.casefold() in " ".join(turn.texts).casefold():
        yield Mention(title, Source.TITLE, age, turn)


def _subject_range(question: str) -> range:
    """Return where the subject can begin: after the first auxiliary, with or without "the"."""
    for word in words_of(question):
        if word.low in AUXILIARIES:
            return range(word.end, word.end + 6)
    return range(0)


def _fitness(mention: Mention, form: Form) -> float:
    """Return how well a mention fits a pronoun of this form; at most ``_MISFIT`` if it does not."""
    asked = mention.turn.asked_for if mention.source is Source.SHORT else ""
    if form is Form.TIME:
        return 2.0 if asked == "when" or _YEAR.search(mention.text) else -3.0
    is_other = _NUMBER.match(mention.text) or asked == "when"
    if is_other or (form in (Form.PERSON, Form.PLACE) and not mention.is_name):
        return -3.0
    fitness = 0.0
    if form is Form.PERSON and asked:
        likely = asked == "who" and not _ASKS_FOR_OBJECT.match(mention.turn.question)
        fitness = -3.0 if asked == "where" else float(likely)
    elif form is Form.PLACE:
        fitness = 2.0 if asked == "where" else 0.0
    elif form is Form.PLURAL:
        fitness = float(mention.text.endswith("s") or " and " in mention.text)
    elif form is Form.EVENT and asked:
        fitness = 1.0
    elif asked == "who":
        fitness = -1.0
    return fitness


# --- rewritings ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A complete question, and how well its antecedent fits by the rules."""

    text: str
    score: float


def rewritings(
    question: str, anaphor: Anaphor, mentions: Sequence[Mention], last: PreviousTurn
) -> list[Rewriting]:
    """Return rewritings of ``question`` with an antecedent each, most likely first."""
    if anaphor.type is AnaphorType.BARE_WH:
        found = _with_wh(anaphor.rest, last)
        if pronoun := pronoun_of(question):  # "When did it happen?" may ask about a thing
            found += _with_antecedent(question, pronoun, mentions)
    elif anaphor.type is AnaphorType.ELSE:
        text = f"{_stem(last.question)} other than {last.short}?"
        found = [Rewriting(text, 0.0)] if last.short else []
    elif anaphor.type is AnaphorType.WHAT_ABOUT:
        found = list(_with_topic(anaphor.rest, mentions, last))
    else:
        found = list(_with_antecedent(question, anaphor, mentions))
    distinct: dict[str, Rewriting] = {}
    for rewriting in sorted(found, key=lambda r: -r.score):
        distinct.setdefault(rewriting.text.casefold(), rewriting)
    distinct.pop(question.casefold(), None)
    distinct.pop(last.question.casefold(), None)
    return list(distinct.values())


def _stem(question: str) -> str:
    return question.rstrip(" ?.!")


def _with_antecedent(
    question: str, anaphor: Anaphor, mentions: Sequence[Mention]
) -> Iterable[Rewriting]:
    """Yield ``question`` with each mention that fits in place of the pronoun."""
    for mention in mentions:
        fitness = _fitness(mention, anaphor.form)
        is_named = mention.text.casefold() in _after_that(question, mention.turn).casefold()
        if is_named or fitness <= _MISFIT:
            continue
        score = _SOURCE_SCORES[mention.source] - _PER_TURN * mention.age + fitness
        words = _inflected(question, anaphor, mention.text)
        text = question[: anaphor.start] + words + question[anaphor.end :]
        yield Rewriting(_without_lead_in(_after_that(text, mention.turn)), score)


def _after_that(text: str, turn: PreviousTurn) -> str:
    """Return ``text`` with the last answer in place of "that" in "after that"."""
    if not turn.short:
        return text
    return _AFTER_THAT.sub(lambda match: f"{match[1]} {turn.short}", text)


def _inflected(question: str, anaphor: Anaphor, text: str) -> str:
    """Return ``text`` with the ending or the preposition that the pronoun stands for."""
    if anaphor.possessive:
        return f"{text}'" if text.endswith("s") else f"{text}'s"
    before = words_of(question[: anaphor.start])
    has_preposition = bool(before) and before[-1].low in PREPOSITIONS
    needs_preposition = anaphor.form in (Form.PLACE, Form.TIME) and not has_preposition
    return f"in {text}" if needs_preposition else text


def _without_lead_in(text: str) -> str:
    """Return ``text`` without "And" and the like at its start, with a capital letter there."""
    words = words_of(text)
    at = 0
    while at < len(words) - 1 and words[at].low in LEAD_INS:
        at += 1
    rest = text[words[at].start :] if words else text
    return rest[:1].upper() + rest[1:]


def _with_wh(wh: str, last: PreviousTurn) -> list[Rewriting]:
    """Return the last question with another wh-phrase: "Why?" after "When was it sold?"."""
    phrase = wh[:1].upper() + wh[1:]
    words = words_of(last.question)
    body, is_subject = _wh_phrase(words)
    stem = _stem(last.question)
    if body is None:  # the last question does not open with a wh-word
        if words and words[0].low in AUXILIARIES:
            return [Rewriting(f"{phrase} {stem[:1].lower()}{stem[1:]}?", _ELLIPSIS_SCORE)]
        return [Rewriting(f"{phrase}: {stem}?", _ELLIPSIS_SCORE)]
    rest = stem[words[body].start :] if body < len(words) else ""
    if is_subject:
        cleft = f"was it that {last.short} " if last.short else ""
        return [Rewriting(f"{phrase} {cleft}{rest}?", _ELLIPSIS_SCORE)]
    if _lacks_subject(words, body):
        subject = _answer_or_noun(words[:body], stem, last.short)
        after = stem[words[body].end :]
        return [Rewriting(f"{phrase} {words[body].text} {subject}{after}?", _ELLIPSIS_SCORE)]
    found = [Rewriting(f"{phrase} {rest}?", _ELLIPSIS_SCORE)]
    if last.short and words[0].low in ("who", "whom", "what") and body == 1:
        found.append(Rewriting(f"{phrase} {rest} {last.short}?", _ELLIPSIS_SCORE + 0.5))
    return found


def _wh_phrase(words: Sequence[Word]) -> tuple[int | None, bool]:
    """Return where the wh-phrase of a question ends, and whether it is the subject."""
    at = 0
    while at < len(words) and words[at].low in LEAD_INS | PREPOSITIONS:
        at += 1
    if at == len(words) or words[at].low not in WH:
        return None, False
    for place in range(at + 1, len(words)):
        if words[place].low in AUXILIARIES:
            return place, False
    return at + 1, True


def _lacks_subject(words: Sequence[Word], body: int) -> bool:
    """Whether the wh-phrase is the subject of a participle: "How many people were killed?"."""
    named = words[0].low in ("who", "what", "which") or words[body - 1].low not in WH
    following = words[body + 1].low if body + 1 < len(words) else ""
    return named and words[body].low in BE and following.endswith(("ed", "en", "ing", "wn"))


def _answer_or_noun(head: Sequence[Word], stem: str, short: str | None) -> str:
    """Return the answer, or the noun that was asked for: "the people" of "how many people"."""
    nouns = [word for word in head if not word.is_function and word.low not in ("many", "much")]
    if short and (any(map(str.isalpha, short)) or not nouns):
        return short
    return f"the {stem[nouns[0].start : nouns[-1].end]}" if nouns else "it"


def _with_topic(rest: str, mentions: Sequence[Mention], last: PreviousTurn) -> Iterable[Rewriting]:
    """Yield the last question with what is asked about in place of what it mentioned."""
    stem = _stem(last.question)
    if rest.casefold() in ("before", "after"):  # "And before that?"
        if last.short:
            yield Rewriting(f"{stem} {rest.casefold()} {last.short}?", _ELLIPSIS_SCORE)
        return
    asked = words_of(rest)
    preposition = asked[0].low if asked[0].low in PREPOSITIONS and len(asked) > 1 else ""
    topic = rest[asked[1].start :] if preposition else rest
    for mention in mentions:
        at = stem.find(mention.text)
        if mention.turn is not last or mention.source not in _IN_QUESTION or at < 0:
            continue
        before = words_of(stem[:at])
        if preposition and not (before and before[-1].low == preposition):
            continue
        score = _topic_similarity(topic, mention) + bool(preposition)
        new = topic.removeprefix("the ") if stem[:at].endswith("the ") else topic
        yield Rewriting(f"{stem[:at]}{new}{stem[at + len(mention.text) :]}?", score)
    if preposition:
        yield Rewriting(f"{stem} {rest}?", 1.0)
    elif topic[:1].isdigit():
        yield Rewriting(f"{stem} in {topic}?", 0.5)
    else:
        yield Rewriting(f"{stem} regarding {topic}?", -0.5)


def _topic_similarity(topic: str, mention: Mention) -> float:
    """Return how likely a topic replaces a mention: a name a name, a number a number."""
    names = mention.is_name == any(map(str.isupper, topic))
    numbers = topic[:1].isdigit() == mention.text[:1].isdigit()
    return 0.5 * names + 1.0 * numbers + 0.5 * (mention.source is Source.SUBJECT)


_MIN_PROBABILITY = 0.01
_MAX_LOGIT = logit(1 - _MIN_PROBABILITY)
Confidence = Callable[[str], float]
"""Returns the probability, in 0..1, that the answer found for a question is right."""
_MAX_CANDIDATES = 4
"""Rewritings that are read; docs/research-notes.md has the values tried."""
_RULES_WEIGHT = 0.8
"""Weight of the rules' score, beside logits of the reader's confidence."""


def resolve(question: str, turns: Sequence[PreviousTurn], confidence_of: Confidence | None) -> str:
    """Return ``question`` as a complete question; unchanged if it refers to nothing.

    Without ``confidence_of`` only the rules decide.
    """
    anaphor = find_anaphor(question) if turns else None
    if anaphor is None:
        return question
    found = rewritings(question, anaphor, mentions_of(turns), turns[-1])
    if not found:
        return question
    if confidence_of is None or len(found) == 1:
        return found[0].text
    return _most_confident(found[:_MAX_CANDIDATES], confidence_of)


def _most_confident(found: Sequence[Rewriting], confidence_of: Confidence) -> str:
    """Return the best rewriting; those that cannot become the best are not read."""
    best, text = -math.inf, ""
    for rewriting in found:
        by_rules = _RULES_WEIGHT * rewriting.score
        if best >= _MAX_LOGIT + by_rules:
            break
        probability = confidence_of(rewriting.text)
        clipped = min(1 - _MIN_PROBABILITY, max(_MIN_PROBABILITY, probability))
        if logit(clipped) + by_rules > best:
            best, text = logit(clipped) + by_rules, rewriting.text
    return text

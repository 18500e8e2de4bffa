"""Rewrite a follow-up question as a complete question."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from qa.conversation.anaphora import Anaphor, Form, Kind, find_anaphor, pronoun_of
from qa.conversation.entities import Exchange, Mention, Source, fitness, mentions_of
from qa.conversation.question_words import (
    AUXILIARIES,
    BE,
    LEAD_INS,
    PREPOSITIONS,
    WH,
    Word,
    words_of,
)
from qa.reading.calibration import logit

_PRIOR = {
    Source.SUBJECT: 2.0,
    Source.QUESTION: 1.2,
    Source.SHORT: 1.2,
    Source.TITLE: 0.8,
    Source.QUOTE: 0.0,
}
_PER_TURN = 0.7
"""What a mention loses with each turn that it is back."""
_MISFIT = -2.0
_AFTER_THAT = re.compile(r"\b(after|before|besides|since|than) (?:that|this)(?=[ ]*[?.!]*$)", re.I)
_ALWAYS = 3.0
# Irregular ones, which have no typical ending.
_PARTICIPLES = frozenset(
    "set put cut hit shut held sold told made found led laid paid shot lost won caught".split()
)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A rewritten question, and how well its antecedent fits by the rules."""

    text: str
    prior: float


def rewritings(
    question: str, anaphor: Anaphor, mentions: Sequence[Mention], last: Exchange
) -> list[Rewriting]:
    """Return rewritings of ``question`` that name what it refers to, most likely first."""
    if anaphor.kind is Kind.BARE:
        found = _with_wh(anaphor.rest, last)
        if own := pronoun_of(question):  # "When did it happen?": what was asked, or a thing
            found += _replaced(question, own, mentions)
    elif anaphor.kind is Kind.ELSE:
        found = _besides(last)
    elif anaphor.kind is Kind.ABOUT:
        found = list(_about(anaphor.rest, mentions, last))
    else:
        found = list(_replaced(question, anaphor, mentions))
    distinct: dict[str, Rewriting] = {}
    for rewriting in sorted(found, key=lambda r: -r.prior):
        distinct.setdefault(rewriting.text.casefold(), rewriting)
    distinct.pop(question.casefold(), None)
    distinct.pop(last.question.casefold(), None)
    return list(distinct.values())


# --- a pronoun ---------------------------------------------------------------------------


def _replaced(question: str, anaphor: Anaphor, mentions: Sequence[Mention]) -> Iterable[Rewriting]:
    for mention in mentions:
        asked = _after_that(question, mention.exchange).casefold()
        if mention.text.casefold() in asked:
            continue
        fits = fitness(mention, anaphor.form)
        if fits <= _MISFIT:
            continue
        prior = _PRIOR[mention.source] - _PER_TURN * mention.age + fits
        words = _in_place(question, anaphor, mention)
        text = question[: anaphor.start] + words + question[anaphor.end :]
        yield Rewriting(without_lead_in(_after_that(text, mention.exchange)), prior)


def _after_that(text: str, exchange: Exchange) -> str:
    """Return ``text`` with what "after that" comes after: the last answer."""
    if not exchange.short:
        return text
    return _AFTER_THAT.sub(lambda match: f"{match[1]} {exchange.short}", text)


def _in_place(question: str, anaphor: Anaphor, mention: Mention) -> str:
    text = mention.text
    if anaphor.possessive:
        return f"{text}'" if text.endswith("s") else f"{text}'s"
    before = words_of(question[: anaphor.start])
    if anaphor.form in (Form.PLACE, Form.TIME) and not (before and before[-1].low in PREPOSITIONS):
        return f"in {text}"
    return text


def without_lead_in(text: str) -> str:
    """Return ``text`` without "And" and the like in front, and with a capital letter there."""
    words = words_of(text)
    at = 0
    while at < len(words) - 1 and words[at].low in LEAD_INS:
        at += 1
    rest = text[words[at].start :] if words else text
    return rest[:1].upper() + rest[1:]


# --- ellipsis: the last question once more, in part -------------------------------------


def _with_wh(wh: str, last: Exchange) -> list[Rewriting]:
    """Return the last question with another wh-phrase: "Why?" after "When was it sold?"."""
    phrase = wh[:1].upper() + wh[1:]
    words = words_of(last.question)
    body, subject = _split(words)
    stem = last.question.rstrip(" ?.!")
    if body is None:  # not a question that opens with a wh-word
        if words and words[0].low in AUXILIARIES:
            return [Rewriting(f"{phrase} {stem[:1].lower()}{stem[1:]}?", _ALWAYS)]
        return [Rewriting(f"{phrase}: {stem}?", _ALWAYS)]
    rest = stem[words[body].start :] if body < len(words) else ""
    if not subject and _lacks_subject(words, body):
        noun = _asked_for(words[:body], stem, last.short)
        behind = stem[words[body].end :]
        return [Rewriting(f"{phrase} {words[body].text} {noun}{behind}?", _ALWAYS)]
    if not subject:
        found = [Rewriting(f"{phrase} {rest}?", _ALWAYS)]
        if last.short and _has_gap(words, body):
            found.append(Rewriting(f"{phrase} {_filled(rest, last.short)}?", _ALWAYS + 0.5))
        return found
    if last.short:
        return [Rewriting(f"{phrase} was it that {last.short} {rest}?", _ALWAYS)]
    return [Rewriting(f"{phrase} {rest}?", _ALWAYS)]


def _split(words: Sequence[Word]) -> tuple[int | None, bool]:
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
    following = words[body + 1] if body + 1 < len(words) else None
    participle = following is None or (
        following.low.endswith(("ed", "en", "ing", "wn", "lt", "nt"))
        or following.low in _PARTICIPLES
    )
    return named and words[body].low in BE and participle and following is not None


def _asked_for(head: Sequence[Word], stem: str, short: str | None) -> str:
    """Return the answer, or the noun that was asked for: "the people" of "how many people"."""
    nouns = [word for word in head if not word.is_function and word.low not in ("many", "much")]
    if short and (any(map(str.isalpha, short)) or not nouns):
        return short
    return f"the {stem[nouns[0].start : nouns[-1].end]}" if nouns else "it"


def _has_gap(words: Sequence[Word], body: int) -> bool:
    """Whether the wh-phrase asks for an object: "Who did Rubio call?"."""
    asked = [word.low for word in words[:body]]
    adverbial = {"when", "where", "why", "how"}.intersection(asked[:1])
    time = {"year", "date", "day", "month", "time", "way", "reason"}.intersection(asked)
    return not adverbial and not time and asked[0] not in PREPOSITIONS


def _filled(rest: str, short: str) -> str:
    """Return the rest of a question with its answer put in, after the verb or at the end."""
    words = words_of(rest)
    for at in range(len(words) - 1, 1, -1):
        if words[at].low in PREPOSITIONS and at > 2:  # noqa: PLR2004 - behind auxiliary and subject
            cut = words[at].start
            if words[0].low in BE:
                break
            return f"{rest[:cut]}{short} {rest[cut:]}"
    return f"{rest} {short}"


def _besides(last: Exchange) -> list[Rewriting]:
    if not last.short:
        return []
    stem = last.question.rstrip(" ?.!")
    return [Rewriting(f"{stem} other than {last.short}?", _ALWAYS)]


def _about(rest: str, mentions: Sequence[Mention], last: Exchange) -> Iterable[Rewriting]:
    """Yield the last question with what is asked about in place of what it named."""
    asked = words_of(rest)
    stem = last.question.rstrip(" ?.!")
    if rest.casefold() in ("before", "after"):  # "And before that?"
        if last.short:
            yield Rewriting(f"{stem} {rest.casefold()} {last.short}?", _ALWAYS)
        return
    lead = asked[0].low if asked[0].low in PREPOSITIONS and len(asked) > 1 else ""
    own = rest[asked[1].start :] if lead else rest
    for mention in mentions:
        if mention.exchange is not last or mention.source not in (Source.SUBJECT, Source.QUESTION):
            continue
        at = stem.find(mention.text)
        if at < 0 or mention.text.casefold() == own.casefold():
            continue
        before = words_of(stem[:at])
        same = bool(lead) and bool(before) and before[-1].low == lead
        alike = mention.is_name == any(map(str.isupper, own))
        number = own[:1].isdigit() == mention.text[:1].isdigit()
        prior = 1.0 * same + 0.5 * alike + 1.0 * number + 0.5 * (mention.source is Source.SUBJECT)
        if lead and not same:
            continue
        put = own.removeprefix("the ") if stem[:at].endswith("the ") else own
        yield Rewriting(f"{stem[:at]}{put}{stem[at + len(mention.text) :]}?", prior)
    if lead:
        yield Rewriting(f"{stem} {rest}?", 1.0)
    elif own[:1].isdigit():
        yield Rewriting(f"{stem} in {own}?", 0.5)
    else:
        yield Rewriting(f"{stem} regarding {own}?", -0.5)


_LEAST = 0.01
_HIGHEST = logit(1 - _LEAST)
Confidence = Callable[[str], float]
"""Returns the probability, in 0..1, that the answer found for a question is right."""


@dataclass(frozen=True, slots=True)
class RewritingWeights:
    """How a rewriting is chosen; docs/research-notes.md has the values tried."""

    candidates: int = 4
    """Rewritings that are read, besides the original question."""
    prior: float = 0.8
    """Weight of the rules' score, against logits of the reader's confidence."""


def resolve(
    question: str,
    exchanges: Sequence[Exchange],
    confidence_of: Confidence | None,
    weights: RewritingWeights = RewritingWeights(),
) -> str:
    """Return ``question`` as a complete question; unchanged if it refers to nothing.

    Without ``confidence_of`` only the rules decide.
    """
    anaphor = find_anaphor(question) if exchanges else None
    if anaphor is None:
        return question
    found = rewritings(question, anaphor, mentions_of(exchanges), exchanges[-1])
    if not found:
        return question
    return _chosen(question, anaphor, found[: weights.candidates], confidence_of, weights)


def _chosen(
    question: str,
    anaphor: Anaphor,
    found: Sequence[Rewriting],
    confidence_of: Confidence | None,
    weights: RewritingWeights,
) -> str:
    if confidence_of is None:
        return found[0].text if anaphor.must_resolve else question
    if len(found) == 1 and anaphor.must_resolve:
        return found[0].text
    best, text = _most_confident(found, confidence_of, weights.prior)
    if anaphor.must_resolve:
        return text
    # The unchanged question gets the prior of the most likely rewriting.
    stays = _logit(confidence_of(question)) + weights.prior * found[0].prior
    return text if best > stays else question


def _most_confident(
    found: Sequence[Rewriting], confidence_of: Confidence, weight: float
) -> tuple[float, str]:
    """Return the best score and its question; those that cannot reach it are not read."""
    best, text = -math.inf, ""
    for rewriting in found:
        if best >= _HIGHEST + weight * rewriting.prior:
            break
        score = _logit(confidence_of(rewriting.text)) + weight * rewriting.prior
        if score > best:
            best, text = score, rewriting.text
    return best, text


def _logit(probability: float) -> float:
    return logit(min(1 - _LEAST, max(_LEAST, probability)))

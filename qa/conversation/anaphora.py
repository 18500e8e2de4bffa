"""Find the words of a question that refer to an earlier one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from qa.conversation.question_words import (
    AUXILIARIES,
    BE,
    LEAD_INS,
    PREPOSITIONS,
    WH,
    Word,
    words_of,
)


class AnaphorType(Enum):
    """How a question refers to earlier turns."""

    PRONOUN = auto()
    """"When was it launched?\""""
    WHAT_ABOUT = auto()
    """"What about Pakistan?\", "And in 2020?\""""
    BARE_WH = auto()
    """"Why?\", "How many?\", "By whom?\""""
    ELSE = auto()
    """"Who else?\""""


class Form(Enum):
    """What kind of antecedent a pronoun has."""

    PERSON = auto()
    THING = auto()
    PLURAL = auto()
    EVENT = auto()
    """"this" and "that" without a noun."""
    PLACE = auto()
    TIME = auto()


@dataclass(frozen=True, slots=True)
class Anaphor:
    """The words of a question that refer to an earlier turn."""

    type: AnaphorType
    start: int
    end: int
    """Their offsets in the question, in characters."""
    form: Form = Form.THING
    possessive: bool = False
    rest: str = ""
    """What is asked about (WHAT_ABOUT), or the wh-phrase (BARE_WH, ELSE)."""


_FORMS = {
    **dict.fromkeys(("he", "him", "his", "himself", "she", "her", "hers"), Form.PERSON),
    **dict.fromkeys(("it", "its", "it's"), Form.THING),
    **dict.fromkeys(("they", "them", "their", "theirs"), Form.PLURAL),
}
_OBJECT = frozenset("him her it them".split())


def _is_bound(words: list[Word], at: int) -> bool:
    """Return whether the pronoun at ``at`` may refer to an earlier word of the same question.

    That is any content word after the wh-phrase, except the verb of "Who called him?" and
    the noun of "the name of his wife". In doubt a pronoun is bound, so that complete
    questions are not changed.
    """
    before = [word for word in words[_body_of(words) : at] if not word.is_function]
    ends = at + 1 == len(words) or words[at + 1].is_function
    one_word = len(before) == 1 and not before[0].text[0].isupper()
    if one_word and before[0] is words[at - 1] and ends and words[at].low in _OBJECT:
        return False
    return bool(before) and not (one_word and words[at - 1].low == "of")


def _body_of(words: list[Word]) -> int:
    """Return the index of the word after the wh-phrase and its verb; 0 without a wh-phrase."""
    at = 0
    while at < len(words) and words[at].low in LEAD_INS | PREPOSITIONS:
        at += 1
    if at == len(words) or words[at].low not in WH | AUXILIARIES:
        return 0
    for place in range(at, len(words)):
        if words[place].low in AUXILIARIES:
            return place + 1
        if words[place].low in _FORMS:
            break
    return at + 1


_LEAD = rf"(?:(?:{'|'.join(sorted(LEAD_INS))})[, ]+)*"
_PREPOSITION = rf"(?:{'|'.join(sorted(PREPOSITIONS))})"
_END = r"[ ]*[?.!]*[ ]*$"
_KIND_NOUN = (
    r"(?:years?|days?|dates?|months?|times?|century|places?|city|cities|country|countries|ones?"
    r"|kinds?|types?|reasons?|ways?|parts?|people|persons?|languages?|teams?|states?|groups?)"
)
_HOW = r"how (?:many|much|long|often|far|old|big|large|tall|high|deep|fast|soon|late|wide)"
_BARE = re.compile(
    rf"{_LEAD}(?P<wh>(?:{_PREPOSITION} )?(?:{_HOW}(?: \w+)?|(?:what|which)(?: {_KIND_NOUN})?"
    r"|why|when|where|who|whom|whose|how)|how come|what for)"
    rf"(?: exactly| not| so| then| though| precisely)?{_END}",
    re.IGNORECASE,
)
_ELSE = re.compile(
    rf"{_LEAD}(?P<wh>(?:{_PREPOSITION} )?(?:who|whom|what|where|when|why)) else{_END}",
    re.IGNORECASE,
)
# "Why did he do that?" and "When did it happen?" refer to the whole earlier question;
# "How long is it?" refers to a thing.
_EVENT = re.compile(
    rf"{_LEAD}(?!{_HOW} (?:is|was) (?:he|she|it)\b)"
    rf"(?P<wh>(?:{_PREPOSITION} )?(?:why|when|where|how|what year|which year|{_HOW}))"
    r" (?:(?:did|does|do|has|have|is|was|would|will) (?:he|she|it|they|this|that|these|those)"
    r"(?: (?:do|done|happen|occur|take place|happening|say|said)(?: (?:that|this|it|so))?)?)"
    rf"{_END}",
    re.IGNORECASE,
)
_AROUND = re.compile(
    rf"{_LEAD}(?:what |who )?(?P<rest>(?:before|after)) (?:that|this|then){_END}", re.IGNORECASE
)
_ABOUT = re.compile(
    rf"{_LEAD}(?:(?:what|how) about|and(?: what)? (?:of|for))[ ]+(?P<rest>[^?.!]+?){_END}"
    rf"|(?:and|but)[, ]+(?P<fragment>[^?.!]+?){_END}",
    re.IGNORECASE,
)
_MAX_FRAGMENT_WORDS = 4


def _ellipsis_of(question: str) -> Anaphor | None:
    """Return the anaphor if ``question`` is elliptical as a whole; None if it is complete."""
    whole = len(question)
    if match := _ELSE.match(question):
        return Anaphor(AnaphorType.ELSE, 0, whole, rest=match["wh"])
    for pattern in (_BARE, _EVENT):
        if match := pattern.match(question):
            return Anaphor(AnaphorType.BARE_WH, 0, whole, rest=match["wh"])
    if match := _AROUND.match(question):
        return Anaphor(AnaphorType.WHAT_ABOUT, 0, whole, rest=match["rest"])
    if (match := _ABOUT.match(question)) and (rest := _fragment(match)):
        return Anaphor(AnaphorType.WHAT_ABOUT, 0, whole, rest=rest)
    return None


def _fragment(match: re.Match[str]) -> str:
    rest = match["rest"] or match["fragment"]
    words = [word.low for word in words_of(rest)]
    has_verb = {"it", "that", "this", "them", *AUXILIARIES, *WH}.intersection(words)
    return "" if has_verb or not 0 < len(words) <= _MAX_FRAGMENT_WORDS else rest


# "it" that refers to nothing.
_EXPLETIVE = re.compile(
    r"\b(?:(?:does|did|would|will|could) it (?:usually |often )?(?:take|cost|require)s?\b.*\bto\b"
    r"|(?:is|was) it (?:possible|important|necessary|easy|hard|difficult|common|true|likely|legal"
    r"|safe|said|believed|thought|known|suggested) (?:to|that|for)\b"
    r"|(?:is|was) it (?:when|since|the|a|an)\b|it called (?:when|if)\b"
    r"|it (?:is|was|has been) (?:\w+ly )?(?:said|believed|thought|known|possible|likely|claimed)"
    r"|mak(?:e|es|ing) it (?:\w+ )?(?:to|possible|hard|easy|difficult)|it rain|it snow)",
    re.IGNORECASE,
)
# "this" and "it" that refer to the article or to the chatbot.
_THE_ARTICLE = re.compile(
    rf"\b(?:what|who)(?: is|'s|’s) (?:this|it)(?: all| mostly)?(?: about)?{_END}"
    r"|\b(?:read|use) (?:this|it)\b|\bdoes (?:this|it) work\b|\bsummar\w+ (?:of )?(?:this|it)\b"
    rf"|\bdoes it say{_END}|\bin this{_END}",
    re.IGNORECASE,
)


def pronoun_of(question: str) -> Anaphor | None:
    """Return the first pronoun of ``question`` that refers to an earlier turn, if any does."""
    words = words_of(question)
    asks = any(word.low in WH | AUXILIARIES for word in words)
    if not asks or _THE_ARTICLE.search(question):
        return None
    for at, word in enumerate(words):
        if word.low in _FORMS:
            anaphor = _personal(question, words, at)
        elif word.low in ("this", "that", "these", "those"):
            anaphor = _demonstrative(words, at)
        else:
            anaphor = _adverb(words, at)
        if anaphor:
            return anaphor
    return None


def _personal(question: str, words: list[Word], at: int) -> Anaphor | None:
    word, before = words[at], words[at - 1].low if at else ""
    is_expletive = word.low == "it" and _EXPLETIVE.search(question)
    if is_expletive or before in ("the", "a", "an") or _is_bound(words, at):
        return None
    followed = at + 1 < len(words) and not words[at + 1].is_function
    possessive = word.low in ("his", "its", "their") or (word.low == "her" and followed)
    form = _FORMS[word.low]
    return Anaphor(AnaphorType.PRONOUN, word.start, word.end, form, possessive)


def _adverb(words: list[Word], at: int) -> Anaphor | None:
    """Return "there" at the end, and "then" at the end or after a preposition."""
    word, before = words[at], words[at - 1].low if at else ""
    is_last = at == len(words) - 1
    if word.low == "there" and is_last and at > 1 and before not in AUXILIARIES:
        return Anaphor(AnaphorType.PRONOUN, word.start, word.end, Form.PLACE)
    if word.low == "then" and at and (is_last or before in PREPOSITIONS):
        return Anaphor(AnaphorType.PRONOUN, word.start, word.end, Form.TIME)
    return None


def _demonstrative(words: list[Word], at: int) -> Anaphor | None:
    """Return "this", "that", "these" or "those" without a noun, unless it joins clauses."""
    word, before = words[at], words[at - 1].low if at else ""
    form = Form.PLURAL if word.low in ("these", "those") else Form.EVENT
    anaphor = Anaphor(AnaphorType.PRONOUN, word.start, word.end, form)
    if at + 1 == len(words):
        return anaphor
    following = words[at + 1]
    joins = word.low == "that" and (
        before not in AUXILIARIES or following.is_capital or following.low in ("a", "an", "the")
    )
    if joins or following.low in WH:  # "those who left"
        return None
    if following.is_function or following.low.endswith(("ed", "en")):
        return anaphor
    # "What did this cause?", but not "What did this treaty cause?"
    is_object = before in AUXILIARIES - BE and at + 2 == len(words)
    return anaphor if is_object else None


def find_anaphor(question: str) -> Anaphor | None:
    """Return the anaphor of ``question``: the whole of it, or its first such word."""
    return _ellipsis_of(question) or pronoun_of(question)


def is_follow_up(question: str) -> bool:
    """Return whether ``question`` may refer to an earlier one."""
    return find_anaphor(question) is not None

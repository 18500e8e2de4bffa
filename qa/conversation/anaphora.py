"""Find the words of a question that refer to an earlier one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from index.search.text_index import STOP_WORDS

_WORD = re.compile(r"\d[\d.,]*\d|[^\W_](?:[\w.’'&\-–]*[^\W_])?", re.UNICODE)
_POSSESSIVE = re.compile(r"[’']s?$")

WH = frozenset("who whom whose what which when where why how".split())
BE = frozenset("is are was were be been being".split())
AUXILIARIES = BE | frozenset(
    "did do does has have had can could will would shall should may might must isn't wasn't "
    "aren't weren't didn't don't doesn't hasn't haven't hadn't can't couldn't won't".split()
)
PREPOSITIONS = frozenset(
    "in on at of for from to by with about after before since until during under over into "
    "against between through within besides like than near behind among as without toward "
    "towards despite".split()
)
LEAD_INS = frozenset("and but so ok okay then also well yes no now".split())
# Particles between the words of a name.
_JOINING = frozenset("of de la von van der den du".split())


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its offsets in a text, in characters."""

    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        """The word in lower case, with a plain apostrophe."""
        return self.text.casefold().replace("’", "'")

    @property
    def is_capital(self) -> bool:
        """Whether it begins with a capital letter or a digit, as words of names do."""
        return self.text[0].isupper() or self.text[0].isdigit()

    @property
    def is_function(self) -> bool:
        """Whether it is a function word, which names nothing."""
        low = self.low
        return low in STOP_WORDS or low in AUXILIARIES or low in PREPOSITIONS or low in LEAD_INS


def words_of(text: str) -> list[Word]:
    """Return the words of ``text``, with the hyphens, apostrophes and full stops inside them."""
    return [Word(m[0], m.start(), m.end()) for m in _WORD.finditer(text)]


def bare(text: str) -> str:
    """Return ``text`` without a possessive ending."""
    return _POSSESSIVE.sub("", text)


def names_in(text: str) -> list[str]:
    """Return the runs of capitalised words and of numbers, in order, without repeats.

    A function word at the start, of a sentence for example, is not part of a name.
    """
    names: list[str] = []
    run: list[Word] = []
    for word in [*words_of(text), None]:
        if word is not None and _continues(text, run, word):
            run.append(word)
            continue
        if name := _trimmed(text, run):
            names.append(name)
        run = [word] if word is not None and word.is_capital and not word.is_function else []
    return list(dict.fromkeys(names))


def _continues(text: str, run: list[Word], word: Word) -> bool:
    if not run or _POSSESSIVE.search(run[-1].text):
        return False
    between = text[run[-1].end : word.start]
    initial = len(word.text) == 1 and word.text.isupper()
    inside = (word.is_capital and not word.is_function) or initial or word.low in _JOINING
    return between in (" ", " ‘", " “", ". ") and inside


def _trimmed(text: str, run: list[Word]) -> str:
    while run and (run[-1].low in _JOINING):
        run = run[:-1]
    return bare(text[run[0].start : run[-1].end]) if run else ""


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

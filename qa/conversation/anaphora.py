"""Find the words of a question that refer to an earlier one."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
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


class Kind(Enum):
    """How a question refers to earlier ones."""

    PRONOUN = auto()
    """"When was it launched?\""""
    ABOUT = auto()
    """"What about Pakistan?\", "And in 2020?\""""
    BARE = auto()
    """"Why?\", "How many?\", "By whom?\""""
    ELSE = auto()
    """"Who else?\""""


class Form(Enum):
    """What may be put in place of a pronoun."""

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

    kind: Kind
    start: int
    end: int
    """Their offsets in the question, in characters."""
    form: Form = Form.THING
    possessive: bool = False
    rest: str = ""
    """What is asked about (ABOUT), or the wh-phrase (BARE, ELSE)."""
    must_resolve: bool = True
    """Whether the question says too little to be asked unchanged."""


FORMS = {
    **dict.fromkeys(("he", "him", "his", "himself", "she", "her", "hers"), Form.PERSON),
    **dict.fromkeys(("it", "its", "it's"), Form.THING),
    **dict.fromkeys(("they", "them", "their", "theirs"), Form.PLURAL),
}
_OBJECT = frozenset("him her it them".split())


def is_bound(words: list[Word], at: int) -> bool:
    """Return whether the pronoun at ``at`` follows something that it may refer to.

    That is any content word after the wh-phrase, but for the verb of "Who called him?" and
    the noun of "the name of his wife". In doubt a pronoun is bound: a complete question
    must not be changed. Finer rules (subjects, possessives, clauses) did no better on
    dialogues.
    """
    before = [word for word in words[body_of(words) : at] if not word.is_function]
    ends = at + 1 == len(words) or words[at + 1].is_function
    one_word = len(before) == 1 and not is_name(before[0])
    if one_word and before[0] is words[at - 1] and ends and words[at].low in _OBJECT:
        return False
    return bool(before) and not (one_word and words[at - 1].low == "of")


def body_of(words: list[Word]) -> int:
    """Return the index of the word after the wh-phrase and its verb; 0 without a wh-phrase."""
    at = 0
    while at < len(words) and words[at].low in LEAD_INS | PREPOSITIONS:
        at += 1
    if at == len(words) or words[at].low not in WH | AUXILIARIES:
        return 0
    for place in range(at, len(words)):
        if words[place].low in AUXILIARIES:
            return place + 1
        if words[place].low in FORMS:
            break
    return at + 1


def is_name(word: Word) -> bool:
    """Return whether a word is of a name."""
    return word.text[0].isupper() and not word.is_function


_LEAD = rf"(?:(?:{'|'.join(sorted(LEAD_INS))})[, ]+)*"
_PREPOSITION = rf"(?:{'|'.join(sorted(PREPOSITIONS))})"
END = r"[ ]*[?.!]*[ ]*$"
_KIND_NOUN = (
    r"(?:years?|days?|dates?|months?|times?|cent(?:ury|uries)|places?|cit(?:y|ies)|countr(?:y|ies)"
    r"|ones?|kinds?|types?|sorts?|reasons?|ways?|parts?|sides?|people|persons?|languages?|teams?"
    r"|states?|groups?)"
)
_HOW = r"how (?:many|much|long|often|far|old|big|large|tall|high|deep|fast|soon|late|wide)"
_BARE = re.compile(
    rf"{_LEAD}(?P<wh>(?:{_PREPOSITION} )?(?:{_HOW}(?: \w+)?|(?:what|which)(?: {_KIND_NOUN})?"
    r"|why|when|where|who|whom|whose|how)|how come|what for)"
    rf"(?: exactly| not| so| then| though| precisely)?{END}",
    re.IGNORECASE,
)
_ELSE = re.compile(
    rf"{_LEAD}(?P<wh>(?:{_PREPOSITION} )?(?:who|whom|what|where|when|why)) else{END}",
    re.IGNORECASE,
)
# "Why did he do that?", "When did it happen?": the whole of what was asked. "How long is
# it?" asks for a thing.
_EVENT = re.compile(
    rf"{_LEAD}(?!{_HOW} (?:is|was) (?:he|she|it)\b)"
    rf"(?P<wh>(?:{_PREPOSITION} )?(?:why|when|where|how|what year|which year|{_HOW}))"
    r" (?:(?:did|does|do|has|have|is|was|would|will) (?:he|she|it|they|this|that|these|those)"
    r"(?: (?:do|done|happen|occur|take place|happening|say|said)(?: (?:that|this|it|so))?)?)"
    rf"{END}",
    re.IGNORECASE,
)
_AROUND = re.compile(
    rf"{_LEAD}(?:what |who )?(?P<rest>(?:before|after)) (?:that|this|then){END}", re.IGNORECASE
)
_ABOUT = re.compile(
    rf"{_LEAD}(?:(?:what|how) about|and(?: what)? (?:of|for))[ ]+(?P<rest>[^?.!]+?){END}"
    rf"|(?:and|but)[, ]+(?P<fragment>[^?.!]+?){END}",
    re.IGNORECASE,
)
_MAX_FRAGMENT = 4


def ellipsis_of(question: str) -> Anaphor | None:
    """Return what the whole of ``question`` is a part of; None if it is a whole sentence."""
    whole = len(question)
    if match := _ELSE.match(question):
        return Anaphor(Kind.ELSE, 0, whole, rest=match["wh"])
    for pattern in (_BARE, _EVENT):
        if match := pattern.match(question):
            return Anaphor(Kind.BARE, 0, whole, rest=match["wh"])
    if match := _AROUND.match(question):
        return Anaphor(Kind.ABOUT, 0, whole, rest=match["rest"])
    if (match := _ABOUT.match(question)) and (rest := _fragment(match)):
        return Anaphor(Kind.ABOUT, 0, whole, rest=rest)
    return None


def _fragment(match: re.Match[str]) -> str:
    rest = match["rest"] or match["fragment"]
    words = [word.low for word in words_of(rest)]
    verbal = {"it", "that", "this", "them", *AUXILIARIES, *WH}.intersection(words)
    return "" if verbal or not 0 < len(words) <= _MAX_FRAGMENT else rest


_POSSESSIVE = frozenset("his its their".split())
_SUBJECTS = frozenset("he she they".split())
_CLAUSE_PREPOSITIONS = frozenset("after before since until than like as".split())
# "this possible" has no noun.
_ADJECTIVES = frozenset(
    "possible true different important common so bad good necessary successful wrong".split()
)
# "Scratch that", "not her": a speaker who corrects a slip.
_CORRECTING = frozenset("scratch cancel make strike forget not nevermind mean".split())
_FEW_WORDS = 3
# "it" that refers to nothing.
_EXPLETIVE = re.compile(
    r"\b(?:(?:does|did|would|will|could) it (?:usually |often )?(?:take|cost|require)s?\b.*\bto\b"
    r"|(?:is|was) it (?:possible|important|necessary|easy|hard|difficult|common|true|likely|legal"
    r"|safe|said|believed|thought|known|suggested) (?:to|that|for)\b"
    r"|(?:is|was) it (?:when|since)\b|since it's been\b"
    r"|(?:is|was) it (?:the|a|an) .*\b(?:that|who) \w|it called (?:when|if)\b"
    r"|it (?:is|was|has been) (?:\w+ly )?"
    r"(?:said|believed|thought|known|possible|impossible|likely|claimed|estimated|argued)"
    r"|mak(?:e|es|ing) it (?:\w+ )?(?:to|possible|hard|easy|difficult)|(?:does|did) it mean to"
    r"|it rain|it snow)",
    re.IGNORECASE,
)
# "this" and "it" that are the article, or the chatbot.
_THE_ARTICLE = re.compile(
    rf"\b(?:what|who)(?: is|'s|’s) (?:this|it)(?: all| mostly)?(?: about)?{END}"
    r"|\b(?:read|use) (?:this|it)\b|\bdoes (?:this|it) work\b|\bsummar\w+ (?:of )?(?:this|it)\b"
    rf"|\bdoes it say{END}|\bin this{END}",
    re.IGNORECASE,
)
# What is asked about the article in hand is not about an earlier question.
_ARTICLE_NOUNS = frozenset(
    "article paper study text document page story report book policy website site chapter "
    "passage paragraph post chatbot bot app".split()
)


def pronoun_of(question: str) -> Anaphor | None:
    """Return the first word of ``question`` that refers to an earlier turn, if any does."""
    words = words_of(question)
    asks = any(word.low in WH | AUXILIARIES for word in words)
    if not asks or _THE_ARTICLE.search(question):
        return None
    for at, word in enumerate(words):
        low = word.low
        if at and words[at - 1].low in _CORRECTING:
            continue
        if low in FORMS:
            found = _personal(question, words, at)
        elif low in ("this", "that", "these", "those"):
            found = _demonstrative(words, at)
        else:
            found = _adverb(words, at)
        if found:
            return replace(found, must_resolve=_says_little(words, found))
    return None


def _says_little(words: list[Word], anaphor: Anaphor) -> bool:
    if anaphor.start == _start(words) and anaphor.form in (Form.PERSON, Form.THING, Form.PLURAL):
        return not anaphor.possessive or not _is_named_later(words, anaphor)
    others = [w for w in words if not anaphor.start <= w.start < anaphor.end and not w.is_function]
    return len(others) <= _FEW_WORDS and not any(word.is_capital for word in others)


def _start(words: list[Word]) -> int:
    """Return where the subject begins, in characters, if it follows the verb: "When did it …"."""
    body = body_of(words)
    behind = 0 < body < len(words) and words[body - 1].low in AUXILIARIES
    return words[body].start if behind else -1


def _is_named_later(words: list[Word], anaphor: Anaphor) -> bool:
    """Whether a name follows: "How did his brothers feel when Assipattle spoke?"."""
    return any(is_name(word) for word in words if word.start > anaphor.start)


def _personal(question: str, words: list[Word], at: int) -> Anaphor | None:
    word, before = words[at], words[at - 1].low if at else ""
    if word.low == "it" and _EXPLETIVE.search(question):
        return None
    if before in ("the", "a", "an"):
        return None
    if word.low in _SUBJECTS and before in PREPOSITIONS - _CLAUSE_PREPOSITIONS:
        return None  # "in he basin": a slip of the keyboard
    if is_bound(words, at):
        return None
    followed = at + 1 < len(words) and not words[at + 1].is_function
    possessive = word.low in _POSSESSIVE or (word.low == "her" and followed)
    return Anaphor(Kind.PRONOUN, word.start, word.end, FORMS[word.low], possessive)


def _adverb(words: list[Word], at: int) -> Anaphor | None:
    word = words[at]
    if word.low == "there" and _is_place(words, at):
        return Anaphor(Kind.PRONOUN, word.start, word.end, Form.PLACE)
    if word.low == "then" and at and (at == len(words) - 1 or words[at - 1].low in PREPOSITIONS):
        return Anaphor(Kind.PRONOUN, word.start, word.end, Form.TIME)
    return None


def _is_place(words: list[Word], at: int) -> bool:
    """Whether "there" names a place, and is not of "there is"."""
    near = {word.low for word in words[max(0, at - 2) : at] + words[at + 1 : at + 3]}
    existing = near & (BE | {"exist", "exists", "existed", "must", "may"})
    if at == len(words) - 1 and at > 1 and words[at - 1].low not in AUXILIARIES:
        return True
    return not existing and words[at - 1].low != "where"


def _demonstrative(words: list[Word], at: int) -> Anaphor | None:
    """Return what "this", "that", "these" or "those" points at, unless it is a conjunction."""
    word, low = words[at], words[at].low
    before = words[at - 1].low if at else ""
    following = words[at + 1] if at + 1 < len(words) else None
    form = Form.PLURAL if low in ("these", "those") else Form.EVENT
    anaphor = Anaphor(Kind.PRONOUN, word.start, word.end, form)
    if following is None:
        return anaphor
    if _joins(low, before, following) or following.low in _ARTICLE_NOUNS:
        return None
    if (
        following.is_function
        or following.low.endswith(("ed", "en"))
        or following.low in _ADJECTIVES
    ):
        return anaphor if low != "that" or before in AUXILIARIES else None
    if before in AUXILIARIES - BE and not _ends_in_noun(words, at):
        # "What did this cause?" against "What did this treaty cause?"
        return replace(anaphor, form=Form.EVENT)
    return None  # "this motor" says what it is


def _joins(low: str, before: str, following: Word) -> bool:
    """Whether "that" joins clauses, and "those" only heads one: "those who left"."""
    if low == "those":
        return following.is_function or before == "of"
    relative = before not in AUXILIARIES | PREPOSITIONS and before != ""
    named = following.is_capital or following.low in ("a", "an", "the")
    return low == "that" and (relative or named)


def _ends_in_noun(words: list[Word], at: int) -> bool:
    """Whether a word between "this" and the verb of the question could be a noun."""
    return at + 2 < len(words) and not words[at + 2].is_function


def is_follow_up(question: str) -> bool:
    """Return whether ``question`` may refer to an earlier one."""
    return find_anaphor(question) is not None


def find_anaphor(question: str) -> Anaphor | None:
    """Return the anaphor of ``question``: the whole of it, or its first such word."""
    return ellipsis_of(question) or pronoun_of(question)

"""Pronouns, "there" and "then": words of a question that may point back."""

from __future__ import annotations

import re
from dataclasses import replace

from qa.followup.binding import FORMS, body_of, is_bound, is_name
from qa.followup.ellipsis import END
from qa.followup.pointers import Form, Kind, Pointer
from qa.followup.words import AUXILIARIES, BE, PREPOSITIONS, WH, Word, words_of

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
# "it" that stands for nothing.
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


def pronoun_of(question: str) -> Pointer | None:
    """Return the first word of ``question`` that points back, if any does."""
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
            return replace(found, sure=_says_little(words, found))
    return None


def _says_little(words: list[Word], pointer: Pointer) -> bool:
    if pointer.start == _start(words) and pointer.form in (Form.PERSON, Form.THING, Form.PLURAL):
        return not pointer.possessive or not _is_named_later(words, pointer)
    others = [w for w in words if not pointer.start <= w.start < pointer.end and not w.is_function]
    return len(others) <= _FEW_WORDS and not any(word.is_capital for word in others)


def _start(words: list[Word]) -> int:
    """Return where the subject begins, in characters, if it follows the verb: "When did it …"."""
    body = body_of(words)
    behind = 0 < body < len(words) and words[body - 1].low in AUXILIARIES
    return words[body].start if behind else -1


def _is_named_later(words: list[Word], pointer: Pointer) -> bool:
    """Whether a name follows: "How did his brothers feel when Assipattle spoke?"."""
    return any(is_name(word) for word in words if word.start > pointer.start)


def _personal(question: str, words: list[Word], at: int) -> Pointer | None:
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
    return Pointer(Kind.PRONOUN, word.start, word.end, FORMS[word.low], possessive)


def _adverb(words: list[Word], at: int) -> Pointer | None:
    word = words[at]
    if word.low == "there" and _is_place(words, at):
        return Pointer(Kind.PRONOUN, word.start, word.end, Form.PLACE)
    if word.low == "then" and at and (at == len(words) - 1 or words[at - 1].low in PREPOSITIONS):
        return Pointer(Kind.PRONOUN, word.start, word.end, Form.TIME)
    return None


def _is_place(words: list[Word], at: int) -> bool:
    """Whether "there" names a place, and is not of "there is"."""
    near = {word.low for word in words[max(0, at - 2) : at] + words[at + 1 : at + 3]}
    existing = near & (BE | {"exist", "exists", "existed", "must", "may"})
    if at == len(words) - 1 and at > 1 and words[at - 1].low not in AUXILIARIES:
        return True
    return not existing and words[at - 1].low != "where"


def _demonstrative(words: list[Word], at: int) -> Pointer | None:
    """Return what "this", "that", "these" or "those" points at, unless it is a conjunction."""
    word, low = words[at], words[at].low
    before = words[at - 1].low if at else ""
    following = words[at + 1] if at + 1 < len(words) else None
    alone = Form.PLURAL if low in ("these", "those") else Form.EVENT
    pointer = Pointer(Kind.PRONOUN, word.start, word.end, alone)
    if following is None:
        return pointer
    if _joins(low, before, following) or following.low in _ARTICLE_NOUNS:
        return None
    if (
        following.is_function
        or following.low.endswith(("ed", "en"))
        or following.low in _ADJECTIVES
    ):
        return pointer if low != "that" or before in AUXILIARIES else None
    if before in AUXILIARIES - BE and not _ends_in_noun(words, at):
        # "What did this cause?" against "What did this treaty cause?"
        return replace(pointer, form=Form.EVENT)
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

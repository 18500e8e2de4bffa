"""Whether what a pronoun stands for may be named in the question itself.

A rough form of the principles of binding (Chomsky 1981): an object is not its clause's own
subject; a possessive, or a pronoun in a further clause, may well be. In doubt it is bound,
since a question that stands alone must be left alone.
"""

from __future__ import annotations

from qa.followup.pointers import Form
from qa.followup.words import AUXILIARIES, BE, LEAD_INS, PREPOSITIONS, WH, Word

FORMS = {
    **dict.fromkeys(("he", "him", "his", "himself", "she", "her", "hers"), Form.PERSON),
    **dict.fromkeys(("it", "its", "it's"), Form.THING),
    **dict.fromkeys(("they", "them", "their", "theirs"), Form.PLURAL),
}
_OBJECT = frozenset("him them".split())
# "Took the boy with him": the subject itself.
_REFLEXIVE_PREPOSITIONS = frozenset("with behind around beside near".split())
_BOUNDARIES = frozenset("that when after before while because if and or to whether as".split())


def is_bound(words: list[Word], at: int) -> bool:
    """Whether what the pronoun stands for may be named in the question itself."""
    body = body_of(words)
    before = words[body:at]
    form = FORMS[words[at].low]
    if body == 0 and any(word.low in WH for word in words[at:]):
        return True  # "Other than his science, what was Tesla known for?"
    if any(_is_possessive(word) or is_name(word) for word in words[:body]):
        return not _is_object(words, at) or form is Form.PERSON
    if not any(_names(word, form) for word in _without_front(before, body)):
        return form is Form.PERSON and words[at].low != "him" and _is_lexical(words, body, at)
    if _inside_own_phrase(words, body, at):
        return False
    further = any(word.low in _BOUNDARIES for word in before)
    if form is Form.PERSON:
        further = further or any(map(_is_possessive, before))
        further = further or sum(map(is_name, before)) > 1  # one of them is no subject
        further = further or words[at - 1].low in _REFLEXIVE_PREPOSITIONS
    return further or not _is_object(words, at)


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
        if words[place].low in FORMS or words[place].low in _BOUNDARIES - WH:
            break
    return at + 1


def _without_front(before: list[Word], body: int) -> list[Word]:
    """Leave the place or time in front out: "In Paris, what did he do?"."""
    fronted = body == 0 and before and before[0].low in ("in", "at", "on", "during")
    return before[2:] if fronted else before


def _is_possessive(word: Word) -> bool:
    return word.low.endswith(("'s", "s'"))


def is_name(word: Word) -> bool:
    """Return whether a word is of a name."""
    return word.text[0].isupper() and not word.is_function


def _names(word: Word, form: Form) -> bool:
    """Whether a word could be what a pronoun of this form stands for, or a part of it."""
    if word.is_function or word.low in FORMS or word.text[0].isdigit():
        return False
    return not word.low.endswith(("ing", "ly", "ed") if form is Form.PERSON else ("ing", "ly"))


def _is_lexical(words: list[Word], body: int, at: int) -> bool:
    """Whether the one that is asked for is the antecedent: "Who lost his job?"."""
    head = words[:body]
    asked = any(word.low == "who" for word in head)
    return asked and at > body and not any(word.low in AUXILIARIES for word in head)


def _is_object(words: list[Word], at: int) -> bool:
    low = words[at].low
    following = words[at + 1] if at + 1 < len(words) else None
    if low == "it":
        verb = following is not None and (
            following.low in AUXILIARIES or following.low.endswith(("ed", "s"))
        )
        return not verb
    alone = following is None or following.is_function
    return low in _OBJECT or (low in ("her", "hers") and alone)


def _inside_own_phrase(words: list[Word], body: int, at: int) -> bool:
    """Whether the only phrase before the pronoun is its own: "What was the name of his wife?"."""
    if body == 0 or words[body - 1].low not in BE or words[at - 1].low not in PREPOSITIONS:
        return False
    return all(
        not word.is_capital
        and (not word.is_function or word.low in ("the", "a", "an", "some", "of"))
        and not word.low.endswith(("ed", "en"))
        for word in words[body : at - 1]
    )

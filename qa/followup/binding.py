"""Whether what a pronoun stands for may be named in the question itself."""

from __future__ import annotations

from qa.followup.pointers import Form
from qa.followup.words import AUXILIARIES, LEAD_INS, PREPOSITIONS, WH, Word

FORMS = {
    **dict.fromkeys(("he", "him", "his", "himself", "she", "her", "hers"), Form.PERSON),
    **dict.fromkeys(("it", "its", "it's"), Form.THING),
    **dict.fromkeys(("they", "them", "their", "theirs"), Form.PLURAL),
}
_OBJECT = frozenset("him her it them".split())


def is_bound(words: list[Word], at: int) -> bool:
    """Return whether the pronoun at ``at`` follows something that it may stand for.

    That is any content word after the wh-phrase, but for the verb of "Who called him?" and
    the noun of "the name of his wife". In doubt a pronoun is bound: a question that stands
    alone must be left alone. Finer rules (subjects, possessives, clauses) did no better on
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

"""Say in a line why a question is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from index.search.text_index import STOP_WORDS
from qa.answers.compose import NO_ARTICLE, REFUSAL
from qa.conversation.words import AUXILIARIES, PREPOSITIONS, bare, names_in, words_of

MAX_CLAUSE_CHARS = 120
MAX_NAMES = 3
"""The most missing names that are listed."""
_SUBJECTS = ({"who"}, {"what"}, {"which"}, {"how", "many"})
# They would mean somebody else in a sentence of the program.
_PERSONAL = frozenset("i me my mine we us our you your yours".split())
_MIN_WORDS = 3
_MIN_DIGITS = 3
"""A shorter number may be written in words."""


def reason_for_refusal(question: str, is_mentioned: Callable[[str], bool], articles: int) -> str:
    """Return a sentence that says why ``question`` is not answered.

    That is the names and numbers that the articles do not mention; else that no sentence says it,
    if the question is a clause as it is; else that no sentence answers it.

    Args:
        question: A complete question in English, or any other question.
        is_mentioned: Returns whether the articles contain a word, in any inflection.
        articles: How many articles were asked.
    """
    if not articles:
        return NO_ARTICLE
    missing = missing_names(question, is_mentioned)
    if missing:
        *most, last = [f"“{name}”" for name in missing]
        named = f"{', '.join(most)} and {last} are" if most else f"{last} is"
        return f"{named} not mentioned in the article{'s' * (articles > 1)}."
    clause = clause_of(question)
    return f"No sentence says {clause}." if clause else REFUSAL


def missing_names(question: str, is_mentioned: Callable[[str], bool]) -> list[str]:
    """Return the names and numbers of ``question`` of which the articles lack the last word."""
    if _is_title_case(question):
        return []
    names = [bare(name) for name in names_in(question)]
    first = words_of(question)[:1]
    checked = [name for name in names if _can_be_checked(name)]
    # The first word has a capital whether or not it is a name.
    found = [n for n in checked if not (first and first[0].text.startswith(n.split()[0]))]
    return [name for name in found if not is_mentioned(name.split()[-1])][:MAX_NAMES]


def clause_of(question: str) -> str | None:
    """Return ``question`` as an indirect question, or None if its words would have to change.

    They need not if the question word is part of the subject and the verb follows without an
    auxiliary: "Who claimed responsibility?".
    """
    stem = question.strip().rstrip("?!. ")
    words = [word.low for word in words_of(stem)]
    subject = next((s for s in _SUBJECTS if set(words[: len(s)]) == s), None)
    if subject is None or len(words) < _MIN_WORDS or len(stem) > MAX_CLAUSE_CHARS:
        return None
    following = words[len(subject)]
    changing = AUXILIARIES | _PERSONAL
    if following in STOP_WORDS | PREPOSITIONS or not changing.isdisjoint(words):
        return None
    if not stem[0].isalpha() or any(mark in stem for mark in "?!\n;"):
        return None
    return f"{stem[0].lower()}{stem[1:]}"


def _is_title_case(question: str) -> bool:
    """Return whether function words have capitals too, so that a capital does not mark a name."""
    capitals: Sequence[str] = [w.text for w in words_of(question)[1:] if w.text[:1].isupper()]
    return any(word.casefold() in STOP_WORDS and len(word) > 1 for word in capitals)


def _can_be_checked(name: str) -> bool:
    last = name.rsplit(maxsplit=1)[-1]
    if any(map(str.isdigit, last)):
        return last.isdigit() and len(last) >= _MIN_DIGITS
    return len(last) > 1 and last.isalpha()

"""A name that the last question cannot be asked of: what there is about it is asked instead.

"What about Pakistan?" after "Why was Operation Sindoor launched?" does not ask why Pakistan
was launched; it asks what there is about Pakistan in this connection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.lexical import query_terms
from qa.answer import Answer
from qa.evidence import text_stems
from qa.followup.pointers import Kind
from qa.followup.recognition import pointer_of
from qa.followup.words import PREPOSITIONS, words_of

LEAST_CONFIDENCE = 0.3
"""Under which the last question, asked of another name, is not what was meant."""
_NEAR_WORDS = 8
"""Within which a name and a verb of one sentence are taken to belong together."""
_WORDING = "What does the article say about {}?"
_ASKED = re.compile(
    r"\W*what (?:does|do) (?:the|this|these|my) (?:articles?|texts?) say (?:about|on|of) "
    r"(?P<topic>[^?.!,]{1,60}?)\s*\?*\s*$",
    re.IGNORECASE,
)


def topic_of(question: str) -> str:
    """Return what "What does the article say about …?" asks about; empty of other questions."""
    match = _ASKED.match(question)
    return match["topic"] if match else ""


def sensible(question: str, last: str, answer: Answer) -> str:
    """Return what ``answer`` was read for, or the question for what there is about the name.

    Args:
        question: A follow-up as it was typed.
        last: The question before it, in words that stand alone.
        answer: What is found for the wording that the follow-up was taken for.
    """
    topic, wording = _name_asked_about(question), answer.question
    if not topic or (
        answer.answered
        and answer.confidence >= LEAST_CONFIDENCE
        and f" regarding {topic}" not in wording  # the last question, with the name only added
        and not _is_of_another(topic, wording, last, answer)
    ):
        return wording
    return _WORDING.format(topic)


def _name_asked_about(question: str) -> str:
    """Return the name or noun of "What about …?"; empty of anything else, such as a date."""
    pointer = pointer_of(question)
    if pointer is None or pointer.kind is not Kind.ABOUT:
        return ""
    words = words_of(pointer.rest)
    if not words or words[0].low in PREPOSITIONS or words[0].text[0].isdigit():
        return ""
    return pointer.rest


def _is_of_another(topic: str, wording: str, last: str, answer: Answer) -> bool:
    """Whether the first quote is of what the last question named, and not of ``topic``."""
    named = set(query_terms(topic))
    asked = set(query_terms(wording))
    quoted = text_stems(answer.citations[0].quote)
    if _are_near(quoted, named, asked - named):
        return False
    replaced = set(query_terms(last)) - asked
    return bool(replaced) and replaced <= set(quoted)


def _are_near(stems: Sequence[str], named: set[str], asked: set[str]) -> bool:
    if not named <= set(stems):
        return False
    names = [at for at, stem in enumerate(stems) if stem in named]
    others = [at for at, stem in enumerate(stems) if stem in asked]
    return any(abs(first - second) <= _NEAR_WORDS for first in names for second in others)

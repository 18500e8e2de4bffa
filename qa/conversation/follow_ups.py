"""Give a question the earlier turns that it may refer to."""

from __future__ import annotations

from collections.abc import Sequence

from qa.answers.answer import Answer
from qa.conversation.intent import has_letter
from qa.output.escape import shorten, single_line
from qa.reading.model import Turn

MAX_TURNS = 3
"""Earlier turns that are answered again if only their questions are known."""
TURNS_READ = 2
"""Earlier turns that the reading model is given."""
_AFTER, _END = " (after “", "”)"
_QUOTE_CHARS = 200
_QUESTION_CHARS = 100
"""Characters of an earlier question that are shown."""


def turns_of(answers: Sequence[Answer]) -> tuple[Turn, ...]:
    """Return the last TURNS_READ of ``answers``, oldest first, as the reading model takes them."""
    return tuple(Turn(_question_of(answer), _reply_of(answer)) for answer in answers[-TURNS_READ:])


def understood_after(question: str, last: str) -> str:
    """Return ``question`` with the question before it, for people to read and edit."""
    return f"{question}{_AFTER}{shorten(single_line(last), _QUESTION_CHARS)}{_END}"


def split_after(question: str) -> tuple[str, str]:
    """Return the two questions that :func:`understood_after` joined; the second may be empty."""
    first, _, last = question.removesuffix(_END).rpartition(_AFTER)
    is_joined = question.endswith(_END) and has_letter(first) and has_letter(last)
    return (first, last) if is_joined else (question, "")


def _question_of(answer: Answer) -> str:
    return split_after(answer.understood or answer.question)[0]


def _reply_of(answer: Answer) -> str:
    """Return the shortest words that answer; empty for a refusal."""
    if not answer.answered:
        return ""
    shorts = ", ".join(answer.text[slice(*short)] for short in answer.shorts)
    quotes = (citation.quote[:_QUOTE_CHARS] for citation in answer.citations)
    return shorts or answer.verdict or next(quotes, "")

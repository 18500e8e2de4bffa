"""Give a question the earlier turns that it may refer to."""

from __future__ import annotations

from collections.abc import Sequence

from qa.answers.answer import Answer
from qa.output.escape import shorten, single_line
from qa.reading.model import Turn

MAX_TURNS = 3
"""Earlier turns that are answered again if only their questions are known."""
TURNS_READ = 2
"""Earlier turns that the reading model is given."""
_QUOTE_CHARS = 200
_QUESTION_CHARS = 100
"""Characters of an earlier question that are shown."""


def turns_of(answers: Sequence[Answer]) -> tuple[Turn, ...]:
    """Return the last TURNS_READ of ``answers``, oldest first, as the reading model takes them."""
    return tuple(Turn(_question_of(answer), _reply_of(answer)) for answer in answers[-TURNS_READ:])


def understood_after(question: str, last: str) -> str:
    """Return ``question`` with the question before it, for people to read and edit."""
    return f"{question} (after “{shorten(single_line(last), _QUESTION_CHARS)}”)"


def _question_of(answer: Answer) -> str:
    """Return the question of a turn, without what :func:`understood_after` added."""
    understood = answer.understood or answer.question
    return answer.question if understood.startswith(f"{answer.question} (after “") else understood


def _reply_of(answer: Answer) -> str:
    """Return the shortest words that answer; empty for a refusal."""
    if not answer.answered:
        return ""
    shorts = ", ".join(answer.text[slice(*short)] for short in answer.shorts)
    quotes = (citation.quote[:_QUOTE_CHARS] for citation in answer.citations)
    return shorts or answer.verdict or next(quotes, "")

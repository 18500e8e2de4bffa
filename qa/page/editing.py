"""Whether a typed question is an edited wording of the one before it."""

from __future__ import annotations

from difflib import SequenceMatcher

from qa.page.chat import Chat

_MIN_SIMILARITY = 0.5
"""The least share of characters that an edited wording has in common with the original."""


def wording_of(chat: Chat, number: object) -> str:
    """Return how the question of a turn was understood; empty if it was taken as typed.

    ``number`` is as for :meth:`qa.page.chat.Chat.turn`.
    """
    turn = chat.turn(number)
    return (turn.answer.understood or "") if turn and turn.answer else ""


def is_edited(typed: str, wording: str) -> bool:
    """Return whether ``typed`` is an edited ``wording`` and not a new question."""
    # Compare the lengths first: the typed text may be of any length.
    if not wording or len(typed) > (2 / _MIN_SIMILARITY - 1) * len(wording):
        return False
    return SequenceMatcher(None, wording, typed).ratio() >= _MIN_SIMILARITY

"""The list of kept conversations, and how a chat is saved as one and opened again."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from typing import Any, Self

from index.errors import ConversationNotFound
from index.types import Article
from qa.output import transcript
from qa.output.error_messages import error_message
from qa.output.to_text import paragraphs_of, places_of
from qa.page.chat import Chat, Turn
from qa.page.messages import render
from qa.page.undo import UNDO_SECONDS
from qa.visitors.conversations import (
    LISTED,
    MAX_NAME_CHARS,
    MAX_SEARCH_CHARS,
    ConversationInfo,
    Conversations,
    DeletedConversation,
)

IN_MEMORY = (
    "Conversations are kept in memory only, until the program ends. To keep them, start the page "
    "with --library FOLDER."
)
NONE_YET = "Each answered question is saved here."
NONE_FOUND = "No conversation has all of these words."


class ListAction(StrEnum):
    """What can be done in the list, by the names that the browser sends."""

    SEARCH = "search"
    MORE = "more"
    OPEN = "open"
    RENAME = "rename"
    SAVE = "save"
    DELETE = "delete"
    UNDO = "undo"
    CANCEL = "cancel"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True)
class ListEvent:
    """A click, a search or a submitted form in the list, as the browser sends it."""

    action: ListAction | None
    conversation: str = ""
    text: str = ""

    @classmethod
    def of(cls, data: object) -> Self:
        """Return the event in the data of a Gradio event; invalid values become empty ones."""
        values: Mapping[str, Any] = data if isinstance(data, dict) else {}
        name = str(values.get("action", ""))
        action = ListAction(name) if name in set(ListAction) else None
        return cls(action, str(values.get("id", "")), str(values.get("text", "")))


@dataclass(frozen=True, slots=True)
class ListView:
    """What one visitor sees of the list, and what was last sent to the browser."""

    words: str = ""
    """What is searched."""
    shown: int = LISTED
    """How many conversations are shown at most."""
    renaming: str = ""
    deleted: tuple[int, ...] = ()
    """The deletions that may still be undone, by their numbers in :class:`Deletions`."""
    problem: str = ""
    focused: str = ""
    """The conversation whose row, or whose Undo, gets the keyboard's focus."""
    digest: str = ""
    """Of the list that the browser has."""

    def without_form(self, focused: str = "") -> Self:
        """Return the view with no conversation being renamed and no error message."""
        return replace(self, renaming="", problem="", focused=focused)


@dataclass(frozen=True, slots=True)
class Deletion:
    """A conversation that was deleted, and can be restored until ``until``."""

    number: int
    visitor: str
    deleted: DeletedConversation
    until: float
    was_open: bool


class Deletions:
    """The conversations deleted on the page in the last ten seconds. Thread-safe.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._numbers = clock, count(1)
        self._lock = threading.Lock()
        self._deletions: dict[int, Deletion] = {}

    def put(self, visitor: str, deleted: DeletedConversation, *, was_open: bool) -> int:
        """Keep a deleted conversation, and return the number of its deletion."""
        until = self._clock() + UNDO_SECONDS
        with self._lock:
            self._drop_expired()
            number = next(self._numbers)
            self._deletions[number] = Deletion(number, visitor, deleted, until, was_open)
        return number

    def take(self, visitor: str, number: int) -> Deletion | None:
        """Return a deletion, once; None if it is another visitor's or too old."""
        with self._lock:
            self._drop_expired()
            found = self._deletions.get(number)
            if found is None or found.visitor != visitor:
                return None
            return self._deletions.pop(number)

    def undoable(self, numbers: Sequence[int]) -> list[tuple[Deletion, int]]:
        """Return those of the deletions that can be undone, each with the seconds left."""
        now = self._clock()
        with self._lock:
            self._drop_expired()
            found = [self._deletions[each] for each in numbers if each in self._deletions]
        return [(deletion, math.ceil(deletion.until - now)) for deletion in found]

    def _drop_expired(self) -> None:
        now = self._clock()
        self._deletions = {k: v for k, v in self._deletions.items() if now < v.until}


def conversation_list_html(
    found: tuple[Sequence[ConversationInfo], int],
    view: ListView,
    undoable: Sequence[tuple[Deletion, int]] = (),
    *,
    current: str = "",
    is_saved: bool,
) -> str:
    """Return the list of conversations.

    Args:
        found: Those to show, and how many there are with the words that are searched.
        view: What the visitor has searched and begun.
        undoable: The deletions that can be undone, each with the seconds left.
        current: The id of the open conversation.
        is_saved: Whether conversations outlive the program.
    """
    conversations, total = found
    nothing = NONE_FOUND if view.words.strip() else NONE_YET
    return render(
        "conversations.html",
        conversations=conversations,
        more=total - len(conversations),
        view=view,
        details=_details,
        undoable=undoable,
        current=current,
        max_name=MAX_NAME_CHARS,
        max_search=MAX_SEARCH_CHARS,
        nothing="" if conversations else nothing,
        storage="" if is_saved else IN_MEMORY,
    )


def _details(info: ConversationInfo) -> str:
    """Return how much is in it: ``3 questions · 1 pinned``."""
    questions = f"{info.turns} question{'' if info.turns == 1 else 's'}"
    pinned = f"{info.pinned} pinned" if info.pinned else ""
    return " · ".join(filter(None, (questions, pinned)))


class KeptChats:
    """Saves the answered questions of chats, and opens kept conversations as chats."""

    def __init__(self, conversations: Conversations) -> None:
        self.conversations = conversations

    def save(self, visitor: str, history: Chat, turn: Turn, *, instead_of: int = 0) -> Turn:
        """Save an answered turn that follows ``history``; return it with its place, or the error.

        ``instead_of`` is the number of the turn that it replaces, if any.
        """
        if turn.answer is None:
            return turn
        kept = transcript.Turn(turn.question, turn.answer)
        try:
            conversation, number = self._append(visitor, history.conversation, kept, instead_of)
        except Exception as error:
            return replace(turn, unsaved=error_message(error))
        return replace(turn, conversation=conversation, number=number)

    def _append(
        self, visitor: str, conversation: str, turn: transcript.Turn, instead_of: int
    ) -> tuple[str, int]:
        if conversation:
            try:
                number = self.conversations.append(visitor, conversation, turn, number=instead_of)
            except ConversationNotFound:  # deleted in another tab: begin one with this question
                pass
            else:
                return conversation, number
        return self.conversations.begin(visitor, turn), 1

    def open(
        self,
        visitor: str,
        conversation: str,
        article_of: Callable[[str], Article],
        like: Turn,
    ) -> Chat:
        """Return a kept conversation as a chat.

        ``article_of`` is as for :func:`qa.output.to_text.paragraphs_of`. ``like`` says how its
        turns are shown.

        Raises:
            ConversationNotFound: The visitor has none of this id.
            LibraryError: It cannot be read.
        """
        turns = self.conversations.transcript(visitor, conversation).turns
        return Chat(
            tuple(
                replace(
                    like,
                    question=turn.question,
                    answer=turn.answer,
                    conversation=conversation,
                    number=number,
                    note=turn.note,
                    pinned=turn.pinned,
                    paragraphs=paragraphs_of(
                        (*places_of(turn.answer), *turn.answer.passages), article_of
                    ),
                )
                for number, turn in enumerate(turns, start=1)
            ),
            conversation,
        )

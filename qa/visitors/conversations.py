"""Conversations that are kept: named, listed, searched and continued, each visitor's own."""

from __future__ import annotations

import json
import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from index.errors import CitationError, ConversationNotFound, LibraryDamaged, TooLarge
from index.types import checked_title
from qa.answers.answer import Answer
from qa.output.escape import shorten, single_line
from qa.output.transcript import Transcript, Turn
from qa.visitors.state_database import Connection, StateDatabase

MAX_CONVERSATIONS = 1_000
"""Of one visitor."""
MAX_TURNS = 500
"""Of one conversation."""
MAX_CHARACTERS = 20_000_000
"""Of the questions, answers with their passages, and notes of one conversation."""
MAX_NAME_CHARS = 120
MAX_NOTE_CHARS = 4_000
MAX_SEARCH_CHARS = 200
LISTED = 50
"""Conversations in one part of a list, unless another number is given."""
_NAME_FROM_QUESTION_CHARS = 60
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class ConversationInfo:
    """A conversation without its questions and answers."""

    id: str
    name: str
    """The first question, shortened, until it is renamed; empty before both."""
    created_at: str
    """ISO 8601, UTC."""
    changed_at: str
    """When it was last continued, renamed or annotated (ISO 8601, UTC)."""
    turns: int
    """The number of its questions."""
    pinned: int
    """The number of its pinned answers."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values, a key for each field."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DeletedConversation:
    """A conversation that was deleted, with which it can be restored."""

    info: ConversationInfo
    _conversation: tuple[Any, ...]
    _turns: tuple[tuple[Any, ...], ...]


class Conversations:
    """The conversations of all visitors. Safe to use from several threads and processes.

    Each method takes the visitor (:attr:`qa.visitors.caller.Caller.visitor`) and treats the
    conversations of others as if they did not exist. A change is saved wholly or not at all.

    Args:
        state: Where they are kept.
        clock: Returns the current time, in UTC.

    Raises:
        ConversationNotFound: This visitor has no conversation of this id, or it has no such turn.
        LibraryError: The file cannot be read or written.
    """

    def __init__(
        self, state: StateDatabase, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._state, self._clock = state, clock

    @property
    def is_saved(self) -> bool:
        """Whether conversations outlive the program."""
        return self._state.path is not None

    def create(self, visitor: str, name: str = "") -> ConversationInfo:
        """Create an empty conversation.

        Raises:
            TitleError: The name is not valid Unicode.
            TooLarge: The name is too long, or the visitor has too many conversations.
        """
        with self._state.transaction() as db:
            conversation_id = self._insert(db, visitor, _checked_name(name) if name else "")
            return _info(db, visitor, conversation_id)

    def search(
        self, visitor: str, words: str = "", *, limit: int = LISTED, offset: int = 0
    ) -> tuple[list[ConversationInfo], int]:
        """Return a part of the list, most recently changed first, and the length of all of it.

        ``words`` are parts of words that must all occur in the name, questions, answers or notes
        of a conversation, in any case.
        """
        wanted = _searchable(words[:MAX_SEARCH_CHARS]).split()
        found = _MATCHES * len(wanted)
        values = [visitor, *(word for word in wanted for _ in range(2))]
        with self._state.reading() as db:
            query = f"SELECT id FROM conversations AS c WHERE visitor = ?{found} {_NEWEST}"  # noqa: S608 - constants
            ids = [each for (each,) in db.execute(query, values)]
        shown = ids[max(0, offset) :][: max(0, limit)]
        return [info for each in shown if (info := self._existing(visitor, each))], len(ids)

    def info(self, visitor: str, conversation_id: str) -> ConversationInfo:
        """Return a conversation without its questions and answers."""
        with self._state.reading() as db:
            return _info(db, visitor, conversation_id)

    def transcript(self, visitor: str, conversation_id: str) -> Transcript:
        """Return a conversation with its questions, answers, notes and pins.

        Raises:
            LibraryDamaged: An answer cannot be read.
        """
        with self._state.reading() as db:
            info = _info(db, visitor, conversation_id)
            rows = db.execute(
                "SELECT question, answer, note, pinned FROM turns WHERE conversation = ?"
                " ORDER BY number",
                [conversation_id],
            ).fetchall()
        return Transcript.now((_turn(*row) for row in rows), title=info.name)

    def append(self, visitor: str, conversation_id: str, turn: Turn, *, number: int = 0) -> int:
        """Save a question with its answer, and return its number in the conversation, from 1.

        It replaces the turn ``number``, if there is one, and its note and pin.

        Raises:
            TooLarge: The conversation or the note is too long.
        """
        with self._state.transaction() as db:
            return self._append(db, visitor, conversation_id, turn, number)

    def begin(self, visitor: str, turn: Turn) -> str:
        """Create a conversation with a first question and answer, and return its id.

        Raises:
            TooLarge: The visitor has too many conversations.
        """
        with self._state.transaction() as db:
            conversation_id = self._insert(db, visitor, "")
            self._append(db, visitor, conversation_id, turn, 0)
        return conversation_id

    def annotate(
        self,
        visitor: str,
        conversation_id: str,
        number: int,
        *,
        note: str | None = None,
        pinned: bool | None = None,
    ) -> Turn:
        """Change the note or the pin of a turn; None leaves it as it is. Return the turn.

        Raises:
            TooLarge: The note is too long.
            LibraryDamaged: The answer cannot be read.
        """
        with self._state.transaction() as db:
            if not 1 <= number <= _info(db, visitor, conversation_id).turns:
                msg = f"This conversation has no question {number}."
                raise ConversationNotFound(msg)
            question, answer, old_note, was_pinned = db.execute(
                "SELECT question, answer, note, pinned FROM turns"
                " WHERE conversation = ? AND number = ?",
                [conversation_id, number],
            ).fetchone()
            turn = _turn(
                question,
                answer,
                old_note if note is None else _checked_note(note),
                was_pinned if pinned is None else pinned,
            )
            _store(db, conversation_id, number, turn, answer)
            self._touch(db, conversation_id)
        return turn

    def rename(self, visitor: str, conversation_id: str, name: str) -> ConversationInfo:
        """Change the name of a conversation.

        Raises:
            TitleError: The name is blank or not valid Unicode.
            TooLarge: The name is too long.
        """
        with self._state.transaction() as db:
            _info(db, visitor, conversation_id)
            _set_name(db, conversation_id, _checked_name(name))
            self._touch(db, conversation_id)
            return _info(db, visitor, conversation_id)

    def delete(self, visitor: str, conversation_id: str) -> DeletedConversation:
        """Delete a conversation, and return what :meth:`restore` needs to undo it."""
        with self._state.transaction() as db:
            info = _info(db, visitor, conversation_id)
            row = db.execute("SELECT * FROM conversations WHERE id = ?", [info.id]).fetchone()
            turns = db.execute("SELECT * FROM turns WHERE conversation = ?", [info.id]).fetchall()
            db.execute("DELETE FROM conversations WHERE id = ?", [info.id])
        return DeletedConversation(info, row, tuple(turns))

    def restore(self, deleted: DeletedConversation) -> None:
        """Restore a conversation as it was; one that is not deleted is left alone."""
        with self._state.transaction() as db:
            if _exists(db, deleted.info.id):
                return
            db.execute(_INSERT_CONVERSATION, deleted._conversation)
            db.executemany(_INSERT_TURN, deleted._turns)

    def clear(self, visitor: str) -> int:
        """Delete all conversations of a visitor, and return their number."""
        with self._state.transaction() as db:
            return db.execute("DELETE FROM conversations WHERE visitor = ?", [visitor]).rowcount

    def _existing(self, visitor: str, conversation_id: str) -> ConversationInfo | None:
        try:
            return self.info(visitor, conversation_id)
        except ConversationNotFound:  # deleted since it was found
            return None

    def _insert(self, db: Connection, visitor: str, name: str) -> str:
        counted = db.execute("SELECT count(*) FROM conversations WHERE visitor = ?", [visitor])
        if counted.fetchone()[0] >= MAX_CONVERSATIONS:
            msg = (
                f"{MAX_CONVERSATIONS:,} conversations are kept already, which is the limit. "
                "Delete some to keep new ones."
            )
            raise TooLarge(msg)
        conversation_id, now = secrets.token_hex(_ID_BYTES), self._now()
        row = (conversation_id, visitor, name, _searchable(name), now, now)
        db.execute(_INSERT_CONVERSATION, row)
        return conversation_id

    def _append(
        self, db: Connection, visitor: str, conversation_id: str, turn: Turn, number: int
    ) -> int:
        info = _info(db, visitor, conversation_id)
        number = number if 1 <= number <= info.turns else info.turns + 1
        if number > MAX_TURNS:
            msg = (
                f"This conversation has {MAX_TURNS} questions, which is the limit. "
                "Begin a new conversation."
            )
            raise TooLarge(msg)
        _checked_note(turn.note)
        answer = json.dumps(turn.answer.to_dict(), separators=(",", ":"))
        _store(db, conversation_id, number, turn, answer)
        total = "SELECT sum(characters) FROM turns WHERE conversation = ?"
        if db.execute(total, [conversation_id]).fetchone()[0] > MAX_CHARACTERS:
            msg = (
                f"The limit of a conversation is {MAX_CHARACTERS / 1e6:.0f} million characters. "
                "Begin a new conversation."
            )
            raise TooLarge(msg)
        if not info.name:
            name = shorten(single_line(_unicode(turn.question)), _NAME_FROM_QUESTION_CHARS)
            _set_name(db, conversation_id, name)
        self._touch(db, conversation_id)
        return number

    def _touch(self, db: Connection, conversation_id: str) -> None:
        values = [self._now(), conversation_id]
        db.execute("UPDATE conversations SET changed_at = ? WHERE id = ?", values)

    def _now(self) -> str:
        return self._clock().isoformat(timespec="microseconds")


_MATCHES = (
    " AND (instr(c.searched, ?) OR EXISTS"
    " (SELECT 1 FROM turns WHERE conversation = c.id AND instr(searched, ?)))"
)
_NEWEST = "ORDER BY changed_at DESC, id"
_INSERT_CONVERSATION = "INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?)"
_INSERT_TURN = "INSERT OR REPLACE INTO turns VALUES (?, ?, ?, ?, ?, ?, ?, ?)"


def _info(db: Connection, visitor: str, conversation_id: str) -> ConversationInfo:
    row = db.execute(
        "SELECT id, name, created_at, changed_at,"
        " (SELECT count(*) FROM turns WHERE conversation = c.id),"
        " (SELECT count(*) FROM turns WHERE conversation = c.id AND pinned)"
        " FROM conversations AS c WHERE id = ? AND visitor = ?",
        [_unicode(conversation_id), visitor],
    ).fetchone()
    if row is None:
        msg = "There is no conversation with this id. It may have been deleted."
        raise ConversationNotFound(msg)
    return ConversationInfo(*row)


def _exists(db: Connection, conversation_id: str) -> bool:
    found = db.execute("SELECT 1 FROM conversations WHERE id = ?", [conversation_id])
    return found.fetchone() is not None


def _store(db: Connection, conversation_id: str, number: int, turn: Turn, answer: str) -> None:
    question, note = _unicode(turn.question), _unicode(turn.note)
    searched = _searchable(f"{question}\n{turn.answer.text}\n{note}")
    characters = len(answer) + len(searched) + len(question) + len(note)
    row = (conversation_id, number, turn.pinned, characters, question, note, searched, answer)
    db.execute(_INSERT_TURN, row)


def _set_name(db: Connection, conversation_id: str, name: str) -> None:
    values = [name, _searchable(name), conversation_id]
    db.execute("UPDATE conversations SET name = ?, searched = ? WHERE id = ?", values)


def _turn(question: str, answer: str, note: str, pinned: int) -> Turn:
    try:
        return Turn(question, Answer.from_dict(json.loads(answer)), note, bool(pinned))
    except (ValueError, KeyError, TypeError, CitationError) as error:
        msg = (
            f"An answer of a kept conversation is damaged ({error}). Delete the conversation, or "
            "restore the library from a backup."
        )
        raise LibraryDamaged(msg) from error


def _checked_name(name: str) -> str:
    checked = checked_title(name)
    if len(single_line(name)) > MAX_NAME_CHARS:
        msg = f"The name of a conversation has at most {MAX_NAME_CHARS} characters. Shorten it."
        raise TooLarge(msg)
    return checked


def _checked_note(note: str) -> str:
    if len(note) > MAX_NOTE_CHARS:
        msg = f"A note has at most {MAX_NOTE_CHARS:,} characters. Shorten it."
        raise TooLarge(msg)
    return note.strip()


def _unicode(text: str) -> str:
    """Return text without lone surrogates, which SQLite cannot store."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _searchable(text: str) -> str:
    """Return text in which words are found whatever their case or composition."""
    return unicodedata.normalize("NFKC", _unicode(text).casefold())

"""What one visitor has asked, kept over a reload of the page."""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Self

from qa.answers.answer import Answer
from qa.output.article_html import Mark
from qa.output.escape import escape_markdown, shorten
from qa.output.to_text import places_of
from qa.page.reply import reply_markdown
from qa.page.undo import UNDO_SECONDS
from qa.page.view import View

# A question that is refused for its length is still shown, but not whole.
SHOWN_QUESTION_CHARS = 600


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of the chat and what came of it: an answer, a problem, or nothing yet."""

    question: str
    answer: Answer | None = None
    problem: str = ""
    """A sentence on what went wrong."""
    waiting: str = ""
    """A sentence on what the question waits for."""
    several: bool = False
    """Whether more than one article was asked, so that a place must name its own."""

    def marks(self, *, is_newest: bool) -> list[Mark]:
        """Return the places the answer rests on, or the nearest ones of a refusal."""
        if self.answer is None:
            return []
        cited = self.answer.answered
        return [
            Mark(c.article_id, c.start, c.end, number if is_newest else 0, cited=cited)
            for number, c in enumerate(places_of(self.answer), start=1)
        ]

    def messages(
        self, number: int, *, is_newest: bool, known: Collection[str] | None = None
    ) -> list[dict[str, str]]:
        """Return question and reply as a chat shows them, in Markdown; ``number`` is from 1."""
        question = escape_markdown(shorten(self.question, SHOWN_QUESTION_CHARS))
        return [
            {"role": "user", "content": question},
            {"role": "assistant", "content": self._reply(number, is_newest=is_newest, known=known)},
        ]

    def _reply(self, number: int, *, is_newest: bool, known: Collection[str] | None) -> str:
        if self.answer is None:
            name = "problem" if self.problem else "waiting"
            return _callout(name, escape_markdown(self.problem or self.waiting))
        return reply_markdown(
            self.answer, number, several=self.several, is_newest=is_newest, known=known
        )


@dataclass(frozen=True, slots=True)
class Chat:
    """What one visitor has asked so far."""

    turns: tuple[Turn, ...] = ()

    def with_turn(self, turn: Turn) -> Self:
        """Return the chat with one more turn."""
        return replace(self, turns=(*self.turns, turn))

    def without_last(self) -> Self:
        """Return the chat without its newest turn."""
        return replace(self, turns=self.turns[:-1])

    def rests_on(self) -> Mark | None:
        """Return the place that the newest answer rests on first."""
        marks = self.turns[-1].marks(is_newest=True) if self.turns else []
        return marks[0] if marks else None

    def marks(self) -> list[Mark]:
        """Return every place cited so far; those of the newest turn carry their numbers."""
        return [
            mark for turn in self.turns for mark in turn.marks(is_newest=turn is self.turns[-1])
        ]

    def answers(self) -> list[Answer]:
        """Return the answers so far, oldest first: what a follow-up question points back to."""
        return [turn.answer for turn in self.turns if turn.answer]

    def answer_of(self, number: object) -> Answer | None:
        """Return the answer of a turn; None if it has none, or there is no such turn.

        ``number`` is what the browser says: the turn's, from 1, or anything at all.
        """
        found = (turn.answer for at, turn in enumerate(self.turns, start=1) if at == number)
        return next(found, None)

    def newest(self) -> Answer | None:
        """Return the newest answer; None where the last question has none."""
        return self.turns[-1].answer if self.turns else None

    def found(self) -> list[Mark]:
        """Return the passages that were retrieved for the newest answer."""
        newest = self.newest()
        return [
            Mark(p.article_id, p.start, p.end, cited=False, found=True)
            for p in (newest.passages if newest else ())
        ]

    def messages(self, known: Collection[str] | None = None) -> list[dict[str, str]]:
        """Return the whole conversation, in Markdown.

        ``known`` holds the ids of the articles that are there; None takes all for there.
        """
        return [
            message
            for number, turn in enumerate(self.turns, start=1)
            for message in turn.messages(number, is_newest=number == len(self.turns), known=known)
        ]


def _callout(name: str, markdown: str) -> str:
    return f'<div class="{name}">\n\n{markdown}\n\n</div>'


SECONDS = 24 * 3600.0
MOST_TABS = 2_000
"""Of those with a conversation; as many again of those in which nothing was asked yet."""
MOST_CHARS = 500_000
"""Of the newest turns of one tab: some dozens of questions."""
MOST_CHARS_OF_ALL = 50_000_000
MOST_VISITS = 10_000
"""Pages of which it is known in which tab they are."""

_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A question whose answer is awaited."""

    question: str
    before: Chat
    """The conversation as it is again if the question is stopped."""
    after: Chat
    """The turns that the question comes after."""
    turn: Future[Turn]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a tab."""

    chat: Chat = field(default_factory=Chat)
    view: View = field(default_factory=View)
    asked: Asked | None = None
    chars: int = 0
    """How long the chat is, about."""
    used: float = 0.0

    @property
    def is_talk(self) -> bool:
        """Whether anything was asked."""
        return bool(self.chat.turns or self.asked)


class Tabs:
    """What is kept of each tab, by its key. Safe to use from several threads.

    Args:
        clock: Gives the seconds since whenever.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._keys: OrderedDict[str, str] = OrderedDict()
        """The key of the tab that each visit is in; a tab has one visit, the newest."""
        self._visits: dict[str, str] = {}
        """The other way round."""
        # By key; the one that was used last comes last. Apart, so that pages which are merely
        # loaded take no room from conversations.
        self._talks: OrderedDict[str, Kept] = OrderedDict()
        self._looks: OrderedDict[str, Kept] = OrderedDict()
        self._chars = 0

    def arrive(self, visit: str, key: str) -> Kept:
        """Return what is kept of the tab with this key, and keep it up for this visit.

        An earlier visit in the same tab is over. A reload is another visit.
        """
        with self._lock:
            if not _KEY.fullmatch(key):
                return Kept()
            self._keys.pop(self._visits.get(key, ""), None)
            self._visits.pop(self._keys.pop(visit, ""), None)
            self._keys[visit], self._visits[key] = key, visit
            if len(self._keys) > MOST_VISITS:
                _, forgotten = self._keys.popitem(last=False)
                del self._visits[forgotten]
            self._make_room()
            kept = self._kept(key)
            return self._use(key, kept) if kept else Kept()

    def keep(self, visit: str, *, chat: Chat | None = None, view: View | None = None) -> None:
        """Keep what is given for the tab of a visit, and leave the rest as it is.

        With a chat, no question is awaited any more.
        """
        changes: dict[str, Any] = {}
        if chat is not None:
            chat, chars = _newest_of(chat)
            changes = {"chat": chat, "chars": chars, "asked": None}
        if view is not None:
            changes["view"] = view
        self._change(visit, changes)

    def asks(self, visit: str, asked: Asked) -> None:
        """Keep that the tab of a visit awaits an answer, until its chat is kept."""
        self._change(visit, {"asked": asked})

    def asked(self, visit: str) -> Asked | None:
        """Return what the tab of a visit awaits."""
        with self._lock:
            kept = self._kept(self._keys.get(visit, ""))
            return kept.asked if kept else None

    def talks(self, visit: str) -> bool:
        """Return whether anything was asked in the tab of a visit."""
        with self._lock:
            kept = self._kept(self._keys.get(visit, ""))
            return kept is not None and kept.is_talk

    def _change(self, visit: str, changes: dict[str, Any]) -> None:
        with self._lock:
            key = self._keys.get(visit)
            if key is not None:
                self._keys.move_to_end(visit)
                self._use(key, replace(self._kept(key) or Kept(), **changes))

    def _kept(self, key: str) -> Kept | None:
        return self._talks.get(key) or self._looks.get(key)

    def _use(self, key: str, kept: Kept) -> Kept:
        """Return what is to be kept of a tab, as used now; forget others that need the room."""
        for shelf in (self._talks, self._looks):
            self._chars -= shelf.pop(key, Kept()).chars
        self._chars += kept.chars
        (self._talks if kept.is_talk else self._looks)[key] = replace(kept, used=self._clock())
        self._make_room()
        return kept

    def _make_room(self) -> None:
        for shelf in (self._talks, self._looks):
            while self._is_too_much(shelf):
                _, old = shelf.popitem(last=False)
                self._chars -= old.chars

    def _is_too_much(self, shelf: OrderedDict[str, Kept]) -> bool:
        oldest = next(iter(shelf.values()), None)
        return oldest is not None and (
            len(shelf) > MOST_TABS
            or (oldest.is_talk and self._chars > MOST_CHARS_OF_ALL)
            or oldest.used < self._clock() - SECONDS
        )


def _newest_of(chat: Chat) -> tuple[Chat, int]:
    """Return the newest turns of a chat for which there is room, and how long they are."""
    chars, first = 0, len(chat.turns)
    while first and chars + _length(chat.turns[first - 1]) <= MOST_CHARS:
        first -= 1
        chars += _length(chat.turns[first])
    return Chat(chat.turns[first:]), chars


def _length(turn: Turn) -> int:
    """Return how many characters a turn holds, about."""
    texts = [turn.question, turn.problem]
    if turn.answer:
        texts.append(turn.answer.text)
        texts += [citation.quote for citation in turn.answer.citations]
        texts += [passage.text for passage in turn.answer.passages]
    return sum(map(len, texts))


class ClearedChats:
    """The conversation that each visitor has cleared, for ten seconds. Thread-safe.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._chats: dict[str, tuple[Chat, float]] = {}

    def put(self, visit: str, chat: Chat) -> None:
        """Keep what a visitor has cleared, in place of what was cleared before."""
        with self._lock:
            self._forget()
            self._chats[visit] = (chat, self._clock() + UNDO_SECONDS)

    def take(self, visit: str) -> Chat | None:
        """Return what a visitor has cleared, once; None if it is too late."""
        with self._lock:
            self._forget()
            return self._chats.pop(visit, (None, 0.0))[0]

    def _forget(self) -> None:
        now = self._clock()
        self._chats = {visit: kept for visit, kept in self._chats.items() if now < kept[1]}

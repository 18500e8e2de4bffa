"""A conversation survives a reload: what a tab of a browser had is kept for it by the program.

A question that is being answered is kept, too: the page that comes next waits on for it.

The browser's tab holds nothing but a random key, in its ``sessionStorage``, which a reload
leaves and a closed tab takes along; no other tab knows it. The conversation itself stays where
it was made: nothing that a browser brings back has to be believed, nothing is written to disk,
and what is cleared is gone. It is forgotten when the program ends, after a day without use, or
when there is no more room.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from qa.page.chat import Chat, Turn
from qa.page.shelf import View

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

"""What the server keeps of each browser tab, so that a reload can restore it."""

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
from qa.page.drafting import Drafting
from qa.page.view import View

MAX_IDLE_SECONDS = 24 * 3600.0
MAX_TABS = 2_000
"""Tabs with a conversation; as many again of those in which nothing was asked yet."""
MAX_TAB_CHARS = 500_000
"""Of the newest turns of one tab: a few dozen questions."""
MAX_TOTAL_CHARS = 50_000_000
MAX_VISITS = 10_000
"""Open pages whose tab is known."""

_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True, eq=False)
class PendingQuestion:
    """A question that has no answer yet."""

    question: str
    before: Chat
    """The conversation to return to if the question is stopped."""
    history: Chat
    """The turns that the question follows; without the old answer if it is asked again."""
    turn: Future[Turn]
    drafting: Drafting | None = None
    """The answer while a language model writes it; None if it is quoted."""
    decided: threading.Lock = field(default_factory=threading.Lock)
    """Acquired by whichever comes first, and never released: the answer is saved, or the visitor
    stops the question, whose answer is then dropped."""


@dataclass(frozen=True, slots=True)
class Tab:
    """The saved state of a tab."""

    chat: Chat = field(default_factory=Chat)
    view: View = field(default_factory=View)
    pending: PendingQuestion | None = None
    chars: int = 0
    """Approximate length of the chat."""
    last_used: float = 0.0

    @property
    def has_questions(self) -> bool:
        """Whether anything was asked."""
        return bool(self.chat.turns or self.pending)


class Tabs:
    """The tabs of all visitors, by their keys. Thread-safe.

    A *visit* is one page from when it is loaded until it is left, so a reload is another visit
    in the same tab.

    Args:
        clock: Returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._key_of: OrderedDict[str, str] = OrderedDict()
        """The key of the tab of each visit; a tab has one visit, the newest."""
        self._visit_of: dict[str, str] = {}
        # By key, the least recently used first. Two groups, so that pages which are merely
        # loaded push out no conversation.
        self._with_questions: OrderedDict[str, Tab] = OrderedDict()
        self._without_questions: OrderedDict[str, Tab] = OrderedDict()
        self._chars = 0

    def enter(self, visit: str, key: str, account: str = "") -> Tab:
        """Return the tab with this key, and let this visit replace any earlier one in it.

        The same key of another account is another tab.
        """
        with self._lock:
            if not _KEY.fullmatch(key):
                return Tab()
            key = f"{key} {account}"
            self._key_of.pop(self._visit_of.get(key, ""), None)
            self._visit_of.pop(self._key_of.pop(visit, ""), None)
            self._key_of[visit], self._visit_of[key] = key, visit
            if len(self._key_of) > MAX_VISITS:
                _, oldest = self._key_of.popitem(last=False)
                del self._visit_of[oldest]
            self._evict()
            tab = self._tab(key)
            return self._store(key, tab) if tab else Tab()

    def save(self, visit: str, *, chat: Chat | None = None, view: View | None = None) -> None:
        """Save what is given for the tab of a visit; saving a chat ends a pending question."""
        changes: dict[str, Any] = {}
        if chat is not None:
            chat, chars = _newest_turns(chat)
            changes = {"chat": chat, "chars": chars, "pending": None}
        if view is not None:
            changes["view"] = view
        self._change(visit, changes)

    def save_pending(self, visit: str, pending: PendingQuestion) -> None:
        """Save that the tab of a visit waits for an answer, until its chat is saved."""
        self._change(visit, {"pending": pending})

    def pending(self, visit: str) -> PendingQuestion | None:
        """Return the question whose answer the tab of a visit waits for."""
        with self._lock:
            tab = self._tab(self._key_of.get(visit, ""))
            return tab.pending if tab else None

    def has_questions(self, visit: str) -> bool:
        """Return whether anything was asked in the tab of a visit."""
        with self._lock:
            tab = self._tab(self._key_of.get(visit, ""))
            return tab is not None and tab.has_questions

    def _change(self, visit: str, changes: dict[str, Any]) -> None:
        with self._lock:
            key = self._key_of.get(visit)
            if key is not None:
                self._key_of.move_to_end(visit)
                self._store(key, replace(self._tab(key) or Tab(), **changes))

    def _tab(self, key: str) -> Tab | None:
        return self._with_questions.get(key) or self._without_questions.get(key)

    def _store(self, key: str, tab: Tab) -> Tab:
        """Store a tab as just used, evict others that need the room, and return it."""
        for group in (self._with_questions, self._without_questions):
            self._chars -= group.pop(key, Tab()).chars
        self._chars += tab.chars
        group = self._with_questions if tab.has_questions else self._without_questions
        group[key] = replace(tab, last_used=self._clock())
        self._evict()
        return tab

    def _evict(self) -> None:
        for group in (self._with_questions, self._without_questions):
            while self._is_over_limit(group):
                _, oldest = group.popitem(last=False)
                self._chars -= oldest.chars

    def _is_over_limit(self, group: OrderedDict[str, Tab]) -> bool:
        oldest = next(iter(group.values()), None)
        return oldest is not None and (
            len(group) > MAX_TABS
            or (oldest.has_questions and self._chars > MAX_TOTAL_CHARS)
            or oldest.last_used < self._clock() - MAX_IDLE_SECONDS
        )


def _newest_turns(chat: Chat) -> tuple[Chat, int]:
    """Return the newest turns that fit into MAX_TAB_CHARS, and their approximate length."""
    chars, first = 0, len(chat.turns)
    while first and chars + _length(chat.turns[first - 1]) <= MAX_TAB_CHARS:
        first -= 1
        chars += _length(chat.turns[first])
    return replace(chat, turns=chat.turns[first:]), chars


def _length(turn: Turn) -> int:
    texts = [turn.question, turn.problem]
    if turn.answer:
        texts.append(turn.answer.text)
        texts += [citation.quote for citation in turn.answer.citations]
        texts += [passage.text for passage in turn.answer.passages]
    return sum(map(len, texts))

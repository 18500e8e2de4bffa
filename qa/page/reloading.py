"""A conversation survives a reload: what a tab of a browser had is kept for it by the program.

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
from dataclasses import dataclass, field, replace

from qa.page.chat import Chat, Turn
from qa.page.shelf import View

SECONDS = 24 * 3600.0
MOST_TABS = 2_000
MOST_CHARS = 500_000
"""Of the newest turns of one tab: some dozens of questions."""
MOST_CHARS_OF_ALL = 50_000_000

_KEY = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a tab."""

    chat: Chat = field(default_factory=Chat)
    view: View = field(default_factory=View)
    chars: int = 0
    """How long the chat is, about."""
    used: float = 0.0


class Tabs:
    """What is kept of each tab, by its key. Safe to use from several threads.

    Args:
        clock: Gives the seconds since whenever.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.Lock()
        self._clock = clock
        self._keys: dict[str, str] = {}
        """The key of the tab that each visit is in; a tab has one visit, the newest."""
        self._kept: OrderedDict[str, Kept] = OrderedDict()
        """By key; the one that was used last comes last."""
        self._chars = 0

    def arrive(self, visit: str, key: str) -> Kept:
        """Return what is kept of the tab with this key, and keep it up for this visit.

        An earlier visit in the same tab is over. A reload is another visit.
        """
        with self._lock:
            self._keys = {each: known for each, known in self._keys.items() if known != key}
            if not _KEY.fullmatch(key):
                return Kept()
            self._keys[visit] = key
            self._make_room()
            return self._use(key, self._kept.get(key, Kept()))

    def keep(self, visit: str, *, chat: Chat | None = None, view: View | None = None) -> None:
        """Keep what is given for the tab of a visit, and leave the rest as it is."""
        with self._lock:
            key = self._keys.get(visit)
            if key is None:
                return
            kept = self._kept.get(key, Kept())
            if chat is not None:
                chat, chars = _newest_of(chat)
                kept = replace(kept, chat=chat, chars=chars)
            self._use(key, replace(kept, view=view or kept.view))

    def _use(self, key: str, kept: Kept) -> Kept:
        """Return what is to be kept of a tab, as used now; forget others that need the room."""
        self._chars += kept.chars - self._kept.pop(key, Kept()).chars
        self._kept[key] = replace(kept, used=self._clock())
        self._make_room()
        return kept

    def _make_room(self) -> None:
        while self._is_too_much():
            forgotten, old = self._kept.popitem(last=False)
            self._chars -= old.chars
            self._keys = {each: known for each, known in self._keys.items() if known != forgotten}

    def _is_too_much(self) -> bool:
        oldest = next(iter(self._kept.values()), None)
        return oldest is not None and (
            len(self._kept) > MOST_TABS
            or self._chars > MOST_CHARS_OF_ALL
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


# Of its key and the place that its address names. getRandomValues is there over http, too.
ARRIVAL_SCRIPT = """
() => {
  let key = '';
  try {
    key = sessionStorage.getItem('article-qa') || '';
    if (!key) {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      key = [...bytes].map(byte => byte.toString(16).padStart(2, '0')).join('');
      sessionStorage.setItem('article-qa', key);
    }
  } catch {}  // a browser may refuse to store anything: then nothing is kept
  return [null, null, key + location.hash];
}
"""

"""Which articles a caller sees: those that everybody shares, and those on the caller's shelf."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable

from qa.visitors.state_database import StateDatabase

SHARED = ""
"""The name of the shelf that everybody sees."""


class Shelves:
    """The shelves of a library with accounts.

    An article that is on no shelf is shared. One that several people added is on several.
    """

    def __init__(self, state: StateDatabase) -> None:
        self._state = state
        self.changing = threading.RLock()
        """Held while articles go on or off a shelf together with a change of the library."""
        self.adding: Counter[tuple[str, str]] = Counter()
        """How many additions of an article to a shelf are under way."""

    def visible(self, account: str, article_ids: Iterable[str]) -> list[str]:
        """Return those of the articles that an account sees, in their order."""
        shelves = self.shelves()
        seen = ({SHARED, account} - {""}) | {SHARED}
        return [each for each in article_ids if shelves.get(each, {SHARED}) & seen]

    def shelves(self) -> dict[str, set[str]]:
        """Return the shelves of each article that is on any."""
        found: dict[str, set[str]] = {}
        with self._state.reading() as db:
            for article, shelf in db.execute("SELECT article, shelf FROM shelved"):
                found.setdefault(article, set()).add(shelf)
        return found

    def put(self, article_id: str, shelf: str, *, is_new: bool) -> None:
        """Put an article on a shelf; ``is_new`` if it was not in the library before."""
        with self._state.transaction() as db:
            on = db.execute("SELECT count(*) FROM shelved WHERE article = ?", [article_id])
            if not on.fetchone()[0] and not is_new:
                return  # it is shared
            db.execute("INSERT OR IGNORE INTO shelved VALUES (?, ?)", [article_id, shelf])

    def take(self, article_id: str, shelf: str) -> bool:
        """Take an article from a shelf; return whether it is then on none."""
        with self._state.transaction() as db:
            values = [article_id, shelf]
            db.execute("DELETE FROM shelved WHERE article = ? AND shelf = ?", values)
            on = db.execute("SELECT count(*) FROM shelved WHERE article = ?", [article_id])
            return not on.fetchone()[0]

    def forget(self, article_id: str) -> None:
        """Take an article that is removed from every shelf."""
        with self._state.transaction() as db:
            db.execute("DELETE FROM shelved WHERE article = ?", [article_id])

"""Whose each visit to the page is."""

from __future__ import annotations

import threading
from collections import OrderedDict

MAX_VISITS = 20_000


class Visits:
    """The account of each visit, by the name that the browser chose for the visit. Thread-safe.

    Gradio finds a visitor's state and results by that name alone, so that whoever learnt it could
    have them. Here a visit belongs to the account that used its name first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._accounts: OrderedDict[str, str] = OrderedDict()

    def belongs_to(self, visit: str, account: str) -> bool:
        """Return whether a visit is of this account, and let it be so if it is new."""
        if not visit:
            return True
        with self._lock:
            owner = self._accounts.setdefault(visit, account)
            self._accounts.move_to_end(visit)
            if len(self._accounts) > MAX_VISITS:
                self._accounts.popitem(last=False)
            return owner == account

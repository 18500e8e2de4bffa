"""What the routes of a server share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from qa.article_qa import ArticleQA
from qa.visitors.caller import LOCAL, Caller
from qa.visitors.caller_qa import CallerQA
from qa.visitors.conversations import Conversations
from qa.visitors.limits import CallerCounts
from qa.visitors.shelves import Shelves
from qa.visitors.state_database import StateDatabase


@dataclass(frozen=True, slots=True)
class Services:
    """The library that is served, and what is kept for its visitors."""

    qa: ArticleQA
    state: StateDatabase
    shelves: Shelves | None = None
    """Which articles are whose; None without accounts."""
    counts: CallerCounts | None = None
    """Counts what each caller does; None for no limits."""

    @classmethod
    def of(cls, qa: ArticleQA) -> Self:
        """Return the services of a server without accounts over ``qa``.

        Raises:
            LibraryError: What is kept for visitors cannot be read or written.
        """
        return cls(qa, StateDatabase(qa.folder), counts=CallerCounts())

    @property
    def conversations(self) -> Conversations:
        """The conversations of all visitors."""
        return Conversations(self.state)

    def close(self) -> None:
        """Close what :meth:`of` has opened."""
        self.state.close()

    def qa_for(self, caller: Caller = LOCAL) -> CallerQA:
        """Return the library as this caller may use it."""
        return CallerQA(self.qa, caller, self.shelves, self.counts)

"""What the routes of a server share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from qa.api.addition_jobs import AdditionJobs
from qa.api.metrics import Metrics
from qa.api.work_queue import WorkQueue
from qa.article_qa import ArticleQA
from qa.visitors.accounts import Accounts
from qa.visitors.caller import LOCAL, Caller
from qa.visitors.caller_qa import CallerQA
from qa.visitors.conversations import Conversations
from qa.visitors.credentials import Sessions, Tokens
from qa.visitors.current_caller import CurrentCallerQA
from qa.visitors.gate import AccountAccess
from qa.visitors.limits import CallerCounts, CallerLimits
from qa.visitors.shelves import Shelves
from qa.visitors.state_database import StateDatabase
from qa.visitors.tags import Tags

READ_AT_ONCE = 2
"""On two cores, three questions at once take as long as one after the other (bench.load)."""
WRITE_AT_ONCE = 4
"""Most of that is waiting for the language model's server."""
MOST_WAITING = 64


@dataclass(frozen=True, slots=True)
class Services:
    """The library that is served, and what is kept for its visitors."""

    qa: ArticleQA
    state: StateDatabase
    shelves: Shelves | None = None
    """Which articles are whose; None without accounts."""
    counts: CallerCounts | None = None
    """Counts what each caller does; None for no limits."""
    access: AccountAccess | None = None
    """By what accounts are recognised; None without accounts."""
    visitors_apart: bool = False
    """Without accounts: whether each browser is a visitor of its own, with conversations that no
    other sees."""
    mcp_writing: bool = False
    """Whether programs may add and remove articles over MCP."""
    jobs: AdditionJobs = field(default_factory=AdditionJobs)
    """Articles that are being added in the background."""
    metrics: Metrics = field(default_factory=Metrics)
    reading: WorkQueue = field(default_factory=lambda: WorkQueue(READ_AT_ONCE, MOST_WAITING))
    """Questions of programs that need our models alone."""
    writing: WorkQueue = field(default_factory=lambda: WorkQueue(WRITE_AT_ONCE, MOST_WAITING))
    """Questions of programs that a language model answers."""
    texts: WorkQueue = field(default_factory=lambda: WorkQueue(READ_AT_ONCE, MOST_WAITING))
    """Texts that programs add."""

    @classmethod
    def of(
        cls,
        qa: ArticleQA,
        accounts: Accounts | None = None,
        *,
        visitors_apart: bool = False,
        state_folder: Path | None = None,
    ) -> Self:
        """Return the services of a server over ``qa``, with accounts if there are any.

        What is kept for visitors is in ``state_folder``; None for the folder of the library, or
        in memory if it has none.

        Raises:
            LibraryError: What is kept for visitors cannot be read or written.
        """
        state = StateDatabase(state_folder or qa.folder)
        counts = CallerCounts(CallerLimits.of(qa.settings))
        if accounts is None and not visitors_apart:
            return cls(qa, state)  # the one user of this machine needs no limits
        if accounts is None:
            return cls(qa, state, counts=counts, visitors_apart=True)
        access = AccountAccess(accounts, Tokens(state), Sessions(state))
        return cls(qa, state, Shelves(state), counts, access)

    @property
    def conversations(self) -> Conversations:
        """The conversations of all visitors."""
        return Conversations(self.state)

    def close(self) -> None:
        """Cancel the jobs, and close what :meth:`of` has opened."""
        self.jobs.close()
        self.state.close()

    def qa_for(self, caller: Caller = LOCAL) -> CallerQA:
        """Return the library as this caller may use it."""
        return CallerQA(
            self.qa, caller, self.shelves, self.counts, self.metrics, tags=Tags(self.state)
        )

    def qa_for_current(self) -> CurrentCallerQA:
        """Return the library as the caller may use it for whom the running code works."""
        return CurrentCallerQA(
            self.qa, self.shelves, self.counts, self.metrics, tags=Tags(self.state)
        )

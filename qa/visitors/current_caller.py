"""The library as whoever caused the running event may use it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from index.errors import NotAllowed
from qa.article_qa import ArticleQA
from qa.visitors.caller import Caller
from qa.visitors.caller_qa import CallerQA
from qa.visitors.limits import CallerCounts
from qa.visitors.observer import Observer
from qa.visitors.shelves import Shelves
from qa.visitors.tags import Tags

_current: ContextVar[Caller] = ContextVar("caller")


@contextmanager
def acting_for(caller: Caller) -> Iterator[None]:
    """Return a context in which :func:`current_caller` is ``caller``."""
    token = _current.set(caller)
    try:
        yield
    finally:
        _current.reset(token)


def current_caller() -> Caller:
    """Return for whom this code runs.

    A thread that is started for a caller runs in a copy of the context; see
    :func:`contextvars.copy_context`.

    Raises:
        NotAllowed: It runs for nobody.
    """
    try:
        return _current.get()
    except LookupError:
        msg = "It is not known who asks for this, so it was not done. Reload the page."
        raise NotAllowed(msg) from None


class CurrentCallerQA(CallerQA):
    """A library that is, in each context, the one of the caller for whom the code runs.

    The page's handlers share one object, because Gradio calls them without the request's context.
    Outside :func:`acting_for` all that depends on the caller raises NotAllowed.
    """

    def __init__(
        self,
        qa: ArticleQA,
        shelves: Shelves | None = None,
        counts: CallerCounts | None = None,
        observer: Observer | None = None,
        *,
        tags: Tags | None = None,
    ) -> None:
        super().__init__(qa, Caller(), shelves, counts, observer, tags=tags)

    @property
    def caller(self) -> Caller:
        """For whom the running code works.

        Raises:
            NotAllowed: It works for nobody.
        """
        return current_caller()

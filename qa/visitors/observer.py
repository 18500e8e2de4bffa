"""Report the questions that callers ask to an observer, such as the server's metrics."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from typing import Protocol

from qa.answers.answer import Answer
from qa.stages import stage_times
from qa.writing.events import Event, Finished

WHOLE = "whole"
"""The stage from a question to its answer, with the stages within."""


class Observer(Protocol):
    """Sees each question. Its methods are called from several threads."""

    def asking(self) -> AbstractContextManager[None]:
        """Return a context for the time that a question is worked on; its errors are counted."""
        ...

    def answered(self, answer: Answer) -> None:
        """Count an answer."""
        ...

    def took(self, stage: str, seconds: float) -> None:
        """Count how long a stage took."""
        ...


class NullObserver:
    """Observes nothing."""

    def asking(self) -> AbstractContextManager[None]:
        """Return a context that does nothing."""
        return nullcontext()

    def answered(self, answer: Answer) -> None:
        """Do nothing."""

    def took(self, stage: str, seconds: float) -> None:
        """Do nothing."""


@contextmanager
def observed(observer: Observer) -> Generator[None, None, None]:
    """Report the work in this context, and how long its stages took."""
    started = time.perf_counter()
    with observer.asking(), stage_times(observer.took):
        yield
    observer.took(WHOLE, time.perf_counter() - started)


def observed_events(
    events: Generator[Event, None, None], observer: Observer
) -> Generator[Event, None, None]:
    """Yield the events of an answer, and report it with its stages."""
    started = time.perf_counter()
    with observer.asking(), closing(events):
        while True:
            # Set for each step alone: between two, other work may be done in this thread.
            with stage_times(observer.took):
                event = next(events, None)
            if event is None:
                return
            if isinstance(event, Finished):
                observer.answered(event.answer)
                observer.took(WHOLE, time.perf_counter() - started)
            yield event

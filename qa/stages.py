"""Report how long the stages of an answer take, to whoever asked for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

Report: TypeAlias = Callable[[str, float], None]
"""Called with the name of a stage and the seconds that it took."""

_report: ContextVar[Report | None] = ContextVar("stage_report", default=None)


@contextmanager
def stage_times(report: Report) -> Iterator[None]:
    """Call ``report`` whenever a stage ends in this thread."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measure one stage, if anybody wants to know."""
    report = _report.get()
    if report is None:
        yield
        return
    started = time.perf_counter()
    try:
        yield
    finally:
        report(name, time.perf_counter() - started)

"""Ending long work early: the caller names a check, which the work calls now and then."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

_check: ContextVar[Callable[[], None]] = ContextVar("check", default=lambda: None)


@contextlib.contextmanager
def cancel_check(check: Callable[[], None]) -> Iterator[None]:
    """Have ``check`` called several times a second while this thread reads or cuts an article.

    Whatever it raises ends the work and is raised to the caller.
    """
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def check_interruption() -> None:
    """Call the check that :func:`cancel_check` set, if there is one; raises what it raises."""
    _check.get()()

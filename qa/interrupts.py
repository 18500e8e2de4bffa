"""Ctrl-C: quiet at any time, and not lost where a library swallows it."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import NoReturn

EXIT_INTERRUPTED = 130


@contextlib.contextmanager
def remembered_interrupts() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt once Ctrl-C was pressed.

    The exception is raised at once, as ever; calling the function as work goes on
    raises it again where it was swallowed, as by libraries that catch everything while
    they are imported. It is called once more at the end. Outside the main thread, which
    alone receives signals, the function does nothing.
    """
    pressed = threading.Event()

    def check() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    def hear(_: int, __: FrameType | None) -> None:
        pressed.set()
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    before = signal.signal(signal.SIGINT, hear)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, before)
    check()


def exit_on_interrupt() -> None:
    """Have Ctrl-C end the process at once, for when there is nothing to clean up."""
    signal.signal(signal.SIGINT, lambda _, __: exit_interrupted())


def exit_interrupted() -> NoReturn:
    """End the process as interrupted, with one line on standard error.

    Python's own way out would wait for threads, and report a second Ctrl-C with a traceback.
    """
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.write("Interrupted.\n")
        sys.stderr.flush()
    os._exit(EXIT_INTERRUPTED)

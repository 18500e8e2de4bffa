"""A Ctrl-C that is not lost.

Python tells of it by an exception, and a library that catches everything, as some do
while they are imported, swallows it.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def remembered_interrupts() -> Iterator[Callable[[], None]]:
    """Yield a function that raises KeyboardInterrupt once Ctrl-C was pressed.

    The exception is raised at once, as ever; calling the function as work goes on
    raises it again where it was swallowed. Outside the main thread, which alone hears
    signals, the function does nothing.
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

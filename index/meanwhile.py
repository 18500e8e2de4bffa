"""Loading a model while something else is done."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from index.errors import ModelError


def begin(load: Callable[[], object]) -> threading.Thread:
    """Begin to load a model, and return the thread that does.

    A model that cannot be used is no error here: whoever needs it then loads it, and is told.
    """

    def loading() -> None:
        with suppress(ModelError):
            load()

    thread = threading.Thread(target=loading, name="loading a model")
    thread.start()
    return thread

"""How long a call takes."""

from __future__ import annotations

import time
from collections.abc import Callable


def milliseconds(call: Callable[[], object]) -> float:
    """Return the milliseconds that ``call`` takes."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000

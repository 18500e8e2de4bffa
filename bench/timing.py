"""Time calls, and order the rounds in which several are timed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence


def milliseconds(call: Callable[[], object]) -> float:
    """Return the milliseconds that ``call`` takes."""
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def in_turn(names: Sequence[str], number: int) -> list[str]:
    """Return the order of a round: each starts with another name, every second one is reversed."""
    step = -1 if number % 2 else 1
    return [names[(number + step * offset) % len(names)] for offset in range(len(names))]

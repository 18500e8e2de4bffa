"""One question's vector, as soon as the cores that are free can make it."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from index.forks import never_free, renew_in_children
from index.onnx_session import TextVectors, Weights
from index.processor import free_cores

_TOGETHER = 2
"""Cores that work on one question: two take half of the time that one takes."""


class QuestionVectors:
    """Runs one graph by two cores while both are free, else by one.

    Two wait for each other at every step. Where another process has one of them, the
    question would wait for that process's turn to end, many times over.

    The arguments are those of :func:`index.onnx_session.session`. Safe to use from several
    threads.
    """

    def __init__(self, graph: bytes, weights: Weights) -> None:
        self._graph = graph
        self._weights = weights
        self.alone = TextVectors(graph, weights)
        """By one core, whatever the others do."""
        self._together: TextVectors | None = None
        self._asked_before = False
        self._lock = threading.Lock()
        renew_in_children(self)

    def of(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vector, ``(dimension,)``, of a question of tokens ``(n,)``."""
        # Made for the second question: a process that asks one and ends need not wait for it.
        first, self._asked_before = not self._asked_before, True
        if first or free_cores() < _TOGETHER or not self._lock.acquire(blocking=False):
            return self.alone.of(ids)
        try:
            if self._together is None:
                self._together = TextVectors(self._graph, self._weights, _TOGETHER)
            return self._together.of(ids)
        finally:
            self._lock.release()

    def renew_in_child(self) -> None:
        """Begin without the threads of the parent, which do not run in a child process."""
        self._lock = threading.Lock()
        never_free(self._together)
        self._together = None

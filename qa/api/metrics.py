"""Count what callers ask, for Prometheus."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from qa.answers.answer import Answer, Kind

if TYPE_CHECKING:  # the page starts without it
    from qa.api.metric_families import MetricFamilies

_FAILED = "failed"


class Metrics:
    """Counts questions, as :class:`qa.visitors.observer.Observer`. Safe to use from threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._families: MetricFamilies | None = None

    @property
    def families(self) -> MetricFamilies:
        """The metrics, which are made when they are first needed."""
        with self._lock:
            if self._families is None:
                from qa.api.metric_families import MetricFamilies

                self._families = MetricFamilies()
            return self._families

    @contextmanager
    def asking(self) -> Generator[None, None, None]:
        """Return a context for the time that a question is worked on."""
        families = self.families
        families.running.inc()
        try:
            yield
        except Exception:
            families.questions.labels("unknown", _FAILED).inc()
            raise
        finally:
            families.running.dec()

    def answered(self, answer: Answer) -> None:
        """Count an answer."""
        outcome = "answered" if answer.answered else "refused"
        self.families.questions.labels(answer.kind.value, outcome).inc()
        if answer.kind is Kind.ANSWER:
            self.families.confidence.labels(outcome).observe(answer.confidence)

    def took(self, stage: str, seconds: float) -> None:
        """Count how long a stage took."""
        self.families.seconds.labels(stage).observe(seconds)

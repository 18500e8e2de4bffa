"""The metrics of a server, in a registry of their own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_TENTHS = tuple(tenth / 10 for tenth in range(1, 11))


class MetricFamilies:
    """The metrics; each attribute is one of them."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self.questions = Counter(
            "article_qa_questions",
            "Questions answered or refused, and those that failed",
            ("kind", "outcome"),
            registry=registry,
        )
        self.seconds = Histogram(
            "article_qa_question_seconds",
            "Time of a question by stage",
            ("stage",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.confidence = Histogram(
            "article_qa_confidence",
            "Confidence in answers and, if refused, in the best candidate",
            ("outcome",),
            buckets=_TENTHS,
            registry=registry,
        )
        self.running = Gauge(
            "article_qa_questions_running", "Questions that are worked on", registry=registry
        )
        self.waiting = Gauge(
            "article_qa_questions_waiting", "Questions of programs that wait", registry=registry
        )
        self.articles = Gauge("article_qa_articles", "Articles in the library", registry=registry)
        self.jobs = Gauge(
            "article_qa_jobs",
            "Additions in the background; finished ones are counted for an hour",
            ("state",),
            registry=registry,
        )

    def text(self) -> bytes:
        """Return the values of all metrics, in the text format of Prometheus."""
        return generate_latest(self._registry)

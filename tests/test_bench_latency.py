from __future__ import annotations

from bench.latency import WARM_UP, WAYS, measure
from qa.evaluation.datasets import EvalArticle, EvalQuestion

TEXT = "The bridge opened in 1932 after nine years of work. It was built by Ann Lee for the town."


def test_each_way_is_timed_over_the_questions_after_the_warm_up() -> None:
    questions = tuple(
        EvalQuestion(str(n), f"When did bridge {n} open?", ("1932",), answerable=True, kind="span")
        for n in range(WARM_UP + 3)
    )
    timings = measure([EvalArticle("bridge", "Bridge", TEXT, "en", questions)], 3)
    assert [timing.what for timing in timings] == list(WAYS)
    for timing in timings:
        assert timing.questions == 3
        assert 0 < timing.p50 <= timing.p95
    assert timings[WAYS.index("bare models")].ratio == 1.0

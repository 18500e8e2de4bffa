"""What a server counts, for Prometheus."""

from __future__ import annotations

import sys
from contextlib import suppress

from fastapi.testclient import TestClient

from index.errors import QuestionError
from qa.answers.answer import Kind
from qa.api.services import Services
from tests.scripted_writer import FERRY, QUESTION


def samples(client: TestClient) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_what_callers_ask_is_counted_and_timed(
    own_services: Services, own_client: TestClient
) -> None:
    own_services.qa.add_text(FERRY)
    library = own_services.qa_for()
    library.ask(QUESTION)
    library.ask("What does a kilo of saffron cost in Osaka?")
    library.overview(Kind.SUMMARY)
    library.retrieve(QUESTION)
    with suppress(QuestionError):
        library.ask(QUESTION, history=["???"])
    counted = samples(own_client)
    expected = {
        'article_qa_questions_total{kind="answer",outcome="answered"}': 1,
        'article_qa_questions_total{kind="answer",outcome="refused"}': 1,
        'article_qa_questions_total{kind="summary",outcome="answered"}': 1,
        'article_qa_questions_total{kind="unknown",outcome="failed"}': 1,
        'article_qa_confidence_count{outcome="answered"}': 1,
        'article_qa_question_seconds_count{stage="whole"}': 4,
        'article_qa_jobs{state="queued"}': 0,
        "article_qa_questions_running": 0,
        "article_qa_questions_waiting": 0,
        "article_qa_articles": 1,
    }
    assert {name: counted[name] for name in expected} == expected
    seconds = {
        stage: counted[f'article_qa_question_seconds_sum{{stage="{stage}"}}']
        for stage in ("retrieve", "read", "whole")
    }
    assert 0 < seconds["retrieve"] + seconds["read"] < seconds["whole"]


def test_other_programs_in_the_process_keep_their_registry(client: TestClient) -> None:
    assert samples(client)
    registry = sys.modules["prometheus_client"].REGISTRY
    assert not [name for name in registry._names_to_collectors if name.startswith("article_qa")]

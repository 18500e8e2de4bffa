"""Answers and passages over HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest
from fastapi.testclient import TestClient

from qa.api.application import build_application
from qa.api.ask import _stream
from qa.api.services import Services
from qa.article_qa import ArticleQA
from qa.visitors.limits import CallerCounts, CallerLimits
from qa.visitors.state_database import StateDatabase
from tests.api.events import as_json, events_of
from tests.scripted_writer import FERRY, INVENTED, QUESTION, SUPPORTED, ScriptedModel, written_qa


def written_services(model: ScriptedModel) -> Services:
    return Services(written_qa(model), StateDatabase(None))


@pytest.fixture
def ferry(own_services: Services, own_client: TestClient) -> TestClient:
    own_services.qa.add_text(FERRY, title="Ferry")
    return own_client


def test_an_answer_is_that_of_python(ferry: TestClient, own_services: Services) -> None:
    response = ferry.post("/api/v1/ask", json={"question": QUESTION})
    assert response.status_code == 200
    assert response.json() == as_json(own_services.qa.ask(QUESTION).to_dict())
    assert response.json()["answered"]


def test_an_answer_takes_the_articles_the_questions_before_and_the_order(
    ferry: TestClient, own_services: Services
) -> None:
    question, ids = "How many passengers does it carry?", list(own_services.qa.titles())
    body = {"question": question, "history": [QUESTION], "article_ids": ids, "rerank": False}
    asked = own_services.qa.ask(question, ids, history=[QUESTION], rerank=False)
    assert ferry.post("/api/v1/ask", json=body).json() == as_json(asked.to_dict())


def test_the_last_event_of_a_stream_is_the_answer(
    ferry: TestClient, own_services: Services
) -> None:
    response = ferry.post("/api/v1/ask", json={"question": QUESTION, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    answer = as_json(own_services.qa.ask(QUESTION).to_dict())
    assert events_of(response.text) == [("answer", answer)]


def test_an_answer_in_own_words_is_streamed_as_it_is_written_and_checked() -> None:
    services = written_services(ScriptedModel(SUPPORTED, " ", INVENTED))
    body = {"question": QUESTION, "own_words": True, "stream": True}
    with services.qa, TestClient(build_application(services)) as client:
        events = events_of(client.post("/api/v1/ask", json=body).text)
    services.close()
    names = [name for name, _ in events]
    assert set(names[:-1]) == {"piece", "sentence"}
    assert names[-1] == "answer"
    sentences = "".join(value["text"] for name, value in events if name == "sentence")
    assert events[-1][1]["text"] == sentences
    assert events[-1][1]["engine"] == "scripted-1b"


def test_the_language_model_stops_when_the_client_leaves() -> None:
    model = ScriptedModel(SUPPORTED, INVENTED, held=True)
    services = written_services(model)
    stopped = threading.Event()
    events = services.qa_for().ask_in_steps(QUESTION, own_words=True, stopped=stopped)

    async def leave_after_first_event() -> None:
        model.release()
        async with aclosing(_stream(events, services.writing, stopped)) as stream:  # type: ignore[type-var] # a generator
            await anext(stream)
        await asyncio.to_thread(model.ended.wait)
        while len(asyncio.all_tasks()) > 1:  # the thread ends
            await asyncio.sleep(0)

    with services.qa:
        asyncio.run(leave_after_first_event())
    services.close()
    assert model.was_stopped


def test_an_error_while_it_is_written_is_the_last_event(ferry: TestClient) -> None:
    body = {"question": QUESTION, "history": ["???"], "stream": True}
    [(name, value)] = events_of(ferry.post("/api/v1/ask", json=body).text)
    assert (name, value["status"], value["error"]) == ("problem", 422, "QuestionError")


def test_an_answer_in_own_words_needs_a_language_model(ferry: TestClient) -> None:
    response = ferry.post("/api/v1/ask", json={"question": QUESTION, "own_words": True})
    assert (response.status_code, response.json()["error"]) == (422, "SettingsError")


def test_passages_are_the_same_values_as_in_python(
    ferry: TestClient, own_services: Services
) -> None:
    response = ferry.post("/api/v1/passages", json={"question": QUESTION, "k": 3})
    found = [passage.to_dict() for passage in own_services.qa.retrieve(QUESTION, 3)]
    assert response.json() == {"passages": as_json(found)}


def test_suggestions_are_questions(ferry: TestClient, own_services: Services) -> None:
    [ferry_id] = own_services.qa.titles()
    response = ferry.get("/api/v1/suggestions", params={"count": 1, "article_id": [ferry_id]})
    assert len(response.json()["questions"]) == 1


@pytest.fixture
def limited(bundled: ArticleQA) -> Iterator[TestClient]:
    counts = CallerCounts(CallerLimits(questions_per_minute=1, articles_per_day=1))
    services = Services(bundled, StateDatabase(None), counts=counts)
    with TestClient(build_application(services)) as client:
        yield client
    services.close()


def test_a_caller_who_asks_too_much_is_told_when_to_come_back(limited: TestClient) -> None:
    body = {"question": QUESTION}
    first, second = (limited.post("/api/v1/passages", json=body) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert 1 <= int(second.headers["retry-after"]) <= 60
    assert limited.post("/api/v1/ask", json={**body, "stream": True}).status_code == 429

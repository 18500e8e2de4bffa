"""Answers and passages over HTTP."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from fastapi.testclient import TestClient

from qa.api.application import build_application
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


@contextmanager
def served(services: Services) -> Iterator[tuple[str, int]]:
    """Serve the application on a real socket, and return its address."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(build_application(services), log_level="error"))
        thread = threading.Thread(target=server.run, args=[[listener]])
        thread.start()
        yield listener.getsockname()
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("stream", [True, False])
def test_the_language_model_stops_when_the_client_leaves(*, stream: bool) -> None:
    model = ScriptedModel(SUPPORTED, INVENTED, held=True)
    services = written_services(model)
    body = json.dumps({"question": QUESTION, "own_words": True, "stream": stream})
    head = "POST /api/v1/ask HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    with services.qa, served(services) as address:
        with socket.create_connection(address) as client:
            client.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
            while not model.asked:
                threading.Event().wait(0.01)
            if stream:
                model.release()
                client.recv(10_000)
        assert model.ended.wait(30)
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


def test_a_caller_who_adds_too_much_is_refused_before_anything_is_fetched(
    limited: TestClient,
) -> None:
    body = {"url": "http://127.0.0.1/"}
    first, second = (limited.post("/api/v1/articles", json=body) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 429)
    assert int(second.headers["retry-after"]) > 3_600

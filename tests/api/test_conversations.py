"""Conversations over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from qa.answers.answer import Answer
from qa.api.application import build_application
from qa.api.services import Services
from qa.output.transcript import Transcript
from qa.visitors.caller import Caller
from tests.visitors.test_conversations import turn_of

PATH = "/api/v1/conversations"
CALLED = "Who did Marco Rubio call?"


def created(client: TestClient, name: str = "") -> str:
    response = client.post(PATH, json={"name": name})
    assert response.status_code == 201
    return str(response.json()["id"])


def asked(client: TestClient, conversation: str, question: str) -> dict[str, object]:
    response = client.post(f"{PATH}/{conversation}/turns", json={"question": question})
    assert response.status_code == 201, response.text
    return dict(response.json())


def as_json(answer: Answer) -> object:
    return json.loads(json.dumps(answer.to_dict()))


@pytest.fixture
def named(services: Services) -> Iterator[TestClient]:
    """A client whose header says who it is."""
    application: FastAPI = build_application(services)

    @application.middleware("http")
    async def _caller(request: Request, proceed):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        name = request.headers.get("x-name", "")
        can_write = "x-read-only" not in request.headers
        request.state.caller = Caller(name=name, visitor=name, can_write=can_write)
        return await proceed(request)

    with TestClient(application, raise_server_exceptions=False) as client:
        yield client


def test_a_question_is_asked_with_the_ones_before_it(
    client: TestClient, services: Services
) -> None:
    conversation = created(client)
    first = asked(client, conversation, CALLED)
    assert first == {
        "number": 1,
        "question": CALLED,
        "answer": as_json(services.qa.ask(CALLED)),
        "note": "",
        "pinned": False,
    }
    second = asked(client, conversation, "And when?")
    expected = services.qa.ask("And when?", history=[services.qa.ask(CALLED)])
    assert second["answer"] == as_json(expected)
    read = client.get(f"{PATH}/{conversation}").json()
    assert read["turns"] == [first, second]
    assert (read["conversation"]["name"], read["conversation"]["turns"]) == (CALLED, 2)


def test_conversations_are_listed_searched_renamed_and_deleted(client: TestClient) -> None:
    ids = [created(client, name) for name in ("Harbour", "Bridge", "Harbour bridge")]
    listed = client.get(PATH, params={"limit": 1, "offset": 1}).json()
    assert ([each["name"] for each in listed["conversations"]], listed["total"]) == (["Bridge"], 3)
    found = client.get(PATH, params={"q": "bridge HARBOUR"}).json()
    assert [each["id"] for each in found["conversations"]] == [ids[2]]
    renamed = client.patch(f"{PATH}/{ids[0]}", json={"name": "Port"})
    assert renamed.json()["name"] == "Port"
    assert client.delete(f"{PATH}/{ids[0]}").status_code == 204
    assert client.get(f"{PATH}/{ids[0]}").status_code == 404


def test_a_note_and_a_pin_are_changed_and_exported(client: TestClient, services: Services) -> None:
    conversation = services.conversations.begin("", turn_of())
    turn = f"{PATH}/{conversation}/turns/1"
    client.patch(turn, json={"note": "See <page> 2"})
    changed = client.patch(turn, json={"pinned": True}).json()
    assert (changed["note"], changed["pinned"]) == ("See <page> 2", True)
    exported = {
        kind: client.get(f"{PATH}/{conversation}/export", params={"format": kind})
        for kind in ("html", "md", "json")
    }
    assert "See &lt;page&gt; 2" in exported["html"].text
    assert "Pinned" in exported["html"].text
    assert "See \\<page> 2" in exported["md"].text
    assert "Pinned" in exported["md"].text
    transcript = Transcript.from_dict(exported["json"].json())
    assert transcript.turns == (replace(turn_of(), note="See <page> 2", pinned=True),)
    disposition = exported["html"].headers["content-disposition"]
    assert disposition.startswith('attachment; filename="conversation-')


@pytest.mark.parametrize(
    ("request_line", "body", "status"),
    [
        ("PATCH ", {"name": " "}, 422),
        ("PATCH ", {"name": "x" * 200}, 413),
        ("PATCH /turns/2", {"pinned": True}, 404),
        (f"PATCH /turns/{10**30}", {"pinned": True}, 404),
        ("PATCH /turns/1", {"pined": True}, 422),
        ("PATCH /turns/1", {"note": "x" * 5_000}, 413),
        ("POST /turns", {"question": " "}, 422),
        ("POST /turns", {"question": CALLED, "article_ids": ["none"]}, 404),
        ("GET /export?format=exe", None, 422),
    ],
)
def test_what_cannot_be_done_is_a_problem(
    client: TestClient, services: Services, request_line: str, body: object, status: int
) -> None:
    method, path = request_line.split(" ")
    conversation = services.conversations.begin("", turn_of())
    response = client.request(method, f"{PATH}/{conversation}{path}", json=body)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert services.conversations.transcript("", conversation).turns == (turn_of(),)


def test_no_route_shows_or_changes_the_conversation_of_another(
    named: TestClient, services: Services
) -> None:
    conversation = services.conversations.begin("ada", turn_of())
    other, path = {"x-name": "bob"}, f"{PATH}/{conversation}"
    assert named.get(PATH, headers=other).json() == {"conversations": [], "total": 0}
    for response in (
        named.get(path, headers=other),
        named.get(f"{path}/export", headers=other),
        named.patch(path, json={"name": "Mine"}, headers=other),
        named.patch(f"{path}/turns/1", json={"note": "Mine"}, headers=other),
        named.post(f"{path}/turns", json={"question": CALLED}, headers=other),
        named.delete(path, headers=other),
    ):
        assert response.status_code == 404
    assert len(named.get(path, headers={"x-name": "ada"}).json()["turns"]) == 1


def test_a_token_that_may_only_read_changes_nothing(named: TestClient, services: Services) -> None:
    conversation = services.conversations.begin("ada", turn_of())
    reader, path = {"x-name": "ada", "x-read-only": "yes"}, f"{PATH}/{conversation}"
    assert named.get(path, headers=reader).status_code == 200
    for response in (
        named.post(PATH, json={}, headers=reader),
        named.patch(path, json={"name": "New"}, headers=reader),
        named.patch(f"{path}/turns/1", json={"pinned": True}, headers=reader),
        named.post(f"{path}/turns", json={"question": CALLED}, headers=reader),
        named.delete(path, headers=reader),
    ):
        assert response.status_code == 403


def test_questions_asked_at_the_same_time_are_all_kept_in_their_conversations(
    client: TestClient,
) -> None:
    ids = [created(client, name) for name in ("one", "two")]
    questions = [f"Who did Marco Rubio call, {number}?" for number in range(4)]

    def ask(number: int) -> None:
        asked(client, ids[number % 2], questions[number])

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(ask, range(4)))
    for parity, conversation in enumerate(ids):
        turns = client.get(f"{PATH}/{conversation}").json()["turns"]
        assert [turn["number"] for turn in turns] == [1, 2]
        assert {turn["question"] for turn in turns} == set(questions[parity::2])

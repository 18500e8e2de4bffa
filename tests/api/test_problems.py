"""Whatever is sent, the response is a value of the interface or a problem."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from qa.answers.answer import Answer
from qa.api.application import OPENAPI_PATH
from qa.article_qa import ArticleQA

JSON = {"content-type": "application/json"}
BODIES = [
    "",
    "{",
    "[]",
    "null",
    '{"question": NaN}',
    '{"question": ""}',
    '{"question": " "}',
    '{"question": "a\\u0000b"}',
    '{"question": "\\ud800"}',
    '{"question": "a", "\\ud800": 1}',
    '{"question": "a", "k": 1e400}',
    '{"question": "a", "k": ' + "9" * 5_000 + "}",
    '{"question": "a", "article_ids": ["\\ud800"]}',
    '{"question": "a", "article_ids": [' + ",".join(["1"] * 1_000) + "]}",
    '{"question": "a", "article_ids": {}}',
    '{"question": "a", "history": [null]}',
    '{"question": "' + "a" * 3_000 + '"}',
    "[" * 20_000,
]


@pytest.mark.parametrize("path", ["/api/v1/ask", "/api/v1/passages", "/api/v1/articles"])
def test_a_body_that_does_not_fit_is_a_problem(client: TestClient, path: str) -> None:
    for body in BODIES:
        response = client.post(path, content=body, headers=JSON)
        assert response.status_code in (400, 422), body
        assert response.headers["content-type"] == "application/problem+json", body
        assert {"type", "title", "status", "detail"} <= response.json().keys(), body
        assert len(response.content) < 10_000, body


def test_a_body_that_is_not_utf8_is_a_problem(client: TestClient) -> None:
    for path in ("/api/v1/ask", "/api/v1/articles"):
        response = client.post(path, content=b'{"question": "\xff"}', headers=JSON)
        assert response.status_code in (400, 422)


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/articles?limit=0",
        "/api/v1/articles?limit=99999999999999999999999",
        "/api/v1/articles?sort=colour",
        "/api/v1/articles?search=%00",
        "/api/v1/suggestions?count=x",
        "/api/v1/suggestions?article_id=%00",
    ],
)
def test_a_query_that_does_not_fit_is_a_problem(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 422


@pytest.mark.parametrize("article_id", ["nothing", "%00", "%ff", "a" * 5_000, "%F0%9F%90%99"])
def test_an_unknown_id_is_not_found(client: TestClient, article_id: str) -> None:
    for path in (f"/api/v1/articles/{article_id}", f"/api/v1/jobs/{article_id}"):
        assert client.get(path).status_code == 404
    body = {"question": "Who called?", "article_ids": ["nothing"]}
    assert client.post("/api/v1/ask", json=body).status_code == 404


def test_a_method_that_a_path_does_not_have_is_a_problem(client: TestClient) -> None:
    response = client.put("/api/v1/ask", json={})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.json()["title"] == "Method Not Allowed"


def test_every_route_is_described_with_its_errors(client: TestClient) -> None:
    described = client.get(OPENAPI_PATH).json()
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            assert operation["summary"], (method, path)
            for status, response in operation["responses"].items():
                if path.startswith("/api/") and status >= "400":
                    assert "application/problem+json" in response["content"], (method, path)
    assert "HTTPValidationError" not in described["components"]["schemas"]


def test_the_described_answer_has_the_keys_of_an_answer(
    client: TestClient, bundled: ArticleQA
) -> None:
    schemas = client.get(OPENAPI_PATH).json()["components"]["schemas"]
    answer: Answer = bundled.ask("Who did Marco Rubio call?")
    assert schemas["Answer"]["properties"].keys() == answer.to_dict().keys()
    for name, value in (("Passage", answer.passages[0]), ("Citation", answer.citations[0])):
        assert schemas[name]["properties"].keys() == value.to_dict().keys()

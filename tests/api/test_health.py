"""Whether the server is up, and whether it can answer already."""

from __future__ import annotations

from fastapi.testclient import TestClient

from qa.api.application import build_application
from qa.api.services import Services
from qa.article_qa import ArticleQA


def test_a_server_is_up_and_ready_once_its_models_are_loaded(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ready"}


def test_a_server_is_not_ready_before_its_models_are_loaded() -> None:
    with ArticleQA.from_text("The bridge opened in 1932.") as qa:
        services = Services.of(qa)
        response = TestClient(build_application(services)).get("/readyz")
        services.close()
    assert (response.status_code, response.json()) == (503, {"status": "loading"})


def test_an_unknown_path_is_a_problem(client: TestClient) -> None:
    response = client.get("/api/v1/nothing")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["title"] == "Not Found"

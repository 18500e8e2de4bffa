"""A client of the application over the bundled article, without the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from qa.api.application import build_application
from qa.api.services import Services
from qa.article_qa import ArticleQA
from qa.visitors.state_database import StateDatabase


@pytest.fixture(scope="session")
def bundled() -> Iterator[ArticleQA]:
    with ArticleQA.bundled() as qa:
        qa.warm_up()
        yield qa


@pytest.fixture
def services(bundled: ArticleQA) -> Iterator[Services]:
    state = StateDatabase(None)
    yield Services(bundled, state)
    state.close()


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    with TestClient(build_application(services), raise_server_exceptions=False) as client:
        yield client

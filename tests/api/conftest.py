"""A client of the application over the bundled article, without the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from index.search.passage_index import PassageIndex
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
    services = Services(bundled, state)
    yield services
    services.close()


@pytest.fixture
def own_services(bundled: ArticleQA) -> Iterator[Services]:
    """The services of an empty library, with models that are loaded already."""
    embedder, reader = bundled._embedder, bundled._reader
    index = PassageIndex(None, embedder)
    with ArticleQA(index, embedder, bundled.settings, reader=reader) as qa:
        services = Services(qa, StateDatabase(None))
        yield services
        services.close()


@pytest.fixture
def own_client(own_services: Services) -> Iterator[TestClient]:
    with TestClient(build_application(own_services), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    with TestClient(build_application(services), raise_server_exceptions=False) as client:
        yield client

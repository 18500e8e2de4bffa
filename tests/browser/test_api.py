"""The two calls that programs make: the same answers as in Python."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gradio_client import Client  # type: ignore[import-untyped] # it ships no types
from gradio_client.exceptions import AppError  # type: ignore[import-untyped] # likewise

from qa.answers.answer import Answer
from qa.article_qa import ArticleQA
from tests.browser.visiting import GRADIO_WARNINGS

pytestmark = [pytest.mark.browser, *GRADIO_WARNINGS]
CALLED = "Who did Marco Rubio call?"


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    client = Client(address, verbose=False, analytics_enabled=False)
    yield client
    client.close()


def test_the_api_answers_as_python_does(client: Client, qa: ArticleQA) -> None:
    sent = client.predict(CALLED, api_name="/ask")
    answer = Answer.from_dict(sent)
    assert answer.citations == qa.ask(CALLED).citations
    article = qa.article(answer.citations[0].article_id)
    for citation in answer.citations:
        citation.check(article)


def test_the_api_retrieves_as_python_does(client: Client, qa: ArticleQA) -> None:
    sent = client.predict(CALLED, 3, api_name="/retrieve")
    expected = [passage.to_dict() for passage in qa.retrieve(CALLED, k=3)]
    places = [(passage["article_id"], passage["start"], passage["end"]) for passage in sent]
    assert places == [(p["article_id"], p["start"], p["end"]) for p in expected]
    assert set(sent[0]) == set(expected[0])


def test_the_api_offers_only_these_two_calls(client: Client) -> None:
    described = client.view_api(return_format="dict")
    assert isinstance(described, dict)
    assert set(described["named_endpoints"]) == {"/ask", "/retrieve"}
    assert not described["unnamed_endpoints"]


def test_the_api_returns_an_error_message(client: Client, qa: ArticleQA) -> None:
    with pytest.raises(AppError, match="question"):
        client.predict("why " * qa.settings.max_question_chars, api_name="/ask")

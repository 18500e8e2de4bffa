"""What every framework is tried with."""

from __future__ import annotations

import os
import socket

import pytest

from index.types import Article, Passage
from qa.article_qa import ArticleQA
from qa.frameworks.extraction import SentenceExtractor

# A test may import Haystack before our module, and it would write to the home folder.
os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

QUESTION = "Who did Marco Rubio call?"
DAM = "The Alder dam broke in spring.\r\nNobody was hurt. The mayor, Ines Falk, resigned in June."
DAM_QUESTION = "When did the mayor resign?"


@pytest.fixture(scope="session")
def extractor() -> SentenceExtractor:
    return SentenceExtractor()


@pytest.fixture(autouse=True)
def _without_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def metadata_of(passage: Passage, article: Article) -> dict[str, object]:
    """Return the metadata that each framework's document has."""
    return {
        "article_id": passage.article_id,
        "title": passage.title,
        "start": passage.start,
        "end": passage.end,
        "page": None,
        "heading": passage.heading,
        "source": article.source,
        "score": passage.score,
    }


def expected(qa: ArticleQA, k: int) -> list[tuple[str, dict[str, object]]]:
    """Return the texts and the metadata of the passages that must be found."""
    (article,) = qa.articles()
    return [(each.text, metadata_of(each, article)) for each in qa.retrieve(QUESTION, k)]

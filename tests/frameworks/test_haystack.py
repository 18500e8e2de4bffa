"""The parts for Haystack, with Haystack itself."""

from __future__ import annotations

import importlib
import os

import pytest
from haystack import Document, Pipeline
from haystack.telemetry import _telemetry

from qa.article_qa import ArticleQA
from qa.frameworks import haystack
from qa.frameworks.extraction import SentenceExtractor
from qa.frameworks.haystack import ArticleQADocumentRetriever, ReadingExtractor
from tests.asgi import run
from tests.frameworks.conftest import DAM, DAM_QUESTION, QUESTION, expected


def test_passages_are_documents(bundled: ArticleQA) -> None:
    retriever = ArticleQADocumentRetriever(bundled, top_k=2)
    found = retriever.run(QUESTION)["documents"]
    assert [(each.content, each.meta) for each in found] == expected(bundled, 2)
    assert [each.score for each in found] == [each.meta["score"] for each in found]
    assert run(retriever.run_async(QUESTION))["documents"] == found
    assert retriever.run(QUESTION, top_k=1)["documents"] == found[:1]
    assert retriever.run(QUESTION, article_ids=[])["documents"] == []


def test_answers_are_exact_parts_of_their_document(extractor: SentenceExtractor) -> None:
    documents = [Document(content="The ferry carries sixty cars."), Document(content=DAM)]
    (answer,) = ReadingExtractor(extractor).run(DAM_QUESTION, documents)["answers"]
    place, within = answer.document_offset, answer.context_offset
    assert place is not None
    assert within is not None
    assert answer.document is documents[1]
    assert answer.data == DAM[place.start : place.end] == "June"
    assert answer.context == "The mayor, Ines Falk, resigned in June."
    assert answer.context[within.start : within.end] == answer.data
    assert 0.5 < answer.score <= 1


def test_they_work_together_in_a_pipeline(bundled: ArticleQA, extractor: SentenceExtractor) -> None:
    pipeline = Pipeline()
    pipeline.add_component("retriever", ArticleQADocumentRetriever(bundled))
    pipeline.add_component("extractor", ReadingExtractor(extractor))
    pipeline.connect("retriever.documents", "extractor.documents")
    asked = {"retriever": {"query": QUESTION}, "extractor": {"query": QUESTION}}
    answers = pipeline.run(asked)["extractor"]["answers"]
    assert "Shehbaz Sharif" in answers[0].context


@pytest.mark.parametrize("telemetry", [None, "as if Haystack was imported before our module"])
def test_the_telemetry_of_haystack_is_off(
    telemetry: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HAYSTACK_TELEMETRY_ENABLED", "True")
    monkeypatch.setattr(_telemetry, "telemetry", telemetry)
    importlib.reload(haystack)
    assert os.environ["HAYSTACK_TELEMETRY_ENABLED"] == "False"
    assert _telemetry.telemetry is None

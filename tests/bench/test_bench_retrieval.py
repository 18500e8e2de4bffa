"""The measurement itself, on a small set, with real indexes and the real model."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench.datasets import Document, Query, RetrievalSet
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from bench.retrieval import measure_documents, measure_passages
from bench.retrieval_report import DocumentRow, PassageRow, Results, render
from index.embedding.embedder import SentenceTransformerEmbedder, Vectors
from index.types import Span
from qa.evaluation.datasets import EvalArticle, EvalQuestion, Evidence
from qa.evaluation.metrics import Interval

PARAGRAPHS = (
    "The lighthouse stands on the northern cape. " * 12,
    "The bakery opens at six and sells rye bread. " * 12,
    "The orchestra rehearses Mahler in the old mill. " * 12,
)
TEXT = "\n\n".join(paragraph.strip() for paragraph in PARAGRAPHS)


@pytest.fixture(scope="module")
def embedder() -> RememberingEmbedder:
    return RememberingEmbedder(SentenceTransformerEmbedder())


def article() -> EvalArticle:
    start = TEXT.index("Mahler")
    answered = EvalQuestion(
        "a#q1",
        "What is rehearsed?",
        ("Mahler",),
        answerable=True,
        kind="span",
        evidence=Evidence((Span(start, start + 6),)),
    )
    off_topic = EvalQuestion("a#q2", "Who is mayor?", (), answerable=False, kind="off_topic")
    return EvalArticle("a", "A town", TEXT, "en", (answered, off_topic))


def test_every_system_is_a_row_over_the_questions_with_evidence(
    embedder: RememberingEmbedder,
) -> None:
    rows = measure_passages("town", [article()], embedder)
    assert [row.system for row in rows] == ["dense", "BM25", "hybrid"]
    for row in rows:
        assert (row.dataset, row.articles, row.questions, row.passages) == ("town", 1, 1, 3)
        assert [value.mean for value in row.recall] == [1, 1, 1, 1]
        assert row.mrr.mean == row.recall_in_budget.mean == 1
        assert row.mean_characters == pytest.approx((len(TEXT) - 4) / 3)


def test_documents_of_the_same_text_are_both_ranked(embedder: RememberingEmbedder) -> None:
    documents = [Document(str(n), "", text) for n, text in enumerate((*PARAGRAPHS, PARAGRAPHS[1]))]
    documents.append(Document("empty", "", ""))
    query = Query("q", "Where can I buy rye bread?", frozenset({"1", "3"}))
    rows = measure_documents(RetrievalSet("shops", tuple(documents), (query,)), embedder)
    assert [(row.documents, row.queries) for row in rows] == [(5, 1)] * 3
    assert [row.ndcg.mean for row in rows] == [pytest.approx(1)] * 3
    assert [row.recall_at_100.mean for row in rows] == [1, 1, 1]


def test_prepared_questions_have_the_vectors_they_get_alone() -> None:
    inner = SentenceTransformerEmbedder()
    asked: list[str] = []

    class Counting(SentenceTransformerEmbedder):
        def encode_query(self, text: str) -> Vectors:
            asked.append(text)
            return super().encode_query(text)

    questions = ["Where?", "Who rehearses Mahler in the old mill?", "Where?"]
    prepared = RememberingEmbedder(Counting())
    prepared.prepare(questions)
    for question in questions:
        alone = inner.encode_query(question)
        assert np.allclose(prepared.encode_query(question), alone, atol=1e-5)
    assert set(asked) == set(questions)
    assert len(asked) <= len(questions)  # none again


def test_the_report_names_command_machine_and_numbers() -> None:
    value = Interval(0.5, 0.25, 0.75)
    environment = Environment("python -m x", "2026-01-01", "3.11", (("torch", "2"),), "CPU", 2)
    row = PassageRow("set", "hybrid", 3, 1200, 40, 700.4, 150.2, (value,) * 4, value, value, 1.26)
    other = DocumentRow("docs", "BM25", 1398, 225, value, value)
    report = render(Results(environment, quick=False, passages=(row,), documents=(other,)))
    assert "`python -m x`" in report
    assert "CPU, 2 cores" in report
    assert "| set | 1,200 | hybrid | 0.500 [0.250, 0.750] |" in report
    assert "| set | 3 | 40 | 700 | 150 |" in report
    assert "| docs | 1,398 | 225 | BM25 | 0.500 [0.250, 0.750] |" in report


def test_the_environment_is_json_ready() -> None:
    now = Environment.now("bench.retrieval")
    assert now.command.startswith("python -m bench.retrieval")
    assert now.cores >= 1
    assert dict(now.versions)["torch"]
    json.dumps(now.versions)

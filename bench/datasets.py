"""Read question sets, and retrieval sets: documents, queries and relevance judgements.

A retrieval set is a folder of ``corpus.jsonl``, ``queries.jsonl`` and ``qrels.tsv``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from index.errors import UnreadableFile
from qa.evaluation.datasets import EvalArticle, lines_of, read_articles, read_lines

# Paths within the data's folder.
QA_FILES = {
    "squad_en": "qa/squad_en.jsonl",
    "xquad_en": "qa/xquad_en.jsonl",
    **{
        f"xquad_{code}": f"qa/xquad_{code}.jsonl"
        for code in ("ar", "de", "el", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")
    },
    "fairytale": "qa/fairytale.jsonl",
    "covidqa": "qa/covidqa.jsonl",
    "quail_news": "qa_nc/quail_news.jsonl",
    "clapnq": "qa_long/clapnq.jsonl",
    "policyqa": "qa_nc/policyqa.jsonl",
    "rgb_counterfactual": "qa_nc/rgb_counterfactual.jsonl",
}
CALIBRATED_ON = (
    "squad_en", "xquad_en", "covidqa", "fairytale", "clapnq", "rgb_counterfactual",
)  # fmt: skip
"""The sets whose first half of articles ranking and confidence were fitted on."""
RETRIEVAL_FOLDERS = {"cranfield": "retrieval/cranfield", "cisi": "retrieval/cisi"}


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a retrieval set."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a retrieval set, with the ids of its relevant documents."""

    id: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """Documents and queries; every query has a relevant document."""

    name: str
    documents: tuple[Document, ...]
    queries: tuple[Query, ...]


def read_retrieval_set(folder: Path) -> RetrievalSet:
    """Return the retrieval set of a folder; queries without a judgement are left out.

    Raises:
        UnreadableFile: A file is missing or a line is not of the format.
    """
    documents = tuple(read_lines(folder / "corpus.jsonl", _document))
    relevant: dict[str, set[str]] = {}
    for query_id, document_id in _read_judgements(folder / "qrels.tsv"):
        relevant.setdefault(query_id, set()).add(document_id)
    texts = read_lines(folder / "queries.jsonl", lambda data: (data["_id"], data["text"]))
    queries = tuple(
        Query(query_id, text, frozenset(relevant[query_id]))
        for query_id, text in texts
        if query_id in relevant
    )
    return RetrievalSet(folder.name, documents, queries)


def read_set(data: Path, name: str, *, quick: bool) -> list[EvalArticle]:
    """Return the articles of a named set; ``quick`` keeps the fixed eighth of its questions.

    Raises:
        UnreadableFile: The file is missing or not of the format.
    """
    articles = read_articles(data / QA_FILES[name])
    if not quick:
        return list(articles)
    kept = (tuple(q for q in article.questions if in_quick_run(q.id)) for article in articles)
    return [replace(a, questions=some) for a, some in zip(articles, kept, strict=True)]


def in_quick_run(question_id: str) -> bool:
    """Return whether a question belongs to the fixed eighth that quick runs take."""
    digest = hashlib.sha1(question_id.encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) % 8 == 0


def in_first_half(article_id: str) -> bool:
    """Return whether an article is in the half on which weights and thresholds are chosen."""
    return hashlib.sha256(article_id.encode()).digest()[0] % 2 == 0


def _document(data: dict[str, Any]) -> Document:
    return Document(data["_id"], data.get("title", ""), data["text"])


def _read_judgements(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(lines_of(path), start=1):
        fields = line.split("\t")
        if number == 1 or not line:
            continue
        if len(fields) != 3 or not fields[2].isdecimal():  # noqa: PLR2004 - query, document, grade
            msg = f"{path}, line {number}: expected query, document and grade, tab-separated."
            raise UnreadableFile(msg)
        if int(fields[2]) > 0:
            yield fields[0], fields[1]

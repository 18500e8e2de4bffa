r"""Measure retrieval by vectors, by BM25 and by both, on every set.

    python -m bench.retrieval --data DIR [--out bench/results] [--sets squad_en covidqa]

Each question of a QA set searches an index of its own article. A retrieval set is one index
of all its documents, and a document is ranked by its best passage.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bench.commands import report
from bench.datasets import (
    QA_FILES,
    RETRIEVAL_FOLDERS,
    RetrievalSet,
    read_retrieval_set,
    read_set,
)
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from bench.retrieval_report import (
    BUDGET_CHARS,
    CUTS,
    DocumentRow,
    PassageRow,
    Results,
    render,
)
from index.embedding.embedder import SentenceTransformerEmbedder
from index.search.backend import LibraryBackend
from index.search.passage_index import PassageIndex
from index.types import Article, Passage
from qa.evaluation.datasets import EvalArticle, EvalQuestion
from qa.evaluation.metrics import (
    bootstrap,
    document_recall,
    ndcg,
    recall_at,
    recall_within,
    reciprocal_rank,
)
from qa.retrieval.fusion import BM25_ONLY, VECTORS_ONLY, FusionWeights
from qa.retrieval.retriever import Retriever

IndexMaker = Callable[[RememberingEmbedder], AbstractContextManager[LibraryBackend]]
"""Returns an empty library, which is closed at the end of a ``with`` statement."""
SYSTEMS: Mapping[str, FusionWeights | None] = {
    "dense": VECTORS_ONLY,
    "BM25": BM25_ONLY,
    "hybrid": None,
}
# Enough for 2,000 characters of short passages, and for the metrics at 10.
_PASSAGES = 20
# Enough for 100 different documents, most of which have one or two passages.
_PASSAGES_OF_DOCUMENTS = 250
# Some queries of CISI are whole abstracts.
_MAX_QUERY_CHARS = 10_000


@dataclass(frozen=True, slots=True)
class QuestionScores:
    """The metrics of one system for one question, as in PassageRow."""

    recall: tuple[float, ...]
    reciprocal_rank: float
    recall_in_budget: float
    milliseconds: float


def in_memory(embedder: RememberingEmbedder) -> PassageIndex:
    """Return an empty library in memory."""
    return PassageIndex(None, embedder)


def measure_passages(
    name: str,
    articles: Iterable[EvalArticle],
    embedder: RememberingEmbedder,
    make: IndexMaker = in_memory,
    systems: Mapping[str, FusionWeights | None] = SYSTEMS,
) -> list[PassageRow]:
    """Return a row for each system, for passages of each question's own article."""
    scores: dict[str, list[list[QuestionScores]]] = {system: [] for system in systems}
    characters: list[int] = []
    tokens: list[int] = []
    for article in tqdm(list(articles), desc=name, unit="article"):
        questions = [question for question in article.questions if question.evidence.spans]
        if not questions:
            continue
        with make(embedder) as index:
            _add(index, article.text, article.title)
            texts = _all_passages(index)
            characters += [len(text) for text in texts]
            tokens += embedder.count_tokens(texts)
            embedder.prepare([question.question for question in questions])
            for system, weights in systems.items():
                retriever = Retriever(index, weights=weights)
                scores[system].append([_score(retriever, question) for question in questions])
    lengths = (len(characters), float(np.mean(characters)), float(np.mean(tokens)))
    return [_passage_row(name, system, groups, lengths) for system, groups in scores.items()]


def measure_documents(
    collection: RetrievalSet,
    embedder: RememberingEmbedder,
    make: IndexMaker = in_memory,
    systems: Mapping[str, FusionWeights | None] = SYSTEMS,
) -> list[DocumentRow]:
    """Return a row for each system, for the documents of a retrieval set."""
    embedder.prepare([query.text for query in collection.queries])
    with make(embedder) as index:
        owners = _add_documents(index, collection)
        rows = []
        for system, weights in systems.items():
            retriever = Retriever(index, max_question_chars=_MAX_QUERY_CHARS, weights=weights)
            gains, recalls = [], []
            for query in tqdm(collection.queries, desc=f"{collection.name}, {system}"):
                passages = retriever.retrieve(query.text, k=_PASSAGES_OF_DOCUMENTS)
                ranked = list(_documents_of(passages, owners))
                gains.append([ndcg(ranked, query.relevant)])
                recalls.append([document_recall(ranked, query.relevant)])
            counts = (len(collection.documents), len(collection.queries))
            rows.append(
                DocumentRow(collection.name, system, *counts, bootstrap(gains), bootstrap(recalls))
            )
    return rows


def _add(index: LibraryBackend, text: str, title: str) -> Article:
    article = index.add(Article.from_text(text, title=title))
    # Evidence is given as offsets into the original text.
    assert article.text == text, f"The text of {title!r} was changed by indexing."
    return article


def _all_passages(index: LibraryBackend) -> list[str]:
    passages = Retriever(index).retrieve("passage", k=len(index))
    return [passage.text for passage in passages]


def _score(retriever: Retriever, question: EvalQuestion) -> QuestionScores:
    began = time.perf_counter()
    passages = retriever.retrieve(question.question, k=_PASSAGES)
    milliseconds = 1000 * (time.perf_counter() - began)
    return QuestionScores(
        recall=tuple(recall_at(cut, passages, question.evidence) for cut in CUTS),
        reciprocal_rank=reciprocal_rank(passages, question.evidence),
        recall_in_budget=recall_within(BUDGET_CHARS, passages, question.evidence),
        milliseconds=milliseconds,
    )


def _passage_row(
    name: str,
    system: str,
    groups: list[list[QuestionScores]],
    lengths: tuple[int, float, float],
) -> PassageRow:
    return PassageRow(
        name,
        system,
        len(groups),
        sum(len(group) for group in groups),
        *lengths,
        recall=tuple(
            bootstrap([[score.recall[i] for score in group] for group in groups])
            for i in range(len(CUTS))
        ),
        mrr=bootstrap([[score.reciprocal_rank for score in group] for group in groups]),
        recall_in_budget=bootstrap([[score.recall_in_budget for score in g] for g in groups]),
        median_milliseconds=float(
            np.median([score.milliseconds for group in groups for score in group])
        ),
    )


def _add_documents(index: LibraryBackend, collection: RetrievalSet) -> dict[str, list[str]]:
    """Add the documents, and return the ids of the documents with each article's text."""
    owners: dict[str, list[str]] = {}
    for document in tqdm(collection.documents, desc=f"{collection.name}, indexing"):
        text = f"{document.title}\n\n{document.text}".strip()
        if text:  # a document of Cranfield has none
            owners.setdefault(_add(index, text, document.title).id, []).append(document.id)
    return owners


def _documents_of(passages: Iterable[Passage], owners: dict[str, list[str]]) -> Iterator[str]:
    articles = dict.fromkeys(passage.article_id for passage in passages)
    return (document for article in articles for document in owners[article])


def _measured(
    data: Path, names: Sequence[str], cache: Path | None, *, quick: bool
) -> Iterator[Results]:
    """Yield all results so far after each set, so that an interrupted run keeps them."""
    embedder = RememberingEmbedder(SentenceTransformerEmbedder(), cache)
    results = Results(Environment.now("bench.retrieval"), quick)
    for name in names:
        if name in QA_FILES:
            rows = measure_passages(name, read_set(data, name, quick=quick), embedder)
            results = replace(results, passages=(*results.passages, *rows))
        else:
            collection = read_retrieval_set(data / RETRIEVAL_FOLDERS[name])
            found = measure_documents(collection, embedder)
            results = replace(results, documents=(*results.documents, *found))
        yield results


def main() -> None:
    """Measure, print the tables, and write them as Markdown."""
    # QuAIL has no evidence to retrieve.
    known = [name for name in (*QA_FILES, *RETRIEVAL_FOLDERS) if name != "quail_news"]
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the evaluation data's folder")
    parser.add_argument("--out", type=Path, default=Path("bench/results"))
    parser.add_argument("--sets", nargs="+", choices=known, default=known, metavar="SET")
    parser.add_argument("--quick", action="store_true", help="a fixed eighth of the questions")
    parser.add_argument("--cache", type=Path, help="folder in which vectors are cached")
    arguments = parser.parse_args()
    for results in _measured(
        arguments.data, arguments.sets, arguments.cache, quick=arguments.quick
    ):
        report(arguments.out, "retrieval", render(results))


if __name__ == "__main__":
    main()

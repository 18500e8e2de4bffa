"""Results of :mod:`bench.retrieval` and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.commands import table
from bench.environment import Environment
from qa.evaluation.metrics import Interval

CUTS = (1, 3, 5, 10)
BUDGET_CHARS = 2_000


@dataclass(frozen=True, slots=True)
class PassageRow:
    """One system on one QA set, with 95 % intervals over articles."""

    dataset: str
    system: str
    articles: int
    questions: int
    passages: int
    mean_characters: float
    mean_tokens: float
    recall: tuple[Interval, ...]
    """At each of ``CUTS``."""
    mrr: Interval
    recall_in_budget: Interval
    """Recall within the first ``BUDGET_CHARS`` characters."""
    median_milliseconds: float
    """Time for a question, without embedding it."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One system on one retrieval set, with 95 % intervals over queries."""

    dataset: str
    system: str
    documents: int
    queries: int
    ndcg: Interval
    recall_at_100: Interval


@dataclass(frozen=True, slots=True)
class Results:
    """All rows, and the environment they were measured in."""

    environment: Environment
    quick: bool
    """Whether only a fixed eighth of the questions of the QA sets was asked."""
    passages: tuple[PassageRow, ...] = ()
    documents: tuple[DocumentRow, ...] = ()


def render(results: Results) -> str:
    """Return the results as Markdown: how they were measured, then a table of each kind."""
    parts = ["# Retrieval\n", results.environment.to_markdown()]
    if results.quick:
        parts.append("A quick run: a fixed eighth of the questions of the QA sets.\n")
    if results.passages:
        parts += [_PASSAGES_NOTE, _passage_table(results.passages)]
        parts += ["## Passage length\n", _length_table(results.passages)]
    if results.documents:
        parts += [_DOCUMENTS_NOTE, _document_table(results.documents)]
    return "\n".join(parts)


_PASSAGES_NOTE = f"""## Passages of the question's own article

A passage hits when it covers half of an evidence span. R@k: share of questions with a hit
among the first k (for questions that need several spans, the share of the spans). Chars:
the same within the first {BUDGET_CHARS:,} characters of the passages. In brackets: 95 %
intervals by bootstrap over articles. Passages do not overlap. Milliseconds: median for a
question, without embedding it.
"""

_DOCUMENTS_NOTE = """## Documents of a collection

A document is ranked by its best passage. In brackets: 95 % intervals by bootstrap over queries.
"""


def _passage_table(rows: Sequence[PassageRow]) -> str:
    head = ["set", "questions", "system", *(f"R@{cut}" for cut in CUTS), "MRR@10", "chars", "ms"]
    cells = []
    for row in rows:
        metrics = map(str, (*row.recall, row.mrr, row.recall_in_budget))
        counts = (row.dataset, f"{row.questions:,}", row.system)
        cells.append([*counts, *metrics, f"{row.median_milliseconds:.1f}"])
    return _table(head, cells)


def _length_table(rows: Sequence[PassageRow]) -> str:
    head = ["set", "articles", "passages", "mean characters", "mean tokens"]
    cells = []
    for row in {row.dataset: row for row in rows}.values():
        lengths = (f"{row.mean_characters:.0f}", f"{row.mean_tokens:.0f}")
        cells.append([row.dataset, f"{row.articles:,}", f"{row.passages:,}", *lengths])
    return _table(head, cells)


def _document_table(rows: Sequence[DocumentRow]) -> str:
    head = ["set", "documents", "queries", "system", "nDCG@10", "Recall@100"]
    cells = []
    for row in rows:
        counts = (row.dataset, f"{row.documents:,}", f"{row.queries:,}", row.system)
        cells.append([*counts, str(row.ndcg), str(row.recall_at_100)])
    return _table(head, cells)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join([*table(head, rows), ""])

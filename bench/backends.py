"""Compare retrieval of a library on Milvus with that of a folder, on every set, in one run.

    python -m bench.backends --data DIR [--quick] [--sets cranfield] [--out bench/results]

Milvus is Milvus Lite in this process, behind the client that a cluster has. Both search by vectors
and by BM25 and rank by the same code.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.commands import report, table
from bench.datasets import QA_FILES, RETRIEVAL_FOLDERS, read_retrieval_set, read_set
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from bench.retrieval import IndexMaker, in_memory, measure_documents, measure_passages
from index.embedding.embedder import SentenceTransformerEmbedder
from index.library_address import MilvusAccess, MilvusAddress
from index.milvus.connection import Connection
from index.milvus.library import MilvusLibrary

_HYBRID = {"hybrid": None}
_NOTE = """Recall and nDCG are those of bench/results/retrieval.md: of the passages of a question's
own article, or of the documents of a collection. Milliseconds: the median for a question, without
embedding it.
"""


def on_milvus(file: Path) -> IndexMaker:
    """Return what makes an empty library on Milvus Lite in ``file``, in place of the last one."""

    @contextmanager
    def made(embedder: RememberingEmbedder) -> Iterator[MilvusLibrary]:
        address = MilvusAddress("", file=file)
        connection = Connection(address, MilvusAccess())
        for name in connection.collections():
            connection._client.drop_collection(name)
        with MilvusLibrary(address, MilvusAccess(), embedder, connection=connection) as library:
            yield library

    return made


def _passage_rows(
    data: Path, name: str, embedder: RememberingEmbedder, makers: list[IndexMaker], *, quick: bool
) -> list[list[str]]:
    articles = list(read_set(data, name, quick=quick))
    ours, theirs = (measure_passages(name, articles, embedder, make, _HYBRID)[0] for make in makers)
    labels = ("R@1", "R@3", "R@5", "R@10", "MRR@10")
    pairs = zip(labels, (*ours.recall, ours.mrr), (*theirs.recall, theirs.mrr), strict=True)
    rows = [
        [name, f"{ours.questions:,}", label, *_compared(a.mean, b.mean)] for label, a, b in pairs
    ]
    rows.append(
        [
            name,
            f"{ours.questions:,}",
            "ms",
            f"{ours.median_milliseconds:.1f}",
            f"{theirs.median_milliseconds:.1f}",
            f"× {theirs.median_milliseconds / ours.median_milliseconds:.0f}",
        ]
    )
    return rows


def _document_rows(
    data: Path, name: str, embedder: RememberingEmbedder, makers: list[IndexMaker]
) -> list[list[str]]:
    collection = read_retrieval_set(data / RETRIEVAL_FOLDERS[name])
    ours, theirs = (measure_documents(collection, embedder, make, _HYBRID)[0] for make in makers)
    pairs = (
        ("nDCG@10", ours.ndcg, theirs.ndcg),
        ("Recall@100", ours.recall_at_100, theirs.recall_at_100),
    )
    return [[name, f"{ours.queries:,}", label, *_compared(a.mean, b.mean)] for label, a, b in pairs]


def _compared(folder: float, milvus: float) -> list[str]:
    return [f"{folder:.3f}", f"{milvus:.3f}", f"{milvus - folder:+.3f}"]


def main() -> None:
    """Measure both, print the table, and write it as Markdown."""
    known = [name for name in (*QA_FILES, *RETRIEVAL_FOLDERS) if name != "quail_news"]
    parser = argparse.ArgumentParser(prog="python -m bench.backends", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the evaluation data's folder")
    parser.add_argument("--quick", action="store_true", help="a fixed eighth of the questions")
    parser.add_argument("--sets", nargs="+", choices=known, default=known, metavar="SET")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    environment = Environment.now("bench.backends")
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    rows: list[list[str]] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        makers = [in_memory, on_milvus(Path(folder) / "library.db")]
        for name in arguments.sets:
            if name in QA_FILES:
                rows += _passage_rows(arguments.data, name, embedder, makers, quick=arguments.quick)
            else:
                rows += _document_rows(arguments.data, name, embedder, makers)
            head = ["set", "questions", "measure", "folder", "Milvus", "difference"]
            parts = ["# Retrieval on Milvus\n", environment.to_markdown(), _NOTE]
            report(arguments.out, "backends", "\n".join([*parts, *table(head, rows)]))


if __name__ == "__main__":
    main()

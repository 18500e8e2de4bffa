"""Measure libraries of growing size on Milvus Lite beside folders with the same articles.

    python -m bench.milvus_growth --data DIR --work DIR [--sizes 1000,10000,100000]
                                  [--index HNSW] [--out bench/results]

Passages and vectors are those of bench.growth. Both kinds are filled article by article by the
same method, without embedding, and answer the same questions in turn. Milvus Lite runs as a server
in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from bench.commands import report, table
from bench.environment import Environment
from bench.growth.material import Material, read_material, synthetic_articles
from bench.growth.measuring import GivenVectors
from bench.milvus_server import MilvusServer
from bench.processes import status
from bench.timing import milliseconds
from index.embedding.embedder import ModelIdentity, SentenceTransformerEmbedder, Vectors
from index.library_address import MilvusAccess, milvus_address
from index.milvus.library import MilvusLibrary
from index.search.backend import Candidate, LibraryBackend
from index.search.embedded_chunks import EmbeddedChunks
from index.search.passage_index import PassageIndex
from qa.retrieval.retriever import DEFAULT_DEPTH

_NEAREST = 10
_QUESTIONS = 100
_NOTE = f"""{_QUESTIONS} questions, {DEFAULT_DEPTH} candidates of each search, asked of the folder
and of Milvus in turn. Filled: passages a second, article by article of 100 passages, with texts,
indexes and all that makes an article visible whole. Recall@10: of the nearest vectors among the
candidates, against an exact search. Memory: of Milvus Lite's server, after the questions.
"""


@dataclass(frozen=True, slots=True)
class _Measured:
    filled: float
    """Passages a second."""
    times: Sequence[float]
    """Milliseconds of each question."""
    recall: float


def _filled(library: LibraryBackend, material: Material, size: int) -> float:
    """Fill a library, and return the passages a second."""
    spent = 0.0
    with tqdm(total=size, unit="passage", unit_scale=True, disable=None) as bar:
        for made in synthetic_articles(material, size):
            began = time.perf_counter()
            library.add_embedded(made.article, [EmbeddedChunks(made.chunks, made.vectors)])
            spent += time.perf_counter() - began
            bar.update(len(made.chunks))
    return size / spent


def _nearest(material: Material, size: int) -> list[set[tuple[str, int]]]:
    """Return article and offset of the passages nearest to each question, by exact search."""
    best = np.full((_QUESTIONS, 0), 0, np.float32)
    places: list[tuple[str, int]] = []
    kept: list[list[tuple[str, int]]] = [[] for _ in range(_QUESTIONS)]
    queries = material.question_vectors
    for made in synthetic_articles(material, size):
        places = [(chunk.article_id, chunk.start) for chunk in made.chunks]
        cosines = np.hstack([best, queries @ made.vectors.T])
        order = np.argsort(-cosines, axis=1)[:, :_NEAREST]
        for row, known in enumerate(kept):
            both = [*known, *places]
            kept[row] = [both[i] for i in order[row]]
        best = np.take_along_axis(cosines, order, axis=1)
    return [set(row) for row in kept]


def _asked(
    libraries: Sequence[LibraryBackend], material: Material, nearest: list[set[tuple[str, int]]]
) -> list[tuple[list[float], float]]:
    """Return the milliseconds of each question, and the recall, of each library."""
    times: list[list[float]] = [[] for _ in libraries]
    hits = [0] * len(libraries)
    found: list[Candidate] = []

    def ask(library: LibraryBackend, question: str, vector: Vectors) -> None:
        found[:] = library.candidates(question, vector, DEFAULT_DEPTH)

    for number, question in enumerate(material.questions):
        vector = material.question_vectors[number]
        for which, library in enumerate(libraries):
            times[which].append(milliseconds(lambda: ask(library, question, vector)))  # noqa: B023
            best = sorted(found, key=lambda each: -each.similarity)[:_NEAREST]
            places = {(each.stored.chunk.article_id, each.stored.chunk.start) for each in best}
            hits[which] += len(places & nearest[number])
    return [(t, h / (_NEAREST * _QUESTIONS)) for t, h in zip(times, hits, strict=True)]


def _row(material: Material, size: int, work: Path, access: MilvusAccess) -> list[str]:
    at = work / f"milvus-{size}"
    shutil.rmtree(at, ignore_errors=True)
    identity = SentenceTransformerEmbedder().identity
    model = ModelIdentity(identity.name, identity.sha256, identity.dimension)
    embedder = GivenVectors(model, material.question_vectors)
    server = MilvusServer(at / "server")
    server.start()
    try:
        address = milvus_address(server.address)
        assert address
        with (
            PassageIndex(at / "folder", embedder) as folder,
            MilvusLibrary(address, access, embedder) as milvus,
        ):
            rates = [_filled(library, material, size) for library in (folder, milvus)]
            milvus.seal()
            nearest = _nearest(material, size)
            (ours, our_recall), (theirs, their_recall) = _asked((folder, milvus), material, nearest)
        memory = status(server.pid)["VmRSS"] / 1000
    finally:
        server.stop()
    shutil.rmtree(at, ignore_errors=True)
    p50, p95 = (float(np.quantile(theirs, q)) for q in (0.5, 0.95))
    ratio = p50 / float(np.quantile(ours, 0.5))
    return [
        f"{size:,}",
        f"{rates[0]:,.0f}",
        f"{rates[1]:,.0f}",
        f"{np.quantile(ours, 0.5):.1f} / {np.quantile(ours, 0.95):.1f}",
        f"{p50:.1f} / {p95:.1f}",
        f"{ratio:.0f}",
        f"{our_recall:.3f}",
        f"{their_recall:.3f}",
        f"{memory:,.0f}",
    ]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.milvus_growth")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--work", type=Path, required=True, help="folder of the libraries")
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--index", default="HNSW", help="type of the index of vectors on Milvus")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment = Environment.now("bench.milvus_growth")
    embedder = SentenceTransformerEmbedder()
    material = read_material(given.data, embedder, given.work / "vectors", _QUESTIONS)
    head = (
        *("passages", "folder filled", "Milvus filled (a second)", "folder p50 / p95"),
        *("Milvus p50 / p95 (ms)", "ratio", "folder recall@10", "Milvus recall@10", "memory (MB)"),
    )
    rows = []
    for size in map(int, given.sizes.split(",")):
        load = os.getloadavg()[0]
        rows.append(_row(material, size, given.work, MilvusAccess(index=given.index)))
        print(rows[-1], f"load {load:.1f}", file=sys.stderr)
        parts = ["# Milvus Lite beside a folder\n", environment.to_markdown(), _NOTE]
        report(given.out, "milvus_growth", "\n".join([*parts, *table(head, rows)]))


if __name__ == "__main__":
    main()

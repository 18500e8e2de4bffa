"""Measure libraries of growing size: building, opening, changing, searching, memory and disk.

    python -m bench.growth --data DIR --work DIR [--sizes 1000,10000,100000,1000000]
                           [--out bench/results]

Passages are real sentences, drawn at random; their vectors are mixtures of real ones with noise,
since embedding a million passages takes hours (see :mod:`bench.growth.material`). Questions and
their vectors are real. No figure includes embedding. Each library is built in the folder ``--work``
and kept there for later runs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.commands import report, table
from bench.environment import Environment
from bench.growth.material import Material, read_material, synthetic_articles
from bench.growth.measuring import CHANGES, GivenVectors
from bench.growth.plotting import plot_growth
from index.embedding.embedder import ModelIdentity, SentenceTransformerEmbedder, Vectors
from index.search.passage_index import PassageIndex
from index.store.folder import STORE_FILE, TEXT_FOLDER, VECTOR_FILE
from index.store.rows import ChunkSpool, steps
from index.store.store import Store

QUESTIONS = 300
NEAREST = 10
_ADDED_PASSAGES = 20


@dataclass(frozen=True, slots=True)
class Grown:
    """The measurements of a library of one size; milliseconds and MB unless stated otherwise."""

    passages: int
    kind: str
    """``exact`` or ``approximate``."""
    indexing: float
    """Seconds to build both indexes from the database."""
    opening: float
    """Seconds to open it in a new process and search for the first question."""
    adding: float
    """Median for an article of 20 passages."""
    removing: float
    query_p50: float
    query_p95: float
    """Of the search in both indexes, including reading the passages."""
    vectors_p95: float
    text_p95: float
    recall: float
    """Share of the ten nearest vectors by exact search that were found."""
    memory: float
    """After the library is opened."""
    memory_after: float
    """After all questions."""
    database_disk: float
    vectors_disk: float
    text_disk: float


def grown(material: Material, size: int, work: Path, model: tuple[str, str]) -> Grown:
    """Measure the library of ``size`` passages; build it first if it does not exist."""
    folder = work / f"library-{size}"
    if not (folder / "made").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _store_articles(material, size, folder, model)
        (folder / "made").touch()
    embedder = GivenVectors(_identity(model, material), material.question_vectors)
    for derived in (folder / VECTOR_FILE, folder / TEXT_FOLDER):
        shutil.rmtree(derived, ignore_errors=True)  # ignores files
        derived.unlink(missing_ok=True)
    began = time.perf_counter()
    PassageIndex(folder, embedder).close()
    indexing = time.perf_counter() - began
    questions = work / f"questions-{size}.npz"
    extra = [
        synthetic.article.text for synthetic in synthetic_articles(material, CHANGES * 100, seed=1)
    ]
    np.savez(
        questions,
        questions=np.array(material.questions),
        vectors=material.question_vectors,
        articles=np.array([_shortened(text) for text in extra]),
        model=np.array(model),
    )
    disk = [_megabytes(folder / name) for name in (STORE_FILE, VECTOR_FILE, TEXT_FOLDER)]
    nearest = _nearest(folder, embedder, material.question_vectors)
    command = [sys.executable, "-m", "bench.growth.measuring", str(folder), str(questions)]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)  # noqa: S603 - our own
    return _row(size, indexing, found, nearest, disk)


def _row(
    size: int, indexing: float, found: dict[str, Any], nearest: list[set[int]], disk: list[float]
) -> Grown:
    hits = [len(set(ids) & best) for ids, best in zip(found["nearest"], nearest, strict=True)]
    return Grown(
        passages=size,
        kind="approximate" if found["approximate"] else "exact",
        indexing=indexing,
        opening=found["opening"],
        adding=found["adding"],
        removing=found["removing"],
        query_p50=found["query"]["p50"],
        query_p95=found["query"]["p95"],
        vectors_p95=found["vectors"]["p95"],
        text_p95=found["text"]["p95"],
        recall=sum(hits) / (NEAREST * len(nearest)),
        memory=found["memory"],
        memory_after=found["memory_after"],
        database_disk=disk[0],
        vectors_disk=disk[1],
        text_disk=disk[2],
    )


def _store_articles(material: Material, size: int, folder: Path, model: tuple[str, str]) -> None:
    folder.mkdir(parents=True)
    storage = Store(folder / STORE_FILE, _identity(model, material))
    for synthetic in synthetic_articles(material, size):
        with ChunkSpool() as spool:
            spool.add(synthetic.article.id, synthetic.chunks, synthetic.vectors)
            storage.add(synthetic.article, spool)
    storage.close()


def _nearest(folder: Path, embedder: GivenVectors, queries: Vectors) -> list[set[int]]:
    """Return the ids of the nearest vectors of each query by exact search."""
    storage = Store(folder / STORE_FILE, embedder.identity)
    best = np.full((len(queries), NEAREST), -2.0, dtype=np.float32)
    found = np.zeros((len(queries), NEAREST), dtype=np.int64)
    for first, last in steps(1, storage.extent()[1]):
        ids, vectors = storage.vectors_between(first, last)
        if not len(ids):  # articles that an earlier run added and removed
            continue
        cosines = np.hstack([best, queries @ vectors.T])
        known = np.hstack([found, np.tile(ids, (len(queries), 1))])
        order = np.argsort(-cosines, axis=1)[:, :NEAREST]
        best = np.take_along_axis(cosines, order, axis=1)
        found = np.take_along_axis(known, order, axis=1)
    storage.close()
    return [set(row.tolist()) for row in found]


def _identity(model: tuple[str, str], material: Material) -> ModelIdentity:
    return ModelIdentity(*model, material.vectors.shape[1])


def _shortened(text: str) -> str:
    return "\n\n".join(text.split("\n\n")[:_ADDED_PASSAGES])


def _megabytes(path: Path) -> float:
    files = [path] if path.is_file() else list(path.rglob("*"))
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def render(environment: Environment, load: float, rows: list[Grown]) -> str:
    """Return the results as Markdown."""
    head = (
        *("passages", "vectors are", "indexed in (s)", "opened in (s)", "add (ms)", "remove (ms)"),
        *("query p50", "query p95 (ms)", "vectors p95", "text p95", "recall@10", "memory (MB)"),
        *("after questions", "database (MB)", "vectors (MB)", "text (MB)"),
    )
    return "\n".join(
        [
            "# What a library costs as it grows",
            "",
            environment.to_markdown(),
            f"{QUESTIONS} questions; no time includes embedding. Add and remove: the median for "
            f"{CHANGES} articles of {_ADDED_PASSAGES} paragraphs. Opened: in a new process, until "
            "the end of the first question. Memory: the growth of the process's anonymous resident "
            f"memory. Load average at the start: {load:.1f}.",
            "",
            *table(head, [_cells(row) for row in rows]),
            "",
            "![How cost grows](growth.svg)",
        ]
    )


def _cells(r: Grown) -> tuple[str, ...]:
    return (
        f"{r.passages:,}", r.kind, f"{r.indexing:.1f}", f"{r.opening:.2f}", f"{r.adding:.0f}",
        f"{r.removing:.0f}", f"{r.query_p50:.1f}", f"{r.query_p95:.1f}", f"{r.vectors_p95:.1f}",
        f"{r.text_p95:.1f}", f"{r.recall:.3f}", f"{r.memory:.0f}", f"{r.memory_after:.0f}",
        f"{r.database_disk:.0f}", f"{r.vectors_disk:.1f}", f"{r.text_disk:.0f}",
    )  # fmt: skip


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--work", type=Path, required=True, help="folder of the libraries")
    parser.add_argument("--sizes", default="1000,10000,100000,1000000")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment, load = Environment.now("bench.growth"), os.getloadavg()[0]
    embedder = SentenceTransformerEmbedder()
    model = (embedder.identity.name, embedder.identity.sha256)
    material = read_material(given.data, embedder, given.work / "vectors", QUESTIONS)
    rows = []
    for size in map(int, given.sizes.split(",")):
        rows.append(grown(material, size, given.work, model))
        print(rows[-1], file=sys.stderr)
    report(given.out, "growth", render(environment, load, rows))
    if given.out:
        plot_growth(rows, given.out / "growth.svg")


if __name__ == "__main__":
    main()

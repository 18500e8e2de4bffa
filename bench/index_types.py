"""Compare types of vector index by size: building, memory, time and recall of a search.

    python -m bench.index_types --data DIR --work DIR [--sizes 10000,100000,1000000]
                                [--diskann PYTHON] [--out bench/results]

The vectors are mixtures of real ones, as in :mod:`bench.growth.material`; the questions are real.
``--diskann`` is a Python that has the package ``diskannpy``, which needs an older numpy than ours;
it builds an index of the smallest size, since a larger one takes it too long.
Files of the size of all vectors are written to the folder ``--work``.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bench import diskann_index
from bench.commands import report, table
from bench.environment import Environment
from bench.growth.material import Material, read_material, synthetic_articles
from bench.growth.measuring import resident_mb
from index.embedding.embedder import SentenceTransformerEmbedder, Vectors
from index.embedding.int8 import usable_cores
from index.search.vector_index import VectorIndex, is_many, sample_size, use_one_thread

QUESTIONS = 300
K = 100
CANDIDATES = 200
"""Of a search in compressed vectors, ranked again by better ones."""
SEARCH_EFFORT, BUILD_EFFORT = 200, 100
"""HNSW's ``efSearch`` and ``efConstruction``."""
ONE_BIT, REFINED = "IVF_RABITQ, 1 bit", "IVF_RABITQ, 1 bit, refined by SQ8"
_LISTS_PER_ROOT, _PROBED_SHARE, _MIN_PROBED = 2.0, 0.05, 48
_ITERATIONS, _TRAINING_VECTORS = 10, 48
_WARM_UP = 20

Ids = NDArray[np.int64]
Search = Callable[[Vectors], Ids]
"""From a question's vector to up to K positions of vectors, best first."""
_FAISS: Any = faiss
"""Its annotations lack the parameters of searches."""


@dataclass(frozen=True, slots=True)
class Row:
    """The measurements of one type of index of one size."""

    vectors: int
    name: str
    build: float
    """Seconds of one core: the processor's time, since other programs may be running."""
    memory: float
    """Bytes a vector, after it is read from its file."""
    p50: float
    """Milliseconds of one core to search for K vectors; of the clock for DISKANN, which waits."""
    p95: float
    recall_10: float
    recall_100: float


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions about a number of vectors, and the right answers."""

    vectors: int
    questions: Vectors
    """``(questions, dimension)``."""
    best: Ids
    """``(questions, K)``: the nearest vectors by exact search, best first."""


@dataclass(frozen=True, slots=True)
class FileVectors:
    """Exact vectors in a mapped file; the id of a vector is its position."""

    vectors: Vectors
    """``(n, dimension)``."""

    def vectors_of(self, ids: Sequence[int]) -> tuple[Ids, Vectors]:
        """Return ``ids`` ascending, and their vectors."""
        ordered = np.sort(np.asarray(ids, dtype=np.int64))
        return ordered, np.asarray(self.vectors[ordered])

    def vectors_between(self, first: int, last: int) -> tuple[Ids, Vectors]:
        """Return the ids from ``first`` to ``last``, and their vectors."""
        return np.arange(first, last + 1), np.asarray(self.vectors[first : last + 1])


def vectors_file(material: Material, size: int, folder: Path) -> Path:
    """Return the file of ``size`` synthetic vectors, ``(size, dimension)`` float32; write it once.

    A larger file begins with the vectors of a smaller one.
    """
    path = folder / f"vectors-{size}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        parts = [each.vectors for each in synthetic_articles(material, size)]
        np.save(folder / "unfinished.npy", np.concatenate(parts), allow_pickle=False)
        (folder / "unfinished.npy").replace(path)
    return path


def rows_of(path: Path, questions: Vectors, work: Path) -> Iterator[Row]:
    """Yield the row of each type of index over the vectors in the file ``path``."""
    vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    exact = build_faiss_index("Flat", np.asarray(vectors))
    best = np.asarray(exact.search(questions, min(K, len(vectors)))[1])
    del exact
    asked = Asked(len(vectors), questions, best)
    for name, description in faiss_types(len(vectors)).items():
        began = time.process_time()
        index = build_faiss_index(description, np.asarray(vectors))
        built = time.process_time() - began
        faiss.write_index(index, str(work / "index.faiss"))
        del index
        index, memory = _read(partial(faiss.read_index, str(work / "index.faiss")))
        figures = built, memory / len(vectors)
        yield _row(name, figures, faiss_search(index), asked)
        if name == ONE_BIT:
            search = faiss_search(index, FileVectors(vectors))
            yield _row(f"{name}, re-ranked exactly", figures, search, asked)
            del search
        del index
    yield _own(vectors, asked, work)


def faiss_types(size: int) -> dict[str, str]:
    """Return FAISS's description of each type of index of ``size`` vectors, by Milvus' name."""
    lists = max(1, min(size // _TRAINING_VECTORS, round(_LISTS_PER_ROOT * size**0.5)))
    return {
        "FLAT": "Flat",
        "IVF_FLAT": f"IVF{lists},Flat",
        "IVF_SQ8": f"IVF{lists},SQ8",
        ONE_BIT: f"IVF{lists},RaBitQ",
        REFINED: f"IVF{lists},RaBitQ,Refine(SQ8)",
        "HNSW, M 16": "HNSW16,Flat",
        "HNSW, M 32": "HNSW32,Flat",
    }


def build_faiss_index(description: str, vectors: Vectors) -> Any:  # noqa: ANN401 - FAISS has no types
    """Return an index with ``vectors``, ``(n, dimension)``, built by all cores."""
    faiss.omp_set_num_threads(usable_cores())
    index: Any = faiss.index_factory(vectors.shape[1], description, faiss.METRIC_INNER_PRODUCT)
    if description.startswith("IVF"):
        clusters = faiss.extract_index_ivf(index).cp
        clusters.niter, clusters.spherical = _ITERATIONS, True
        clusters.max_points_per_centroid = _TRAINING_VECTORS
    if description.startswith("HNSW"):
        index.hnsw.efConstruction = BUILD_EFFORT
    index.train(vectors)
    index.add(vectors)
    return index


def faiss_search(index: Any, exact: FileVectors | None = None) -> Search:  # noqa: ANN401
    """Return the search of ``index``; ``exact`` ranks its candidates again."""
    parameters = _parameters(faiss.downcast_index(index))

    def search(query: Vectors) -> Ids:
        wanted = min(CANDIDATES if exact else K, index.ntotal)
        found = index.search(query.reshape(1, -1), wanted, params=parameters)[1][0]
        if exact is None:
            return np.asarray(found)
        ids, vectors = exact.vectors_of(found[found >= 0].tolist())
        return np.asarray(ids[np.argsort(-np.einsum("ij,j->i", vectors, query))])[:K]

    return search


def _parameters(index: Any) -> Any:  # noqa: ANN401
    if isinstance(index, faiss.IndexRefine):
        base = _parameters(faiss.downcast_index(index.base_index))
        return _FAISS.IndexRefineSearchParameters(k_factor=CANDIDATES / K, base_index_params=base)
    if isinstance(index, faiss.IndexHNSW):
        return _FAISS.SearchParametersHNSW(efSearch=SEARCH_EFFORT)
    if not isinstance(index, faiss.IndexIVF):
        return None
    probed = min(index.nlist, max(_MIN_PROBED, round(_PROBED_SHARE * index.nlist)))
    if isinstance(index, faiss.IndexIVFRaBitQ):
        return _FAISS.IVFRaBitQSearchParameters(nprobe=probed, qb=8)
    return _FAISS.SearchParametersIVF(nprobe=probed)


def _own(vectors: Vectors, asked: Asked, work: Path) -> Row:
    """Return the row of this project's index."""
    size, dimension = vectors.shape
    source, began = FileVectors(vectors), time.process_time()
    faiss.omp_set_num_threads(usable_cores())
    if is_many(size):
        chosen = np.random.default_rng(0).choice(size, sample_size(size), replace=False)
        sample = np.asarray(vectors[np.sort(chosen)])
        index = VectorIndex.approximate(dimension, source, sample, size)
    else:
        index = VectorIndex(dimension, source)
    index.add(np.arange(size), vectors)
    built = time.process_time() - began
    index.save(work / "index.own")
    del index
    found, memory = _read(partial(VectorIndex.load, work / "index.own", dimension, source))

    def search(query: Vectors) -> Ids:
        return np.array([i for i, _ in found.search(query, K)], dtype=np.int64)

    return _row("this project's", (built, memory / size), search, asked)


def _read(read: Callable[[], Any]) -> tuple[Any, float]:
    """Return what ``read`` returns, and how many bytes of memory it takes."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # freed memory would be used again, and not be counted
    before = resident_mb()
    found = read()
    ctypes.CDLL(None).malloc_trim(0)
    return found, (resident_mb() - before) * 1e6


def _row(name: str, figures: tuple[float, float], search: Search, asked: Asked) -> Row:
    """Return the row with the seconds to build and the bytes a vector in ``figures``."""
    questions = asked.questions
    use_one_thread()
    for query in questions[:_WARM_UP]:
        search(query)
    times, found = [], []
    for query in questions:
        began = time.process_time()
        ids = search(query)
        times.append((time.process_time() - began) * 1000)
        found.append(ids.tolist())
    return Row(asked.vectors, name, *figures, *_figures(times, found, asked.best))


def _figures(
    times: Sequence[float], found: Sequence[Sequence[int]], best: Ids
) -> tuple[float, float, float, float]:
    """Return the median and 95th percentile of ``times``, recall@10 and recall@100."""
    recalls = [
        sum(len({*ids[:k]} & {*row[:k].tolist()}) for ids, row in zip(found, best, strict=True))
        / best[:, :k].size
        for k in (10, K)
    ]
    return float(np.quantile(times, 0.5)), float(np.quantile(times, 0.95)), recalls[0], recalls[1]


def diskann_row(python: Path, path: Path, questions: Vectors, work: Path) -> Row:
    """Return the row of a DiskANN index, built and searched by another ``python``."""
    np.save(work / "questions.npy", questions, allow_pickle=False)
    script = str(Path(diskann_index.__file__))
    command = [str(python), script, str(path), str(work / "questions.npy"), str(work / "diskann")]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603 - our own
    found = json.loads(ran.stdout.splitlines()[-1])
    vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    best = np.asarray(build_faiss_index("Flat", np.asarray(vectors)).search(questions, K)[1])
    figures = _figures(found["milliseconds"], found["ids"], best)
    name = f"DISKANN ({found['disk'] / len(vectors):,.0f} bytes a vector on disk)"
    return Row(len(vectors), name, found["build"], found["memory"] / len(vectors), *figures)


def render(environment: Environment, load: float, rows: Sequence[Row], dimension: int) -> str:
    """Return the results as Markdown."""
    head = ("vectors", "index", "core-seconds to build", "bytes a vector", "p50 (ms)", "p95 (ms)")
    cells = [_cells(row) for row in rows]
    return "\n".join(
        [
            "# Types of vector index by size",
            "",
            environment.to_markdown(),
            f"{QUESTIONS} questions, each searched for the {K} nearest of the vectors by one "
            f"thread; {dimension} float32 coordinates are {4 * dimension:,} bytes. Times are the "
            "processor's, since other programs were running; DISKANN's searches wait for the disk "
            "and are timed by the clock. Bytes a vector: growth of the anonymous resident memory "
            "when the index is read from its file. The inverted files (IVF) have 2√n clusters and "
            f"search 5 % of them, at least {_MIN_PROBED}; HNSW has efConstruction {BUILD_EFFORT} "
            f"and efSearch {SEARCH_EFFORT}. Refined and re-ranked: the best {CANDIDATES} "
            "candidates, by 8 bits a coordinate in memory, or by the float32 vectors in a mapped "
            f"file, as this project's does. Load average at the start: {load:.1f}.",
            "",
            *table((*head, "recall@10", "recall@100"), cells),
        ]
    )


def _cells(r: Row) -> tuple[str, ...]:
    return (
        f"{r.vectors:,}", r.name, f"{r.build:.1f}", f"{r.memory:,.0f}", f"{r.p50:.2f}",
        f"{r.p95:.2f}", f"{r.recall_10:.3f}", f"{r.recall_100:.3f}",
    )  # fmt: skip


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.index_types")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--work", type=Path, required=True, help="folder of vectors and indexes")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--diskann", type=Path, help="a Python that has diskannpy")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment, load = Environment.now("bench.index_types"), os.getloadavg()[0]
    embedder = SentenceTransformerEmbedder()
    material = read_material(given.data, embedder, given.work / "vectors", QUESTIONS)
    questions, rows = material.question_vectors, list[Row]()
    sizes = [int(size) for size in given.sizes.split(",")]
    for size in tqdm(sizes, desc="sizes", disable=None):
        path = vectors_file(material, size, given.work)
        for row in rows_of(path, questions, given.work):
            rows.append(row)
            print(row, file=sys.stderr)
        if given.diskann and size == min(sizes):
            rows.append(diskann_row(given.diskann, path, questions, given.work))
            print(rows[-1], file=sys.stderr)
    report(given.out, "index_types", render(environment, load, rows, questions.shape[1]))


if __name__ == "__main__":
    main()

"""Measure what each stage of a question costs one core, for :mod:`bench.query_simulation`."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bench.answers import articles_of
from bench.growth.material import QUESTIONS_OF, Material, read_material, synthetic_articles
from bench.index_types import REFINED, build_faiss_index, faiss_search, faiss_types, vectors_file
from index.embedding.embedder import SentenceTransformerEmbedder
from index.search.embedded_chunks import searchable_text
from index.search.passage_index import PassageIndex
from index.search.text_index import IndexedText, TextIndex
from index.store.rows import Revision
from qa.article_qa import ArticleQA
from qa.retrieval.retriever import DEFAULT_DEPTH
from qa.settings import Settings

SEGMENTS = (100_000, 300_000)
"""Rows of a segment, which has its own dense and sparse index. 1 GB, the most that Milvus puts into
one unless told otherwise, is about 300,000 passages with their vectors and words."""
QUESTIONS, REPEATS = 300, 2
_ARTICLES, _ANSWERS = 4, 40
"""The library that is asked, and the number of questions: answering takes the longest by far."""
_PASSAGES = 64
_WARM_UP = 5

Times = NDArray[np.float64]
"""``(questions, repeats)`` seconds of one core."""


@dataclass(frozen=True, slots=True)
class Stages:
    """What each stage took one core."""

    encode: Times
    """The question's vector."""
    search: Mapping[int, Times]
    """By rows of a segment: its dense and its sparse search."""
    fetch: Times
    """Reading :data:`DEFAULT_DEPTH` passages by id."""
    answer: Times
    """All that a server does with the passages: fusing, re-ranking, reading, citing."""
    passage: float = 0.0
    """Seconds to encode a passage that is added."""

    def write(self, path: Path) -> None:
        """Write it to a JSON file."""
        numbers = asdict(self) | {"search": {k: v.tolist() for k, v in self.search.items()}}
        path.write_text(json.dumps(numbers, default=lambda times: times.tolist()), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Stages:
        """Return what :meth:`write` wrote."""
        found = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            np.array(found["encode"]),
            {int(rows): np.array(times) for rows, times in found["search"].items()},
            np.array(found["fetch"]),
            np.array(found["answer"]),
            found["passage"],
        )


def measure(data: Path, work: Path) -> Stages:
    """Measure all stages. This process may then use one core alone, so that models use one."""
    material = read_material(data, SentenceTransformerEmbedder(), work / "vectors", QUESTIONS)
    search = {rows: _searched(material, rows, work) for rows in tqdm(SEGMENTS, desc="segments")}
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    embedder = SentenceTransformerEmbedder()
    encode = _times([partial(embedder.encode_query, q) for q in material.questions])
    answer, fetch = _answered(data, embedder)
    answer = np.maximum(answer - np.median(encode), 0)  # asking encodes, too
    chosen = [" ".join(sentences) for sentences in material.sentences[:_PASSAGES]]
    embedder.encode_documents(chosen)
    passage = _seconds(partial(embedder.encode_documents, chosen)) / len(chosen)
    return Stages(encode, search, fetch, answer, passage)


def _answered(data: Path, embedder: SentenceTransformerEmbedder) -> tuple[Times, Times]:
    """Return the time to answer, and to read passages, in a small library."""
    with (
        tempfile.TemporaryDirectory() as folder,
        PassageIndex(Path(folder), embedder) as index,
    ):
        qa = ArticleQA(index, embedder, Settings())
        articles = articles_of(data, QUESTIONS_OF, quick=False)[:_ARTICLES]
        for item in articles:
            qa.add_text(item.text, title=item.title)
        qa.warm_up()
        asked = [each.question for item in articles for each in item.questions]
        chosen = [asked[i] for i in np.linspace(0, len(asked) - 1, _ANSWERS).astype(int)]
        answer = _times([partial(qa.ask, question) for question in chosen])
        count = index.store.chunk_count()
        ids = np.random.default_rng(0).integers(1, count, (QUESTIONS, DEFAULT_DEPTH))
        fetch = _times([partial(index.store.chunks, row.tolist()) for row in ids])
        return answer, fetch


def _searched(material: Material, rows: int, work: Path) -> Times:
    """Return the time to search a segment of ``rows`` passages by vectors and by words."""
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    vectors = np.load(vectors_file(material, rows, work), mmap_mode="r", allow_pickle=False)
    dense = faiss_search(build_faiss_index(faiss_types(rows)[REFINED], np.asarray(vectors)))
    faiss.omp_set_num_threads(1)
    found = _times([partial(dense, vector) for vector in material.question_vectors])
    with tempfile.TemporaryDirectory(dir=work) as folder:
        sparse = TextIndex(Path(folder))
        sparse.update(Revision(1, 1), _texts(material, rows))
        asked = [partial(sparse.search, text, DEFAULT_DEPTH) for text in material.questions]
        return found + _times(asked)


def _texts(material: Material, rows: int) -> Iterator[IndexedText]:
    chunks = (chunk for each in synthetic_articles(material, rows) for chunk in each.chunks)
    for number, chunk in enumerate(chunks, start=1):
        yield IndexedText(number, searchable_text(chunk))


def _times(calls: Sequence[Callable[[], object]]) -> Times:
    for call in calls[:_WARM_UP]:
        call()
    rounds: Iterable[list[float]] = ([_seconds(call) for call in calls] for _ in range(REPEATS))
    return np.array(list(rounds)).T


def _seconds(call: Callable[[], object]) -> float:
    # The processor's time, so that other programs on the machine matter less.
    began = time.process_time()
    call()
    return time.process_time() - began

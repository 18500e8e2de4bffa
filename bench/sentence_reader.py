"""Fits the sentence scorer: prints the bias and the weights for ``qa/sentence_scoring.py``.

    python -m bench.sentence_reader --train DIR

It reads question files with gold spans (one JSON object a line, gzip), puts their
paragraphs together again as articles, asks a sample of the questions of their own
article and of one that cannot answer them, and fits a logistic model to whether a
sentence holds the answer. What each threshold then refuses: :mod:`bench.refusal`.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from bench.embedding import RememberingEmbedder
from index.embedder import SentenceTransformerEmbedder
from index.passage_index import PassageIndex
from index.sentences import split_sentences
from index.types import Article
from qa.retriever import Retriever
from qa.sentence_scoring import FEATURE_NAMES, sentence_features

TRAINING_FILES = ("squad2_dev_part.jsonl.gz", "squad1_train_part.jsonl.gz")
MIN_PARAGRAPHS = 10
ARTICLES_PER_FILE = 12
QUESTIONS_PER_ARTICLE = 120
PASSAGES = 5
RIDGE = 1.0
TOLERANCE = 1e-8

Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the spans of its article that answer it (none: unanswerable)."""

    question: str
    answers: tuple[tuple[int, int], ...]


def training_articles(folder: Path) -> Iterator[tuple[Article, list[Asked]]]:
    """Yield the articles of the training files, whole again, with a sample of their questions."""
    for name in TRAINING_FILES:
        by_title: dict[str, dict[str, list[dict[str, object]]]] = {}
        with gzip.open(folder / name, "rt", encoding="utf-8", newline="\n") as lines:
            for line in lines:
                item = json.loads(line)
                contexts = by_title.setdefault(item["title"], {})
                contexts.setdefault(item["context"], []).append(item)
        long = [item for item in by_title.items() if len(item[1]) >= MIN_PARAGRAPHS]
        for title, contexts in long[:ARTICLES_PER_FILE]:
            yield _whole(title, contexts)


def _whole(title: str, contexts: dict[str, list[dict[str, object]]]) -> tuple[Article, list[Asked]]:
    asked = []
    offset = 0
    for context, items in contexts.items():
        for item in items:
            answers: list[dict[str, object]] = item.get("answers") or []  # type: ignore[assignment]
            spans = tuple(
                (offset + int(str(a["start"])), offset + int(str(a["start"])) + len(str(a["text"])))
                for a in answers
            )
            asked.append(Asked(str(item["question"]), spans))
        offset += len(context) + 2
    article = Article.from_text("\n\n".join(contexts), title=title)
    step = max(1, len(asked) // QUESTIONS_PER_ARTICLE)
    return article, asked[::step]


def features_and_labels(folder: Path) -> tuple[Matrix, NDArray[np.bool_], NDArray[np.int64]]:
    """Return features ``(n, f)``, whether each sentence answers, and its question's number."""
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    rows: list[tuple[float, ...]] = []
    labels: list[bool] = []
    groups: list[int] = []
    others: list[Asked] = []
    for article, asked in tqdm(list(training_articles(folder)), desc="articles"):
        sentences = split_sentences(article.text)
        embedder.encode_documents([article.text[start:end] for start, end in sentences])
        with PassageIndex(None, embedder) as index:
            index.add(article)
            retriever = Retriever(index)
            # A third as many from the article before, which this one cannot answer.
            for item in [*asked, *(Asked(other.question, ()) for other in others[::3])]:
                passages = retriever.retrieve(item.question, PASSAGES)
                group = groups[-1] + 1 if groups else 0
                for _, span, features in sentence_features(item.question, passages, embedder):
                    rows.append(astuple(features))
                    labels.append(any(s < span.end and span.start < e for s, e in item.answers))
                    groups.append(group)
        others = asked
    return np.array(rows), np.array(labels), np.array(groups)


def fit_logistic(x: Matrix, y: NDArray[np.bool_], ridge: float = RIDGE) -> Matrix:
    """Return ``(1 + f,)`` bias and weights of a logistic regression.

    By iteratively reweighted least squares; McCullagh and Nelder, Generalized
    Linear Models, 1989, section 4.4. The bias is not penalised.
    """
    design = np.column_stack([np.ones(len(x)), x])
    penalty = np.diag([0.0] + [ridge] * x.shape[1])
    weights = np.zeros(design.shape[1])
    for _ in range(50):
        predicted = 1 / (1 + np.exp(-design @ weights))
        curvature = (design * (predicted * (1 - predicted))[:, None]).T @ design + penalty
        gradient = design.T @ (y - predicted) - penalty @ weights
        step = np.linalg.solve(curvature, gradient)
        weights += step
        if np.abs(step).max() < TOLERANCE:
            break
    return weights


def fit(folder: Path) -> None:
    """Fit on the training files and print what belongs into ``qa/sentence_scoring.py``."""
    x, y, groups = features_and_labels(folder)
    weights = fit_logistic(x, y)
    print(f"{groups[-1] + 1} questions, {len(x)} sentences, {y.sum()} hold an answer")
    print(f"_BIAS = {weights[0]:.3f}")
    for name, weight in zip(FEATURE_NAMES, weights[1:], strict=True):
        print(f"    {name}={weight:.3f},")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.sentence_reader")
    parser.add_argument("--train", type=Path, required=True, help="folder of the question files")
    arguments = parser.parse_args()
    fit(arguments.train)


if __name__ == "__main__":
    main()

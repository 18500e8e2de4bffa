"""Fit the model that finds planted sentences, and cross-validate it.

    python -m training.fit_planted --train DIR [--write]

Logistic regression over the embeddings of the default model and the similarities of
:func:`qa.writing.planted.planted_features`. Planted are the instructions of
``training/phrases/instructions.txt`` and questions about other articles; genuine are the sentences
of articles of DIR (SOURCES), the sentences that answer a question there, and those of
``training/phrases/how_to.txt``, which are instructions that belong to their text.
Held out in each fold are a part of the articles and a part of what is planted.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from bench.commands import table
from bench.environment import Environment
from index.embedding.embedder import SentenceTransformerEmbedder, Vectors
from index.embedding.model_files import DEFAULT_MODEL, DEFAULT_MODEL_SHA256
from index.sentences import split_sentences
from qa.writing.planted import (
    PLANTED_FROM,
    PLANTED_PARAGRAPH_FROM,
    WEIGHTS,
    Floats,
    PlantedModel,
    planted_features,
)

PHRASES = Path(__file__).parent / "phrases"
SOURCES = {
    "squad1_train_part": 6, "squad2_dev_part": 5, "fairytale_train": 6,
    "squadshifts_new_wiki": 1, "squadshifts_amazon": 1, "squadshifts_reddit": 1,
}  # fmt: skip
"""Files of training questions, and the number of paragraphs that an article of each has."""
ARTICLES = 30
"""Articles of each file."""
ASKED = 4
"""Questions of each article."""
PLANTED = 6
"""Planted sentences for each question of an article."""
FOREIGN_QUESTIONS = 150
SEED = 7
FOLDS = 4
STRENGTH = 3.0
"""The inverse of the penalty on the squared weights (C)."""
OTHER_WEIGHT = 0.5
"""Weight of any sentence; one that answers a question has weight 1 besides."""
SHORT = (4, 10)
"""The fewest and the most sentences of the excerpts that stand for short texts."""
THRESHOLDS = (0.3, 0.5, 0.7, PLANTED_PARAGRAPH_FROM, 0.9, PLANTED_FROM)
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class Text:
    """An article of paragraphs, with questions and the sentences that answer them."""

    source: str
    sentences: tuple[str, ...]
    paragraphs: NDArray[np.int64]
    asked: tuple[tuple[str, int], ...]

    def excerpt(self, shuffled: random.Random) -> Text:
        """Return some of its sentences that follow each other, as a short text."""
        count = min(len(self.sentences), shuffled.randint(*SHORT))
        start = shuffled.randint(0, len(self.sentences) - count)
        asked = [(q, at - start) for q, at in self.asked if start <= at < start + count]
        return Text(
            f"{self.source}, short",
            self.sentences[start : start + count],
            self.paragraphs[start : start + count],
            tuple(asked),
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence in an article."""

    kind: str
    """planted, answer (of a question) or any."""
    text: int
    planted: int
    """The number of what is planted, or -1."""
    features: Floats


def read_texts(folder: Path, shuffled: random.Random) -> list[Text]:
    """Return a sample of the articles of SOURCES, and the texts of how_to.txt."""
    texts = []
    for source, count in SOURCES.items():
        articles: dict[str, dict[str, list[tuple[str, int]]]] = {}
        with gzip.open(folder / f"{source}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                name = row["title"] if count > 1 else row["context"]
                asked = articles.setdefault(name, {}).setdefault(row["context"], [])
                if row["answerable"]:
                    asked.append((row["question"], row["answers"][0]["start"]))
        names = sorted(articles)
        for name in shuffled.sample(names, min(ARTICLES, len(names))):
            contexts = list(articles[name])[:count]
            texts.append(_text(source, contexts, [articles[name][c] for c in contexts], shuffled))
    how_to = (PHRASES / "how_to.txt").read_text(encoding="utf-8")
    for part in how_to.strip().split("\n\n"):
        _, *paragraphs = part.splitlines()
        texts.append(_text("how_to", paragraphs, [[] for _ in paragraphs], shuffled))
    return [text for text in texts if len(text.sentences) > _FEWEST]


def _text(
    source: str,
    contexts: Sequence[str],
    asked: Sequence[Sequence[tuple[str, int]]],
    shuffled: random.Random,
) -> Text:
    sentences: list[str] = []
    paragraphs, pairs = [], []
    for number, (context, questions) in enumerate(zip(contexts, asked, strict=True)):
        for span in split_sentences(context):
            here = [q for q, start in questions if span.start <= start < span.end]
            pairs += [(question, len(sentences)) for question in here]
            sentences.append(context[span.start : span.end])
            paragraphs.append(number)
    chosen = shuffled.sample(pairs, min(ASKED, len(pairs)))
    return Text(source, tuple(sentences), np.array(paragraphs), tuple(chosen))


def read_planted(texts: Sequence[Text], shuffled: random.Random) -> list[str]:
    """Return the instructions, and questions that can be planted in other articles."""
    lines = (PHRASES / "instructions.txt").read_text(encoding="utf-8").splitlines()
    questions = [question for text in texts for question, _ in text.asked]
    return [*lines, *shuffled.sample(questions, FOREIGN_QUESTIONS)]


def rows_of(
    texts: Sequence[Text],
    planted: Sequence[str],
    vectors: dict[str, Vectors],
    shuffled: random.Random,
) -> Iterator[Row]:
    """Yield the sentences of each article, and some that are planted there, with features."""
    for number, text in enumerate(texts):
        own = np.stack([vectors[sentence] for sentence in text.sentences])
        for i in range(len(own)):
            yield Row("any", number, -1, _features(text, own, i))
        own_questions = {question for question, _ in text.asked}
        foreign = [i for i, words in enumerate(planted) if words not in own_questions]
        for at in (*(at for _, at in text.asked), None, None):
            for i in shuffled.sample(foreign, PLANTED):
                yield Row("planted", number, i, planted_features(vectors[planted[i]], own))
            if at is not None:
                yield Row("answer", number, -1, _features(text, own, at))


def _features(text: Text, own: Vectors, i: int) -> Floats:
    outside = text.paragraphs != text.paragraphs[i]
    if 2 * outside.sum() < len(own):
        outside = np.arange(len(own)) != i
    return planted_features(own[i], own[outside])


def fit(rows: Sequence[Row]) -> PlantedModel:
    """Return the model of some rows."""
    weights = [OTHER_WEIGHT if row.kind == "any" else 1.0 for row in rows]
    regression = LogisticRegression(C=STRENGTH, max_iter=2000)
    features = np.stack([row.features for row in rows])
    regression.fit(features, [row.planted >= 0 for row in rows], sample_weight=weights)
    return PlantedModel(np.round(regression.coef_[0], 3), round(float(regression.intercept_[0]), 3))


def cross_validate(rows: Sequence[Row], texts: int, planted: int) -> list[tuple[Row, float]]:
    """Return rows with their probabilities by models that saw neither article nor instruction."""
    generator = np.random.default_rng(SEED)
    text_fold = np.tile(generator.integers(0, FOLDS, texts // 2), 2)
    planted_fold = np.append(generator.integers(0, FOLDS, planted), -1)
    found = []
    for fold in range(FOLDS):
        seen = [
            row for row in rows
            if text_fold[row.text] != fold and planted_fold[row.planted] != fold
        ]  # fmt: skip
        held = [
            row for row in rows
            if text_fold[row.text] == fold and planted_fold[row.planted] in (fold, -1)
        ]  # fmt: skip
        probabilities = fit(seen).probabilities(np.stack([row.features for row in held]))
        found += list(zip(held, probabilities.tolist(), strict=True))
    return found


def figures(found: Sequence[tuple[Row, float]], texts: Sequence[Text]) -> list[list[str]]:
    """Return the share of each kind of row that is taken to be planted, by threshold."""
    groups: dict[str, list[float]] = {}
    for row, probability in found:
        groups.setdefault(row.kind, []).append(probability)
        if row.planted < 0:
            name = f"{row.kind}, {texts[row.text].source}"
            groups.setdefault(name, []).append(probability)
    return [
        [name, str(len(p)), *(f"{np.mean(np.array(p) >= t):.4f}" for t in THRESHOLDS)]
        for name, p in sorted(groups.items())
    ]


def to_dict(model: PlantedModel, rows: Sequence[Row], texts: int, planted: int) -> dict[str, Any]:
    """Return the content of the weights file: the weights and their source."""
    return {
        "made_by": "python -m training.fit_planted --train DIR --write",
        "seed": SEED,
        "embedding_model": DEFAULT_MODEL,
        "embedding_model_sha256": DEFAULT_MODEL_SHA256,
        "fitted_on": {"articles": texts, "planted": planted, "rows": len(rows)},
        "sources": "SQuAD 1.1 and 2.0, SQuADShifts, FairytaleQA, and phrases of our own",
        "intercept": model.intercept,
        "coefficients": model.coefficients.tolist(),
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.fit_planted")
    parser.add_argument("--train", type=Path, required=True, help="folder of training questions")
    parser.add_argument("--write", action="store_true", help="put the weights into the package")
    given = parser.parse_args()
    shuffled = random.Random(SEED)  # noqa: S311 - a sample, no secret
    texts = read_texts(given.train, shuffled)
    planted = read_planted(texts, shuffled)
    texts += [text.excerpt(shuffled) for text in texts]
    words = [
        *planted,
        *(s for t in texts for s in t.sentences),
    ]
    distinct = list(dict.fromkeys(words))
    vectors = dict(
        zip(distinct, SentenceTransformerEmbedder().encode_documents(distinct), strict=True)
    )
    rows = list(rows_of(texts, planted, vectors, shuffled))
    print(Environment.now("training.fit_planted").to_markdown())
    print(f"{len(texts)} articles, {len(planted)} planted, {len(rows)} rows.\n")
    head = ("held out", "number", *(f"from {t}" for t in THRESHOLDS))
    print("\n".join(table(head, figures(cross_validate(rows, len(texts), len(planted)), texts))))
    if given.write:
        data = to_dict(fit(rows), rows, len(texts), len(planted))
        WEIGHTS.write_text(json.dumps(data) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

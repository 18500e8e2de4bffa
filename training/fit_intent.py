"""Fit the intent model, and cross-validate it.

    python -m training.fit_intent --train DIR [--write]

Multinomial logistic regression over the embeddings of the default model, on the phrases of
``training/phrases/kinds.txt`` and on factual questions of DIR, a folder of ``*.jsonl.gz`` with a
``question`` a line. Half of these questions are only asked, to see how many would be
taken for something else; the weights that are written are fitted on the phrases and on
the other half. ``--write`` puts them into the package. The hand-written questions of
``training/questions`` are not looked at.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from bench.commands import table
from bench.environment import Environment
from index.embedding.embedder import SentenceTransformerEmbedder
from index.embedding.model_files import DEFAULT_MODEL, DEFAULT_MODEL_SHA256
from index.search.text_index import STOP_WORDS
from qa.conversation.intent import (
    MIN_PROBABILITY,
    MIN_PROBABILITY_SPECIFIC,
    WEIGHTS,
    Intent,
    IntentModel,
    is_misspelled,
    specific_words,
    words_in,
)

PHRASES = Path(__file__).parent / "phrases" / "kinds.txt"
SEED = 7
PER_FILE = 1200
"""Most questions that are taken from one file."""
FOLDS = 5
STRENGTH = 30.0
"""The inverse of the penalty on the squared weights (C)."""
WEIGHT = 0.3
"""Weight of a sampled question; a phrase has weight 1."""
THRESHOLDS = (
    (0.5, 0.5), (0.6, 0.6), (0.7, 0.7), (0.8, 0.8), (0.9, 0.9),
    (0.4, 0.85), (0.5, 0.85), (MIN_PROBABILITY, MIN_PROBABILITY_SPECIFIC), (0.6, 0.9),
    (0.6, 0.95), (0.6, 1.01),
)  # fmt: skip
"""For questions of general words, and for those with a specific word; above 1 means never."""
_ABOUT_CHATBOT = (Intent.HELP, Intent.IDENTITY)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase and its class."""

    text: str
    wanted: Intent


def read_phrases(path: Path = PHRASES) -> list[Phrase]:
    """Return the phrases of a file of classes in brackets, each followed by its phrases."""
    found: list[Phrase] = []
    wanted = Intent.FACTUAL
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            wanted = Intent(line.strip("[]"))
        elif line.strip():
            found.append(Phrase(line, wanted))
    return found


def draw_questions(folder: Path) -> list[str]:
    """Return questions of every ``*.jsonl.gz`` of a folder, shuffled; none twice of a file."""
    drawn: list[str] = []
    shuffled = random.Random(SEED)  # noqa: S311 - a sample, no secret
    for path in sorted(folder.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            questions = sorted({json.loads(line)["question"] for line in lines})
        drawn += shuffled.sample(questions, min(PER_FILE, len(questions)))
    shuffled.shuffle(drawn)
    return drawn


def fit(phrases: Sequence[Phrase], vectors: Floats, factual: Floats) -> IntentModel:
    """Return the model of phrases with their vectors, and of vectors of factual questions."""
    names = [phrase.wanted.value for phrase in phrases] + [Intent.FACTUAL.value] * len(factual)
    weights = np.r_[np.ones(len(phrases)), np.full(len(factual), WEIGHT)]
    regression = LogisticRegression(C=STRENGTH, max_iter=1000)
    regression.fit(np.vstack([vectors, factual]), names, sample_weight=weights)
    about = [p for p in phrases if p.wanted in _ABOUT_CHATBOT]
    others = [p for p in phrases if p.wanted not in (*_ABOUT_CHATBOT, Intent.FACTUAL)]
    return IntentModel(
        tuple(Intent(name) for name in regression.classes_),
        np.round(regression.coef_, 3),
        np.round(regression.intercept_, 3),
        _words(others),
        _words(about),
    )


def _words(phrases: Sequence[Phrase]) -> frozenset[str]:
    return frozenset(w for p in phrases for w in words_in(p.text)) - STOP_WORDS


@dataclass(frozen=True, slots=True)
class Validation:
    """Results of cross-validation at a pair of thresholds, without looking words up in articles."""

    sure: float
    sure_of_particular: float
    found: float
    """The share of phrases of the other classes that are not taken to be factual."""
    right: float
    """The share of these whose kind of answer is right."""
    alike: int
    """Similar factual phrases that are taken for another class."""
    drawn: int
    """Sampled questions that are taken for another class, over all folds."""


def validate(
    phrases: Sequence[Phrase], vectors: Floats, questions: Sequence[str], factual: Floats
) -> list[Validation]:
    """Return the results on phrases and on the second half of the questions, held out."""
    half = len(questions) // 2
    names = [phrase.wanted.value for phrase in phrases]
    outcomes: list[tuple[Phrase, Intent, float, bool]] = []
    for rest, fold in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(vectors, names):
        model = fit([phrases[i] for i in rest], vectors[rest], factual[:half])
        outcomes += [_outcome(phrases[i], vectors[i], model) for i in fold]
    model = fit(phrases, vectors, factual[:half])
    asked = [Phrase(question, Intent.FACTUAL) for question in questions[half:]]
    drawn = [_outcome(p, v, model) for p, v in zip(asked, factual[half:], strict=True)]
    return [_validation(outcomes, drawn, general, particular) for general, particular in THRESHOLDS]


def _outcome(
    phrase: Phrase, vector: Floats, model: IntentModel
) -> tuple[Phrase, Intent, float, bool]:
    wanted, sure = model.most_likely(vector)
    general = model.general_words(wanted)
    particular = specific_words(phrase.text, general)
    return phrase, wanted, sure, not all(is_misspelled(word, general) for word in particular)


def _validation(
    outcomes: Sequence[tuple[Phrase, Intent, float, bool]],
    drawn: Sequence[tuple[Phrase, Intent, float, bool]],
    general: float,
    particular: float,
) -> Validation:
    def taken(outcome: tuple[Phrase, Intent, float, bool]) -> bool:
        _, _, sure, is_particular = outcome
        return sure >= (particular if is_particular else general)

    others = [o for o in outcomes if o[0].wanted is not Intent.FACTUAL]
    found = [o for o in others if taken(o)]
    return Validation(
        general,
        particular,
        len(found) / len(others),
        sum(o[0].wanted.kind is o[1].kind for o in found) / len(found),
        sum(taken(o) for o in outcomes if o[0].wanted is Intent.FACTUAL),
        sum(map(taken, drawn)),
    )


def to_dict(model: IntentModel, phrases: Sequence[Phrase], drawn: int) -> dict[str, Any]:
    """Return the content of the weights file: the weights and their source."""
    counts = Counter(phrase.wanted.value for phrase in phrases)
    return {
        "made_by": "python -m training.fit_intent --train DIR --write",
        "seed": SEED,
        "embedding_model": DEFAULT_MODEL,
        "embedding_model_sha256": DEFAULT_MODEL_SHA256,
        "fitted_on": {"phrases": counts, "drawn_factual_questions": drawn},
        "sources_of_drawn": "SQuAD 1.1 and 2.0, SQuADShifts, FairytaleQA: docs/training.md",
        "classes": [wanted.value for wanted in model.classes],
        "intercepts": model.intercepts.tolist(),
        "overview_words": sorted(model.overview_words),
        "talk_words": sorted(model.talk_words),
        "coefficients": model.coefficients.tolist(),
    }


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.fit_intent")
    parser.add_argument("--train", type=Path, required=True, help="folder of training questions")
    parser.add_argument("--write", action="store_true", help="put the weights into the package")
    given = parser.parse_args()
    environment = Environment.now("training.fit_intent")
    embedder = SentenceTransformerEmbedder(precision="float32")
    phrases, questions = read_phrases(), draw_questions(given.train)
    vectors = embedder.encode_documents([phrase.text for phrase in phrases])
    factual = embedder.encode_documents(questions)
    half = len(questions) // 2
    print(environment.to_markdown())
    print(f"{len(phrases)} phrases, {half} questions fitted on, {len(questions) - half} asked.\n")
    head = ("sure", "with own word", "found", "kind right", "alike taken", "drawn taken")
    rows = [
        (
            f"{v.sure}", f"{v.sure_of_particular}", f"{v.found:.3f}", f"{v.right:.3f}",
            str(v.alike), str(v.drawn),
        )
        for v in validate(phrases, vectors, questions, factual)
    ]  # fmt: skip
    print("\n".join(table(head, rows)))
    if given.write:
        data = to_dict(fit(phrases, vectors, factual[:half]), phrases, half)
        WEIGHTS.write_text(json.dumps(data, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

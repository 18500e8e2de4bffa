"""Fit the ranking of spans, the confidence, and the levels of answering.

    python -m training.fit_calibration --data DIR [--small] [--model DIR] [--cache FILE]

Everything is fitted on one half of the articles of the sets that say where answers are, and
written beside the model, with what it was fitted on. The other half is for reporting:
``bench.answers``, ``bench.refusal``. Larger sets count less by question, so that the confidence
holds on all of them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from bench.commands import large_model, small_reader
from bench.datasets import CALIBRATED_ON, QA_FILES, in_first_half, read_set
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from index.embedding.embedder import SentenceTransformerEmbedder
from index.sentences import split_sentences
from index.types import Span, overlap
from qa.evaluation.datasets import EvalArticle, EvalQuestion, Evidence
from qa.evaluation.evaluate import Asked, ask_all
from qa.reading.calibration import Calibration, Features, compute_features
from qa.reading.large_model import LARGE_MANIFEST
from qa.reading.large_weights import ADAPTERS
from qa.reading.model import CALIBRATION, MANIFEST, WEIGHTS, shipped_folder
from qa.reading.ranking import RankFeatures, Ranking
from qa.reading.reader import SpanReader
from qa.reading.two_stage import LARGE_CALIBRATION, TwoStageReader
from training.fit_ranking import as_read, fit_ranking

FOLDS = 5
SHORT_SUFFIX = ", in parts"
SHORT = f"xquad_en{SHORT_SUFFIX}"
"""Texts of a paragraph or a sentence, in which no other span or passage competes."""
MOST = 600
"""Of larger sets not every question is asked."""
SURE_VERDICT = 0.8
"""The probability from which "yes" or "no" is given: of 79 such on held-out training questions, 76
were right, and of the 84 between .7 and .8 61."""
KNOTS = 15
"""Points of the isotonic correction."""
# What each level is for: the share of answerable questions that it may refuse.
REFUSED = {"careful": 0.25, "balanced": 0.085, "eager": 0.03}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observed:
    """Answers and whether each was right: the first quote holds a gold answer."""

    features: Floats
    """``(n, features)``."""
    right: NDArray[np.bool_]
    answerable: NDArray[np.bool_]
    groups: NDArray[np.str_]
    """The article of each."""
    weights: Floats
    """How much each counts; see :func:`weights_of`."""


def weights_of(sets: Sequence[str]) -> Floats:
    """Return how much each question counts: of four times as many, each counts half."""
    names = np.array(sets)
    sizes = {name: int((names == name).sum()) for name in set(sets)}
    return np.array([1 / np.sqrt(sizes[name]) for name in sets])


def observe(asked: Sequence[Asked], sets: Sequence[str], rank: Ranking) -> Observed:
    """Return the features of each answer under a ranking, and whether it was right.

    ``sets`` has the set of each question.
    """
    rows, right = [], []
    for a in asked:
        scored = as_read(a, rank)
        rows.append(astuple(compute_features(a.answer.question, scored, a.retrieved)))
        right.append(a.question.answerable and a.is_right(scored))
    return Observed(
        np.array(rows),
        np.array(right),
        np.array([a.question.answerable for a in asked]),
        np.array([a.article for a in asked]),
        weights_of(sets),
    )


def fit(observed: Observed, rank: Ranking) -> Calibration:
    """Return the calibration that tells right answers from wrong ones best."""
    scale = observed.features.std(axis=0)
    scale[scale == 0] = 1.0
    model = LogisticRegression(C=1.0, max_iter=1000)
    features, right, weights = observed.features / scale, observed.right, observed.weights
    out_of_fold = np.zeros(len(right))
    for fitted, left in GroupKFold(FOLDS).split(features, right, observed.groups):
        model.fit(features[fitted], right[fitted], weights[fitted] / weights[fitted].mean())
        out_of_fold[left] = model.predict_proba(features[left])[:, 1]
    raw, true = _isotonic(out_of_fold, right, weights)
    model.fit(features, right, weights / weights.mean())
    found = Calibration(
        rank,
        float(model.intercept_[0]),
        Features(*(model.coef_[0] / scale).tolist()),
        raw,
        true,
        {},
    )
    sure = np.interp(out_of_fold, raw, true)
    return replace(found, levels=levels_of(sure[observed.answerable]))


def levels_of(sure: Floats) -> dict[str, float]:
    """Return the least confidence of each level, given those of answerable questions."""
    return {level: round(float(np.quantile(sure, share)), 3) for level, share in REFUSED.items()}


def _isotonic(
    raw: Floats, right: NDArray[np.bool_], weights: Floats
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return at most KNOTS points of the rising curve from raw to true probability."""
    model = IsotonicRegression(out_of_bounds="clip").fit(raw, right, weights)
    knots = np.unique(np.quantile(raw, np.linspace(0, 1, KNOTS)))
    # The mean around a knot, so that a step of the curve is not taken for its value.
    edges = np.concatenate([[-np.inf], (knots[1:] + knots[:-1]) / 2, [np.inf]])
    smooth = model.predict(raw)
    bins = np.digitize(raw, edges[1:-1])
    means = [(smooth[bins == n].mean(), (bins == n).sum()) for n in range(len(knots))]
    # By the rule of succession (Laplace 1814), as nothing is certain.
    true = np.maximum.accumulate([(mean * count + 1) / (count + 2) for mean, count in means])
    return tuple(np.round(knots, 4).tolist()), tuple(np.round(true, 4).tolist())


def _neutral() -> Calibration:
    weights = Features(**{field.name: 0.0 for field in fields(Features)})
    rank = Ranking(RankFeatures(1.0, 0.0, 6.0, 0.0, 0.0, 0.0))
    return Calibration(rank, 0.0, weights, (0.0, 1.0), (0.0, 1.0), {})


def short_articles(articles: Sequence[EvalArticle]) -> Iterator[EvalArticle]:
    """Yield each paragraph, and each first sentence of one, as an article of its own.

    Its questions are those that it answers, those written for its paragraph that nothing answers,
    and all off-topic ones of the article.
    """
    for article in articles:
        paragraphs = sorted({q.context for q in article.questions if q.context})
        for paragraph in paragraphs:
            first = split_sentences(article.text[slice(*paragraph)])[0]
            sentence = Span(paragraph.start + first.start, paragraph.start + first.end)
            for place in (paragraph, sentence):
                text = article.text[slice(*place)]
                found = [_placed(q, place) for q in article.questions]
                questions = tuple(q for q in found if q)
                name = f"{article.id}/{place.start}-{place.end}"
                yield EvalArticle(name, article.title, text, article.lang, questions)


def _placed(question: EvalQuestion, place: Span) -> EvalQuestion | None:
    """Return a question as one about part of its article; None if that is not known."""
    spans = question.evidence.spans
    if not question.answerable:
        is_about = question.context is None or overlap(question.context, place)
        return replace(question, context=None) if is_about else None
    inside = tuple(
        Span(s.start - place.start, s.end - place.start)
        for s in spans
        if place.start <= s.start and s.end <= place.end
    )
    return replace(question, evidence=Evidence(inside), context=None) if inside else None


def calibrate(data: Path, reader: SpanReader, *, one_in: int) -> tuple[Calibration, Any]:
    """Return the calibration of ``reader``, and what it was fitted on.

    ``one_in`` is of how many questions of a set one is asked, if it has more than MOST.
    """
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    asked: list[Asked] = []
    sets: list[str] = []
    counts = {}
    for name in (*CALIBRATED_ON, SHORT):
        file = name.removesuffix(SHORT_SUFFIX)
        articles = [a for a in read_set(data, file, quick=False) if in_first_half(a.id)]
        if name == SHORT:
            articles = list(short_articles(articles))
        if sum(len(a.questions) for a in articles) > MOST:
            articles = [replace(a, questions=a.questions[::one_in]) for a in articles]
        embedder.prepare([q.question for a in articles for q in a.questions])
        found = list(ask_all(articles, embedder, reader))
        counts[name] = {
            "sha256": hashlib.sha256((data / QA_FILES[file]).read_bytes()).hexdigest(),
            "articles": len({a.article for a in found}),
            "questions": len(found),
            "answerable": sum(a.question.answerable for a in found),
        }
        asked += [a for a in found if a.scored]
        sets += [name] * (len(asked) - len(sets))
    rank = fit_ranking(asked)
    return fit(observe(asked, sets, rank), rank), counts


def _hash_of(given: argparse.Namespace) -> str:
    """Return the hash of the weights that the calibration is for, from their manifest."""
    manifest, name = (MANIFEST, WEIGHTS) if given.small else (LARGE_MANIFEST, ADAPTERS)
    return str(json.loads((given.model / manifest).read_bytes())["files"][name])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.fit_calibration")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--small", action="store_true", help="of the small model, by itself")
    parser.add_argument("--model", type=Path, default=Path(str(shipped_folder())))
    parser.add_argument("--cache", type=Path, help="file that keeps what the models read")
    parser.add_argument("--one-in", type=int, default=4, help="of large sets, ask one of so many")
    given = parser.parse_args()
    environment = Environment.now("training.fit_calibration")
    reader = (
        small_reader(given.cache, given.model, _neutral())
        if given.small
        else TwoStageReader(
            small_reader(given.cache), large_model(given.cache, given.model), _neutral()
        )
    )
    found, counts = calibrate(given.data, reader, one_in=given.one_in)
    found = replace(found, sure_verdict=SURE_VERDICT)
    report = found.to_dict() | {
        "provenance": {
            "fitted_on": counts,
            "right": "the first quote holds a gold answer",
            "adapters_sha256" if not given.small else "model_sha256": _hash_of(given),
            "command": environment.command,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    }
    text = json.dumps(report, indent=2) + "\n"
    name = CALIBRATION if given.small else LARGE_CALIBRATION
    (given.model / name).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()

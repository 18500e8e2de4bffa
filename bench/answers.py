"""How good the answers are, by set and by wording.

    python -m bench.answers --data DIR [--sets squad_en …] [--quick] [--out bench/results]

Every question is asked of its own article at the default threshold. Where a set has
the same questions mistyped, as heard, or with a self-correction, these are asked too.
The metrics are those of :mod:`bench.metrics`; an abstention scores 0 on a question that
can be answered, and 1 on one that cannot.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.abstention import abstention_rates, auroc
from bench.asking import Asked, ask_all, in_variant
from bench.datasets import read_articles
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from bench.metrics import Interval, bootstrap, contained, exact_match, f1
from bench.reporting import write_results
from index.embedder import SentenceTransformerEmbedder
from qa.config import Settings

DEFAULT_SETS = (
    "qa/squad_en", "qa/xquad_en", "qa/covidqa", "qa/fairytale", "qa/xquad_es", "qa/xquad_zh",
    "qa/xquad_hi", "qa_nc/quail_news", "qa_nc/rgb_counterfactual",
)  # fmt: skip
VARIANTS = ("keyboard", "asr", "disfluent")
_BINS = 10

Metric = Callable[[Asked], float]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One set in one wording; intervals of 95 % over articles."""

    dataset: str
    wording: str
    questions: int
    answerable: int
    exact_match: Interval
    """Over answerable questions, as the two below."""
    f1: Interval
    contained: Interval
    f1_of_all: Interval
    """Over all questions, as SQuAD 2.0 has it."""
    median_characters: float
    """Of the replies given."""
    first_citation: Interval | None
    """Share of answerable questions whose first citation holds the answer; None if the
    set does not say where answers are, as the one below."""
    citation_precision: float | None
    """Right citations, of all that are given."""
    refused: dict[str, float]
    """By kind of question, the answerable ones included."""
    auroc: float | None
    """Of the confidence, answerable against not; None if all are answerable."""
    calibration_error: float | None
    """Expected calibration error of "a citation is right", in ten bins of equal width
    (Guo et al. 2017)."""


def answer_row(dataset: str, wording: str, asked: Sequence[Asked], threshold: float) -> AnswerRow:
    """Return the figures of the questions of one set."""
    answerable = [a for a in asked if a.question.answerable]
    given = [a for a in asked if a.is_given(threshold)]
    right = [flag for a in given for flag in a.citations_right]
    located = [a for a in answerable if a.question.evidence.spans]

    def scored(metric: Callable[..., float]) -> Metric:
        return lambda a: metric(_shown(a, threshold), a.question.gold, a.lang)

    kinds = [a.question.kind for a in asked]
    mixed = 0 < len(answerable) < len(asked)
    return AnswerRow(
        dataset=dataset,
        wording=wording,
        questions=len(asked),
        answerable=len(answerable),
        exact_match=_over_articles(answerable, scored(exact_match)),
        f1=_over_articles(answerable, scored(f1)),
        contained=_over_articles(answerable, scored(contained)),
        f1_of_all=_over_articles(asked, scored(f1)),
        median_characters=statistics.median(len(a.reply) for a in given) if given else 0.0,
        first_citation=_over_articles(located, lambda a: _first_right(a, threshold))
        if located
        else None,
        citation_precision=statistics.fmean(right) if right and located else None,
        refused=abstention_rates(kinds, [not a.is_given(threshold) for a in asked]),
        auroc=auroc([a.question.answerable for a in asked], [a.answer.confidence for a in asked])
        if mixed
        else None,
        calibration_error=calibration_error(
            [a.answer.confidence for a in asked], [any(a.citations_right) for a in asked]
        )
        if located
        else None,
    )


def calibration_error(confidence: Sequence[float], correct: Sequence[bool]) -> float:
    """Return the mean gap between confidence and share correct, over ten bins by confidence."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for sure, right in zip(confidence, correct, strict=True):
        bins.setdefault(min(_BINS - 1, int(sure * _BINS)), []).append((sure, right))
    gaps = (
        abs(sum(sure for sure, _ in some) - sum(right for _, right in some))
        for some in bins.values()
    )
    return sum(gaps) / max(1, len(confidence))


def _shown(asked: Asked, threshold: float) -> str | None:
    return asked.reply if asked.is_given(threshold) else None


def _first_right(asked: Asked, threshold: float) -> float:
    return float(asked.is_given(threshold) and asked.citations_right[0])


def _over_articles(asked: Iterable[Asked], metric: Metric) -> Interval:
    groups: dict[str, list[float]] = {}
    for item in asked:
        groups.setdefault(item.article, []).append(metric(item))
    return bootstrap(list(groups.values())) if groups else Interval(0.0, 0.0, 0.0)


def measure(data: Path, names: Sequence[str], *, quick: bool) -> list[AnswerRow]:
    """Return the rows of each named set of the folder ``data``, its variants after it."""
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    threshold = Settings().min_confidence
    rows = []
    for name in names:
        articles = read_articles(data / f"{name}.jsonl")
        asked = list(ask_all(articles, embedder, quick=quick))
        rows.append(answer_row(name, "as written", asked, threshold))
        for kind in VARIANTS:
            varied = list(ask_all(articles, embedder, wording=in_variant(kind), quick=quick))
            if not varied:
                continue
            same = {a.question.id for a in varied}
            written = [a for a in asked if a.question.id in same]
            rows.append(answer_row(name, f"the same as {kind}, as written", written, threshold))
            rows.append(answer_row(name, kind, varied, threshold))
    return rows


def render(environment: Environment, rows: Sequence[AnswerRow]) -> str:
    """Return the results as Markdown: how they were made, then a table."""
    head = (
        "set", "wording", "questions", "EM", "F1", "contained", "F1 of all", "characters",
        "first citation", "citations right", "refused", "AUROC", "ECE",
    )  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        refused = ", ".join(f"{kind} {share:.3f}" for kind, share in sorted(row.refused.items()))
        cells = (
            row.dataset, row.wording, f"{row.questions:,}", _interval(row.exact_match),
            _interval(row.f1), _interval(row.contained), _interval(row.f1_of_all),
            f"{row.median_characters:.0f}",
            "" if row.first_citation is None else _interval(row.first_citation),
            _number(row.citation_precision), refused, _number(row.auroc),
            _number(row.calibration_error),
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(
        [
            "# Answers",
            "",
            environment.to_markdown(),
            f"Refused below a confidence of {Settings().min_confidence}. EM, F1, contained and "
            "first citation are over the questions that can be answered, an abstention counting "
            "0; in brackets 95 %, bootstrap over articles. Characters: median of the replies.",
            "",
            *lines,
        ]
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _interval(value: Interval) -> str:
    return f"{value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.answers")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--sets", nargs="+", default=DEFAULT_SETS)
    parser.add_argument("--quick", action="store_true", help="an eighth of the questions")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    environment = Environment.now("bench.answers")
    rows = measure(arguments.data, arguments.sets, quick=arguments.quick)
    text = render(environment, rows)
    print(text)
    if arguments.out:
        data = {"environment": asdict(environment), "rows": [asdict(row) for row in rows]}
        write_results(arguments.out, "answers", text, data)


if __name__ == "__main__":
    main()

"""Measure what each confidence threshold answers and refuses.

    python -m bench.refusal --data DIR [--sets squad_en xquad_en] [--out bench/results]

The questions of QA sets are asked of their own articles. For each threshold, the report has the
share of answerable questions that get an answer, the share whose answer cites a sentence with the
gold answer, and the share of each unanswerable kind that is refused. The threshold is chosen on
half of the articles and reported on the other half.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.commands import parser_of, report, shipped_reader, table
from bench.datasets import in_first_half, read_set
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from bench.plots import Replies, plot_calibration, plot_risk_coverage
from index.embedding.embedder import SentenceTransformerEmbedder
from qa.evaluation.evaluate import Asked, ask_all
from qa.evaluation.metrics import auroc
from qa.reading.reader import SpanReader

THRESHOLDS = tuple(step / 20 for step in range(1, 17))
DEFAULT_SETS = ("squad_en", "xquad_en", "covidqa", "fairytale")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to one question if nothing is refused."""

    article: str
    kind: str
    answerable: bool
    confidence: float
    first_is_right: bool
    """Whether the first citation hits the evidence."""
    any_is_right: bool
    citations: int
    characters: int
    """Total length of the quotes."""


@dataclass(frozen=True, slots=True)
class Row:
    """The results at one threshold; shares in 0..1."""

    threshold: float
    answered: float
    """Share of answerable questions that get an answer."""
    right: float
    """Share of answerable questions whose answer cites the evidence."""
    precision: float
    """Share of the answers given that cite the evidence."""
    refused: dict[str, float]
    """Share of each unanswerable kind that is refused."""
    score: float
    """Mean over all questions of 1 for a right citation or a right refusal, else 0."""


def outcome_of(asked: Asked) -> Outcome:
    """Return what the rows are computed from for one question."""
    right = asked.citations_right
    return Outcome(
        article=asked.article,
        kind=asked.question.kind,
        answerable=asked.question.answerable,
        confidence=asked.answer.confidence,
        first_is_right=bool(right) and right[0],
        any_is_right=any(right),
        citations=len(right),
        characters=sum(len(citation.quote) for citation in asked.answer.citations),
    )


def row_at(threshold: float, asked: Sequence[Outcome]) -> Row:
    """Return the results at ``threshold``."""
    answerable = [o for o in asked if o.answerable]
    given = [o for o in asked if o.confidence >= threshold]
    kinds = sorted({o.kind for o in asked if not o.answerable})
    right = [o for o in given if o.any_is_right]
    refused = {
        kind: _share(o.confidence < threshold for o in asked if o.kind == kind) for kind in kinds
    }
    return Row(
        threshold=threshold,
        answered=_share(o.confidence >= threshold for o in answerable),
        right=len(right) / max(1, len(answerable)),
        precision=len(right) / max(1, len(given)),
        refused=refused,
        score=_share(
            (o.any_is_right and o.confidence >= threshold)
            if o.answerable
            else o.confidence < threshold
            for o in asked
        ),
    )


def _share(values: Iterable[bool]) -> float:
    return statistics.fmean(values) if (values := list(values)) else 0.0


def section(name: str, asked: Sequence[Outcome]) -> str:
    """Return the Markdown of one set: figures without a threshold, and a table by threshold."""
    answerable = [o for o in asked if o.answerable]
    rows = [row_at(threshold, asked) for threshold in THRESHOLDS]
    kinds = list(rows[0].refused)
    lines = [
        f"## {name}",
        "",
        f"{len(asked)} questions, {len(answerable)} answerable. Without refusals, the first "
        f"citation contains the answer for {_mean(o.first_is_right for o in answerable)} of the "
        f"answerable ones, any citation for {_mean(o.any_is_right for o in answerable)}; "
        f"{statistics.fmean(o.citations for o in asked):.2f} citations and "
        f"{statistics.median(o.characters for o in asked):.0f} characters an answer.",
        "",
    ]
    for kind in kinds:
        some = [o for o in asked if o.answerable or o.kind == kind]
        area = auroc([o.answerable for o in some], [o.confidence for o in some])
        lines.append(f"AUROC of the confidence, answerable versus {kind}: {area:.3f}.")
    head = ["threshold", "answered", "right", "right, of those answered"]
    head += [*(f"refused {kind}" for kind in kinds), "score"]
    cells = []
    for row in rows:
        shares = [row.answered, row.right, row.precision, *row.refused.values(), row.score]
        cells.append([f"{row.threshold:.2f}", *(f"{share:.3f}" for share in shares)])
    return "\n".join([*lines, "", *table(head, cells)])


def _mean(values: Iterable[bool]) -> str:
    return f"{_share(values):.3f}"


def best_threshold(found: dict[str, list[Outcome]]) -> Row:
    """Return the threshold with the best score on the half that it is chosen on.

    Only sets with unanswerable questions count, each with the same weight; for a set without any,
    the best threshold would be 0.
    """
    mixed = [
        [o for o in asked if in_first_half(o.article)]
        for asked in found.values()
        if not all(o.answerable for o in asked)
    ]
    return max(
        (row_at(threshold, [o for asked in mixed for o in asked]) for threshold in THRESHOLDS),
        key=lambda row: statistics.fmean(row_at(row.threshold, asked).score for asked in mixed),
    )


def render(environment: Environment, found: dict[str, list[Outcome]]) -> str:
    """Return the whole report as Markdown."""
    best = best_threshold(found)
    return "\n\n".join(
        [
            "# What each confidence threshold refuses",
            environment.to_markdown().rstrip(),
            "An answer is right if one of its citations covers at least half of a gold answer. The "
            "score is 1 for a right answer or a right refusal, and 0 for anything else.",
            "Curves over all confidences, for the first citation: "
            "[wrong replies against questions answered](refusal-risk-coverage.svg), "
            "[right replies against confidence](refusal-calibration.svg).",
            f"The threshold with the best score on one half of the articles is "
            f"{best.threshold:.2f}. The tables are for the other half.",
            *(
                section(name, [o for o in asked if not in_first_half(o.article)])
                for name, asked in found.items()
            ),
        ]
    )


def measure(
    data: Path, names: Sequence[str], reader: SpanReader, *, quick: bool
) -> dict[str, list[Outcome]]:
    """Return the outcomes of each named set in the folder ``data``."""
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    found = {}
    for name in names:
        articles = read_set(data, name, quick=quick)
        embedder.prepare([q.question for a in articles for q in a.questions])
        found[name] = [outcome_of(asked) for asked in ask_all(articles, embedder, reader)]
    return found


def plot(found: dict[str, list[Outcome]], folder: Path) -> None:
    """Draw the curves for the half of the articles that is reported on."""
    sets = {}
    for name, asked in found.items():
        some = [o for o in asked if not in_first_half(o.article)]
        right = [o.answerable and o.first_is_right for o in some]
        sets[name] = Replies([o.confidence for o in some], right)
    plot_risk_coverage(sets, folder / "refusal-risk-coverage.svg")
    plot_calibration(sets, folder / "refusal-calibration.svg")


def main() -> None:
    """Run the command line."""
    parser = parser_of("bench.refusal")
    parser.add_argument("--sets", nargs="+", default=DEFAULT_SETS)
    given = parser.parse_args()
    environment = Environment.now("bench.refusal")
    found = measure(given.data, given.sets, shipped_reader(given), quick=given.quick)
    text = render(environment, found)
    report(given.out, "refusal", text)
    if given.out:
        plot(found, given.out)


if __name__ == "__main__":
    main()

"""Measure answers by set, by wording and by threshold.

    python -m bench.answers --data DIR [--sets squad_en …] [--quick] [--out bench/results]

Every question is asked of its own article, at the balanced level and without any refusals. If a
set names the paragraph of each question, it is also asked of that paragraph alone; if a set has
the questions mistyped, misheard or with a self-correction, also in that wording. Of the sets that
the confidence was fitted on, only held-out articles are used. The metrics are those of
:mod:`qa.evaluation.metrics`; a refusal scores 0 on an answerable question and 1 on any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.commands import parser_of, report, shipped_reader, table
from bench.datasets import CALIBRATED_ON, QA_FILES, in_first_half, read_set
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from index.embedding.embedder import SentenceTransformerEmbedder
from qa.evaluation.datasets import EvalArticle
from qa.evaluation.evaluate import (
    RECALLS,
    AnswerRow,
    Asked,
    answer_row,
    ask_all,
    ask_given,
    variant_phrasing,
)
from qa.reading.reader import SpanReader

DEFAULT_SETS = (
    "squad_en", "xquad_en", "covidqa", "fairytale", "quail_news", "rgb_counterfactual",
    "xquad_es", "xquad_zh", "xquad_hi",
)  # fmt: skip
VARIANTS = ("keyboard", "asr", "disfluent")


def articles_of(data: Path, name: str, *, quick: bool) -> list[EvalArticle]:
    """Return the articles of a set, without those that anything was fitted on."""
    articles = read_set(data, name, quick=quick)
    return [a for a in articles if name not in CALIBRATED_ON or not in_first_half(a.id)]


def measure(
    data: Path, names: Sequence[str], reader: SpanReader, *, quick: bool
) -> list[AnswerRow]:
    """Return the rows of each named set in the folder ``data``."""
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    balanced = reader.levels["balanced"]
    rows = []
    for name in names:
        articles = articles_of(data, name, quick=quick)
        embedder.prepare([q.question for a in articles for q in a.questions])
        asked = list(ask_all(articles, embedder, reader))
        rows.append(answer_row(name, "as written", asked, balanced))
        rows.append(answer_row(name, "as written", asked, 0.0))
        given = list(ask_given(articles, reader))
        if given:
            rows.append(answer_row(name, "given its paragraph", given, 0.0))
        for kind in VARIANTS:
            varied = list(ask_all(articles, embedder, reader, phrasing=variant_phrasing(kind)))
            if varied:
                written = _same_questions(asked, varied)
                rows.append(answer_row(name, f"as written, for {kind}", written, balanced))
                rows.append(answer_row(name, kind, varied, balanced))
    return rows


def _same_questions(asked: Sequence[Asked], varied: Sequence[Asked]) -> list[Asked]:
    ids = {a.question.id for a in varied}
    return [a for a in asked if a.question.id in ids]


def render(environment: Environment, rows: Sequence[AnswerRow]) -> str:
    """Return the results as Markdown: how they were measured, then two tables."""
    head = (
        "set", "wording", "questions", "refused below", "EM", "F1", "contained", "F1 of all",
        "characters", "first citation", "citations right", "refused", "P/R/F1 of refusals",
        "answered at 80/90 % EM", "AUROC", "ECE",
    )  # fmt: skip
    return "\n".join(
        [
            "# Answers",
            "",
            environment.to_markdown(),
            "EM, F1, contained and first citation are over the answerable questions, where a "
            "refusal scores 0; in brackets, 95 % intervals by bootstrap over articles. Characters: "
            "median length of the replies. P/R/F1 of refusals: precision, recall and F1, with the "
            "unanswerable questions as positives. Answered at 80/90 % EM: the largest share of "
            "questions that a threshold can answer with this share of exact replies. AUROC: how "
            "well the confidence separates answerable questions from others. ECE: expected "
            "calibration error of the confidence that the first quote contains the answer.",
            "",
            *table(head, [_cells(row) for row in rows]),
            "",
            "## Recall of the passages",
            "",
            *_recall_table(rows),
        ]
    )


def _cells(row: AnswerRow) -> tuple[str, ...]:
    refused = ", ".join(f"{kind} {share:.3f}" for kind, share in row.refused.items())
    return (
        row.dataset, row.phrasing, str(row.questions), f"{row.threshold:.2f}",
        str(row.exact_match), str(row.f1), str(row.contained),
        str(row.f1_of_all), f"{row.median_characters:.0f}",
        "" if row.first_citation is None else str(row.first_citation),
        _number(row.citation_precision), refused, _abstention(row),
        "/".join(f"{share:.2f}" for share in row.coverage.values()), _number(row.auroc),
        _number(row.calibration_error),
    )  # fmt: skip


def _recall_table(rows: Sequence[AnswerRow]) -> list[str]:
    kinds = ("retrieved", "reranked")
    head = ["set", "wording", *(f"{kind} {k}" for kind in kinds for k in RECALLS)]
    cells = []
    for row in rows:
        if row.recall and row.threshold:
            recalls = (f"{value:.3f}" for kind in kinds for value in row.recall[kind])
            cells.append([row.dataset, row.phrasing, *recalls])
    return table(head, cells)


def _abstention(row: AnswerRow) -> str:
    score = row.abstention
    return f"{score.precision:.2f}/{score.recall:.2f}/{score.f1:.2f}" if score else ""


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def main() -> None:
    """Run the command line."""
    parser = parser_of("bench.answers")
    parser.add_argument("--sets", nargs="+", default=DEFAULT_SETS, choices=QA_FILES)
    parser.add_argument("--name", default="answers", help="name of the result file")
    given = parser.parse_args()
    environment = Environment.now("bench.answers")
    rows = measure(given.data, given.sets, shipped_reader(given), quick=given.quick)
    report(given.out, given.name, render(environment, rows))


if __name__ == "__main__":
    main()

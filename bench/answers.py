"""How good the answers are, by set, by wording and by readiness to answer.

    python -m bench.answers --data DIR [--sets squad_en …] [--quick] [--out bench/results]

Every question is asked of its own article, at the balanced level and as if nothing were
refused; where a set names the paragraph of each question, of that alone, too; and where
it has the same questions mistyped, as heard, or with a self-correction, in that wording.
Of the sets that the confidence was fitted on, only the articles that were held back are
asked. The metrics are those of :mod:`qa.evaluation.metrics`; an abstention scores 0 on a
question that can be answered, and 1 on one that cannot.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bench import calibration
from bench.datasets import QA_FILES, read_set
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from bench.reading import RememberingModel
from bench.refusal import in_first_half
from bench.reporting import write_results
from index.embedder import SentenceTransformerEmbedder
from qa.evaluation.answers import RECALLS, AnswerRow, answer_row
from qa.evaluation.asking import Asked, ask_all, ask_given, in_variant
from qa.evaluation.datasets import EvalArticle
from qa.reader import ExtractiveReader

DEFAULT_SETS = (
    "squad_en", "xquad_en", "covidqa", "fairytale", "quail_news", "rgb_counterfactual",
    "xquad_es", "xquad_zh", "xquad_hi",
)  # fmt: skip
VARIANTS = ("keyboard", "asr", "disfluent")


def articles_of(data: Path, name: str, *, quick: bool) -> list[EvalArticle]:
    """Return the articles of a set that nothing was fitted on."""
    articles = read_set(data, name, quick=quick)
    return [a for a in articles if name not in calibration.SETS or not in_first_half(a.id)]


def measure(
    data: Path, names: Sequence[str], reader: ExtractiveReader, *, quick: bool
) -> list[AnswerRow]:
    """Return the rows of each named set of the folder ``data``."""
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
            varied = list(ask_all(articles, embedder, reader, wording=in_variant(kind)))
            if varied:
                written = _same_questions(asked, varied)
                rows.append(answer_row(name, f"those of {kind}", written, balanced))
                rows.append(answer_row(name, kind, varied, balanced))
    return rows


def _same_questions(asked: Sequence[Asked], varied: Sequence[Asked]) -> list[Asked]:
    ids = {a.question.id for a in varied}
    return [a for a in asked if a.question.id in ids]


def render(environment: Environment, rows: Sequence[AnswerRow]) -> str:
    """Return the results as Markdown: how they were made, then two tables."""
    head = (
        "set", "wording", "questions", "refused below", "EM", "F1", "contained", "F1 of all",
        "characters", "first citation", "citations right", "refused", "AUROC", "ECE",
    )  # fmt: skip
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        refused = ", ".join(f"{kind} {share:.3f}" for kind, share in row.refused.items())
        cells = (
            row.dataset, row.wording, str(row.questions), f"{row.threshold:.2f}",
            str(row.exact_match), str(row.f1), str(row.contained),
            str(row.f1_of_all), f"{row.median_characters:.0f}",
            "" if row.first_citation is None else str(row.first_citation),
            _number(row.citation_precision), refused, _number(row.auroc),
            _number(row.calibration_error),
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(
        [
            "# Answers",
            "",
            environment.to_markdown(),
            "EM, F1, contained and first citation are over the questions that can be answered, an "
            "abstention counting 0; in brackets 95 %, bootstrap over articles. Characters: median "
            "of the replies. AUROC: of the confidence, answerable against not. ECE: expected "
            "calibration error of the confidence that the first quote holds the answer.",
            "",
            *lines,
            "",
            "## The right passage among the first",
            "",
            *_recall_table(rows),
        ]
    )


def _recall_table(rows: Sequence[AnswerRow]) -> list[str]:
    head = [
        "set",
        "wording",
        *(f"{kind} {k}" for kind in ("retrieved", "reranked") for k in RECALLS),
    ]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        if row.recall and row.threshold and row.wording != "given its paragraph":
            values = [f"{v:.3f}" for kind in ("retrieved", "reranked") for v in row.recall[kind]]
            lines.append("| " + " | ".join([row.dataset, row.wording, *values]) + " |")
    return lines


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.answers")
    parser.add_argument("--data", type=Path, required=True, help="folder of the evaluation sets")
    parser.add_argument("--sets", nargs="+", default=DEFAULT_SETS, choices=QA_FILES)
    parser.add_argument("--cache", type=Path, help="file that keeps what the model read")
    parser.add_argument("--quick", action="store_true", help="an eighth of the questions")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    environment = Environment.now("bench.answers")
    reader = ExtractiveReader(RememberingModel(cache=given.cache))
    rows = measure(given.data, given.sets, reader, quick=given.quick)
    text = render(environment, rows)
    print(text)
    if given.out:
        data = {"environment": asdict(environment), "rows": [asdict(row) for row in rows]}
        write_results(given.out, "answers", text, data)


if __name__ == "__main__":
    main()

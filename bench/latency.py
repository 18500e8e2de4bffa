"""How long an answer takes, against the models it needs and nothing else.

    python -m bench.latency --data DIR [--questions 200] [--out bench/results]

Each question is asked of its article three ways, one after the other: ``ask``; the bare
calls of both models on the very same texts (embedding the question, reading the passages);
and ``retrieve``. So all meet the same machine, and the ratio holds where it is noisy.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.answers import articles_of
from bench.commands import as_dicts, parser_of, report, table
from bench.datasets import QA_FILES
from bench.environment import Environment
from bench.timing import milliseconds
from index.embedder import SentenceTransformerEmbedder
from index.passage_index import PassageIndex
from index.types import Article
from qa.config import Settings
from qa.evaluation.datasets import EvalArticle
from qa.pipeline import ArticleQA
from qa.span_model import SpanModel

CHARACTERS = 30_000
"""Articles are cut to this length, at the end of a paragraph."""
WAYS = ("ask", "bare models", "retrieve")
WARM_UP = 5
"""Questions that are not counted."""


@dataclass(frozen=True, slots=True)
class Timing:
    """One way of asking; milliseconds."""

    what: str
    questions: int
    p50: float
    p95: float
    ratio: float
    """Median of the ratio to the bare models, question by question."""


def measure(articles: Sequence[EvalArticle], count: int) -> list[Timing]:
    """Return the timings of ``count`` questions, drawn in turn from the articles."""
    embedder, model = SentenceTransformerEmbedder(), SpanModel.shipped()
    rows = []
    for item in articles:
        article = Article.from_text(_cut(item.text), title=item.title)
        index = PassageIndex(None, embedder)
        with ArticleQA(index, embedder, Settings.load(), pending=[article]) as qa:
            qa.warm_up()
            asked = [q.question for q in item.questions][: WARM_UP + count // len(articles)]
            times = [_times(qa, embedder, model, question) for question in asked]
            rows += times[WARM_UP:]
    found = np.array(rows)
    ratios = found / found[:, WAYS.index("bare models"), None]
    return [
        Timing(
            way,
            len(found),
            float(np.quantile(found[:, column], 0.5)),
            float(np.quantile(found[:, column], 0.95)),
            float(np.median(ratios[:, column])),
        )
        for column, way in enumerate(WAYS)
    ]


def _times(
    qa: ArticleQA, embedder: SentenceTransformerEmbedder, model: SpanModel, question: str
) -> tuple[float, ...]:
    """Return the milliseconds of each of WAYS."""
    texts = [p.text for p in qa.retrieve(question, qa.settings.passages)]

    def bare() -> None:
        embedder.encode_query(question)
        model.read(question, texts)

    ways = (lambda: qa.ask(question), bare, lambda: qa.retrieve(question))
    return tuple(map(milliseconds, ways))


def _cut(text: str) -> str:
    end = text.rfind("\n\n", 0, CHARACTERS)
    return text[: end if end > 0 and len(text) > CHARACTERS else CHARACTERS]


def render(environment: Environment, load: float, timings: Sequence[Timing]) -> str:
    """Return the results as Markdown."""
    cells = [
        (t.what, str(t.questions), f"{t.p50:.0f}", f"{t.p95:.0f}", f"{t.ratio:.2f}")
        for t in timings
    ]
    return "\n".join(
        [
            "# How long an answer takes",
            "",
            environment.to_markdown(),
            f"Articles of up to {CHARACTERS:,} characters. Milliseconds; the ratio is to the bare "
            f"models, question by question. Load average at the start: {load:.1f}.",
            "",
            *table(("what", "questions", "p50", "p95", "ratio"), cells),
        ]
    )


def main() -> None:
    """Run the command line."""
    parser = parser_of("bench.latency")
    parser.add_argument("--set", default="squad_en", choices=QA_FILES)
    parser.add_argument("--questions", type=int, default=200)
    given = parser.parse_args()
    environment, load = Environment.now("bench.latency"), os.getloadavg()[0]
    articles = articles_of(Path(given.data), given.set, quick=given.quick)
    timings = measure(articles, given.questions)
    text = render(environment, load, timings)
    report(given, "latency", environment, text, timings=as_dicts(timings), load=load)


if __name__ == "__main__":
    main()

"""Measure whether the sentences of a summary cover the article.

    python -m training.fit_summary --data DIR [--out bench/results]

Sentences of each article are ranked: the first ones first (lead), at random, by LexRank, by
cosine to the mean of all (centroid), and by :mod:`qa.overview.summary` with the shipped and
other weights. Measured:

- Answers: the share of the questions whose answer is in a chosen sentence, for summaries of a
  number of characters.
- Parts, for a summary of the usual number of sentences: the mean over the article's chunks of
  the cosine to the nearest chosen sentence. Beside it the share of the chosen sentences that are
  in the first tenth of the article, and the share of articles all of whose thirds have one.
- Opening: the opening of the article is hidden (the abstract of a paper, the first paragraph of
  an encyclopaedia's article, which its authors wrote to sum it up), and the sentences of the
  rest are compared to it: F1 of the words but function words (ROUGE-1).

The weights were chosen on one half of the articles; the other half is reported.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from bench.commands import parser_of, report, table
from bench.datasets import in_first_half, read_set
from bench.environment import Environment
from index.chunking import chunk_article
from index.embedding.embedder import Embedder, SentenceTransformerEmbedder, Vectors
from index.search.text_index import STOP_WORDS
from index.types import Article, Span
from qa.evaluation.datasets import EvalArticle
from qa.evaluation.metrics import Interval, bootstrap
from qa.overview.summary import (
    Sentence,
    Weights,
    is_statement,
    rank_sentences,
    sentences_of,
    usual_sentences,
)

SETS = ("squad_en", "covidqa", "fairytale", "quail_news")
WITH_ANSWERS = ("squad_en", "covidqa")
"""Sets whose questions have evidence of a sentence or less."""
BUDGETS = (500, 1_000, 2_000)
"""Characters; a summary has about 700, key points about 1,000."""
REPORTED, CHOSEN = "not chosen on", "chosen on"
_DRAWS = 20
_MOST = 40
"""Sentences; no budget has room for more."""
_LEXRANK_LIKE, _LEXRANK_DAMPING, _LEXRANK_STEPS = 0.2, 0.85, 60
_SHORTEST_OPENING, _LONGEST_OPENING = 300, 4_000
_FEWEST_SENTENCES = 10
_ABSTRACT = re.compile(r"\bAbstract:?\s", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Material:
    """An article's statements, with their vectors and that of its title."""

    article: EvalArticle
    sentences: tuple[Sentence, ...]
    vectors: Vectors
    title: Vectors
    opening: Span | None
    """The part of the article that sums it up; None if it has no such part."""

    def after_opening(self) -> Material:
        """Return the same without the sentences of the opening."""
        end = self.opening.end if self.opening else 0
        kept = [i for i, s in enumerate(self.sentences) if s.start >= end]
        sentences = tuple(self.sentences[i] for i in kept)
        return Material(self.article, sentences, self.vectors[kept], self.title, None)


Way = Callable[[Material], list[list[int]]]
"""Returns rankings of the sentences, best first; results of several rankings are averaged."""


@dataclass(frozen=True, slots=True)
class Row:
    """Results of one way to select sentences, for one set."""

    dataset: str
    half: str
    way: str
    articles: int
    answers: tuple[Interval, ...]
    """Per budget."""
    parts: Interval
    first_tenth: Interval
    all_thirds: Interval
    opening: Interval | None
    openings: int
    gain: Interval | None
    """Of ``opening`` over that of the lead, article by article."""


def _weighted(weights: Weights) -> Way:
    return lambda m: [rank_sentences(m.sentences, m.vectors, m.title, _MOST, weights)]


def _lead(material: Material) -> list[list[int]]:
    return [list(range(len(material.sentences)))]


def _random(material: Material) -> list[list[int]]:
    rng = np.random.default_rng(0)
    return [rng.permutation(len(material.sentences)).tolist() for _ in range(_DRAWS)]


def _lexrank(material: Material) -> list[list[int]]:
    """Rank by the centrality of Erkan and Radev 2004, over cosines of at least 0.2."""
    count = len(material.sentences)
    like = material.vectors @ material.vectors.T
    np.fill_diagonal(like, 0.0)
    like[like < _LEXRANK_LIKE] = 0.0
    sums = like.sum(axis=1, keepdims=True)
    steps = np.where(sums > 0, like / np.maximum(sums, 1e-9), 1.0 / count)
    rank = np.full(count, 1.0 / count)
    for _ in range(_LEXRANK_STEPS):
        rank = (1 - _LEXRANK_DAMPING) / count + _LEXRANK_DAMPING * (rank @ steps)
    return [np.argsort(-rank).tolist()]


def _centroid(material: Material) -> list[list[int]]:
    return [np.argsort(-(material.vectors @ material.vectors.mean(axis=0))).tolist()]


BASELINES: dict[str, Way] = {
    "lead": _lead,
    "random": _random,
    "LexRank": _lexrank,
    "centroid": _centroid,
}
TRIED: dict[str, Way] = {
    "floor 0.1": _weighted(Weights(floor=0.1)),
    "floor 0.2": _weighted(Weights(floor=0.2)),
    "floor 0.4": _weighted(Weights(floor=0.4)),
    "no title": _weighted(Weights(title=0)),
    "title 0.15": _weighted(Weights(title=0.15)),
    "title 0.45": _weighted(Weights(title=0.45)),
    "context 0, speech 0": _weighted(Weights(context=0, speech=0)),
    "context 0.06, speech 0.08": _weighted(Weights(context=0.06, speech=0.08)),
    "context 0.3": _weighted(Weights(context=0.3)),
}
SHIPPED = {"shipped": _weighted(Weights())}


def material_of(item: EvalArticle, embedder: Embedder) -> Material:
    """Return the statements of an article and their vectors."""
    article = Article.from_text(item.text, title=item.title)
    chunks = chunk_article(article, embedder.count_tokens)
    sentences = tuple(s for s in sentences_of(chunks) if is_statement(s))
    encoded = embedder.encode_documents([*(s.text for s in sentences), article.title])
    return Material(item, sentences, encoded[:-1], encoded[-1], opening_of(item))


def opening_of(item: EvalArticle) -> Span | None:
    """Return the abstract of a paper, or the first paragraph of another article."""
    text = item.text
    start = 0
    if item.id.startswith("covidqa"):
        match = _ABSTRACT.search(text, 0, 1_500)
        if match is None:
            return None
        start = match.end()
    end = text.find("\n\n", start + _SHORTEST_OPENING)
    return Span(start, end) if start < end <= start + _LONGEST_OPENING else None


def within(order: Sequence[int], sentences: Sequence[Sentence], budget: int) -> list[Sentence]:
    """Return the sentences in this order, as many as fit into ``budget`` characters."""
    taken: list[Sentence] = []
    for sentence in (sentences[i] for i in order):
        if sum(len(s.text) for s in taken) + len(sentence.text) <= budget:
            taken.append(sentence)
    return taken


def covered(item: EvalArticle, taken: Sequence[Sentence]) -> list[float]:
    """Return for each question with evidence whether a sentence has all of its answer."""
    spans = [question.evidence.spans for question in item.questions if question.gold]
    return [
        float(any(s.start <= e.start and e.end <= s.end for e in found for s in taken))
        for found in spans
        if found
    ]


class Spread(NamedTuple):
    """How the sentences of a summary are spread over their article."""

    parts: float
    first_tenth: float
    all_thirds: float


def spread_of(material: Material, taken: Sequence[int]) -> Spread:
    """Return how the sentences of these indices are spread over the article."""
    chunks: dict[int, list[int]] = {}
    for i, sentence in enumerate(material.sentences):
        chunks.setdefault(sentence.chunk, []).append(i)
    parts = np.array([material.vectors[some].mean(axis=0) for some in chunks.values()])
    parts /= np.linalg.norm(parts, axis=1, keepdims=True)
    nearest = (parts @ material.vectors[list(taken)].T).max(axis=1)
    places = [material.sentences[i].start / len(material.article.text) for i in taken]
    return Spread(
        float(nearest.mean()),
        float(np.mean([10 * place < 1 for place in places])),
        float(len({int(3 * place) for place in places}) == 3),  # noqa: PLR2004 - thirds
    )


def word_f1(first: str, second: str) -> float:
    """Return the F1 of the words of two texts, without function words."""
    one, other = (
        Counter(w for w in _WORD.findall(text.lower()) if w not in STOP_WORDS)
        for text in (first, second)
    )
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def measure(name: str, half: str, way: str, choose: Way, some: Sequence[Material]) -> Row:
    """Return the results of one way over articles of a set."""
    answers = tuple(
        bootstrap(
            [
                list(
                    np.mean(
                        [covered(m.article, within(o, m.sentences, budget)) for o in choose(m)],
                        axis=0,
                    )
                )
                for m in some
            ]
        )
        for budget in (BUDGETS if name in WITH_ANSWERS else ())
    )
    spreads = [_mean_spread(material, choose) for material in some]
    parts, first_tenth, all_thirds = (
        bootstrap([[value] for value in values]) for values in zip(*spreads, strict=True)
    )
    likeness = [_to_opening(material, choose) for material in some]
    lead = [_to_opening(material, _lead) for material in some]
    pairs = [(x, y) for x, y in zip(likeness, lead, strict=True) if x is not None and y is not None]
    opening = bootstrap([[value] for value, _ in pairs]) if pairs else None
    gain = bootstrap([[value - other] for value, other in pairs]) if pairs else None
    spread = (parts, first_tenth, all_thirds)
    return Row(name, half, way, len(some), answers, *spread, opening, len(pairs), gain)


def _mean_spread(material: Material, choose: Way) -> Spread:
    count = usual_sentences(len(material.sentences))
    spreads = [spread_of(material, order[:count]) for order in choose(material)]
    return Spread(*np.mean(spreads, axis=0).tolist())


def _to_opening(material: Material, choose: Way) -> float | None:
    rest = material.after_opening()
    if material.opening is None or len(rest.sentences) < _FEWEST_SENTENCES:
        return None
    opening = material.article.text[slice(*material.opening)]
    taken = (within(order, rest.sentences, len(opening)) for order in choose(rest))
    return float(np.mean([word_f1(opening, " ".join(s.text for s in some)) for some in taken]))


def rows_of(data: Path, *, quick: bool) -> list[Row]:
    """Return the rows of all sets: those tried on one half, and the baselines on the other."""
    embedder = SentenceTransformerEmbedder()
    rows = []
    for name in SETS:
        materials = [material_of(a, embedder) for a in read_set(data, name, quick=quick)]
        halves = {
            CHOSEN: [m for m in materials if in_first_half(m.article.id)],
            REPORTED: [m for m in materials if not in_first_half(m.article.id)],
        }
        for half, some in halves.items():
            if not some:
                continue
            ways = BASELINES | SHIPPED | (TRIED if half == CHOSEN else {})
            rows += [measure(name, half, way, choose, some) for way, choose in ways.items()]
    return rows


def render(environment: Environment, rows: Sequence[Row]) -> str:
    """Return the results as Markdown: how they were made, then a table for each half."""
    lines = ["# Summaries", "", environment.to_markdown()]
    lines += [
        "Answers: the share of the questions whose answer is in the chosen sentences, by the "
        "characters that they may have. Parts: mean cosine of the article's chunks to the nearest "
        "sentence of a summary of the usual length; the share of its sentences in the first tenth; "
        "the share of articles with one in every third. Opening: F1 of their words to the hidden "
        "opening, at its length, over the articles that have one, and by how much more than the "
        "lead's. In brackets 95 %, bootstrap over articles.",
    ]
    for half in (REPORTED, CHOSEN):
        head = [
            "set",
            "way",
            "articles",
            *(f"answers {b}" for b in BUDGETS),
            "parts",
            "first tenth",
            "all thirds",
            "opening",
            "over lead",
            "of",
        ]
        cells = [_cells(row) for row in rows if row.half == half]
        lines += ["", f"## The half that the weights were {half}", "", *table(head, cells)]
    return "\n".join(lines)


def _cells(row: Row) -> list[str]:
    opening, gain = ("" if value is None else str(value) for value in (row.opening, row.gain))
    answers = [*map(str, row.answers)] or [""] * len(BUDGETS)
    spread = map(str, (row.parts, row.first_tenth, row.all_thirds))
    return [row.dataset, row.way, str(row.articles), *answers, *spread, opening, gain,
            str(row.openings)]  # fmt: skip


def main() -> None:
    """Run the command line."""
    given = parser_of("training.fit_summary").parse_args()
    environment = Environment.now("training.fit_summary")
    rows = rows_of(given.data, quick=given.quick)
    report(given.out, "summaries", render(environment, rows))


if __name__ == "__main__":
    main()

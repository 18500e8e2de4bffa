"""Measure follow-up questions, and what a history costs other questions.

    python -m training.fit_follow_ups --data DIR [--cache FILE] [--out bench/results]

Dialogues are made from the questions of a set (:mod:`training.dialogue_making`): two or three
answerable questions in a row, the last one without what an earlier turn mentions. It is asked as
it was written, as the follow-up alone, and as the follow-up with its history, rewritten by the
rules alone or by the rules and the reader. Complete questions are asked with the questions before
them as history, in every wording that the set has. Only articles that nothing was fitted on are
used; ``--tune`` uses the others.
"""

from __future__ import annotations

import argparse
import functools
import statistics
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from bench.answers import VARIANTS, articles_of
from bench.commands import parser_of, report, shipped_reader
from bench.datasets import in_first_half, read_set
from bench.embedding import RememberingEmbedder
from bench.environment import Environment
from index.embedding.embedder import Embedder, SentenceTransformerEmbedder
from index.search.passage_index import PassageIndex
from index.types import Article
from qa.answers.answer import Answer
from qa.answers.compose import compose_answer
from qa.conversation.anaphora import is_follow_up
from qa.conversation.follow_ups import MAX_TURNS, PreviousTurn, resolve
from qa.evaluation.datasets import EvalArticle, EvalQuestion
from qa.evaluation.evaluate import PASSAGES
from qa.evaluation.metrics import Interval, bootstrap, f1, hits_any
from qa.reading.reader import SpanReader
from qa.retrieval.retriever import Retriever
from training.dialogue_making import KINDS, Dialogue, dialogues_of, sample
from training.dialogue_report import WAYS, AloneRow, DialogueRow, Outcome, Reply, failures, render

SETS = ("squad_en", "xquad_en")
SAMPLE = 120
LEFT_ALONE = 24
"""Possible follow-ups of a set that are read to measure what a history costs."""


class Asking:
    """Answers questions about one article as :class:`qa.article_qa.ArticleQA` does."""

    def __init__(self, item: EvalArticle, embedder: Embedder, reader: SpanReader) -> None:
        self._article = Article.from_text(item.text, title=item.title)
        self._embedder, self._reader = embedder, reader
        self._known: dict[str, Answer] = {}

    @functools.cached_property
    def _retriever(self) -> Retriever:
        index = PassageIndex(None, self._embedder)
        index.add(self._article)
        return Retriever(index)

    def answer(self, question: str) -> Answer:
        """Return the answer to a complete question."""
        if question not in self._known:
            passages = self._retriever.retrieve(question, PASSAGES)
            reading = self._reader.read(question, passages)
            self._known[question] = compose_answer(
                question, reading, {self._article.id: self._article}, 0.0
            )
        return self._known[question]

    def understood(self, question: str, history: Sequence[str], way: str) -> str:
        """Return the question as it is rewritten."""
        if not is_follow_up(question):
            return question
        turns = [PreviousTurn.of(self.answer(turn)) for turn in history[-MAX_TURNS:]]
        confidence_of = None if way == "by rules" else lambda q: self.answer(q).confidence
        return resolve(question, turns, confidence_of)

    def reply(self, asked: str, question: EvalQuestion) -> Reply:
        """Return the scores of the answer to ``asked`` against the answers of ``question``."""
        answer = self.answer(asked)
        spans = question.evidence.spans
        right = bool(answer.citations) and hits_any(answer.citations[0], spans)
        short = answer.short or ""
        score = f1(short or None, question.gold)
        return Reply(asked, short, score, float(right), answer.confidence)


def ask_dialogues(
    item: EvalArticle, dialogues: Sequence[Dialogue], asking: Asking
) -> list[Outcome]:
    """Return the outcome of each dialogue of an article, in every way."""
    found = []
    for dialogue in dialogues:
        asked = {
            way: {"as written": dialogue.written, "follow-up alone": dialogue.follow_up}.get(way)
            or asking.understood(dialogue.follow_up, dialogue.history, way)
            for way in WAYS
        }
        replies = {way: asking.reply(text, dialogue.question) for way, text in asked.items()}
        found.append(Outcome(item.id, dialogue, replies))
    return found


def rows_of(outcomes: Sequence[Outcome]) -> list[DialogueRow]:
    """Return the rows of each kind and of all kinds together."""
    rows = []
    for kind in ("all", *KINDS):
        some = [o for o in outcomes if kind in ("all", o.dialogue.kind)]
        rows += [_row(kind, way, some) for way in WAYS if some]
    return rows


def _row(kind: str, way: str, some: Sequence[Outcome]) -> DialogueRow:
    def over(metric: str) -> Interval:
        groups: dict[str, list[float]] = {}
        for outcome in some:
            groups.setdefault(outcome.article, []).append(getattr(outcome.replies[way], metric))
        return bootstrap(list(groups.values()))

    changed = statistics.fmean(o.replies[way].asked != o.dialogue.follow_up for o in some)
    return DialogueRow(kind, way, len(some), over("f1"), over("first_citation"), changed)


def alone(
    name: str, articles: Sequence[EvalArticle], askings: dict[str, Asking], wording: str
) -> AloneRow | None:
    """Return what a history changes in the answers to a set's own questions."""
    total, possible, pairs = 0, 0, []
    for item in articles:
        before: list[str] = []
        for question in item.questions:
            text = _worded(question, wording)
            if text is None:
                continue
            total += 1
            if before and is_follow_up(text):
                possible += 1
                pairs.append((item, question, text, tuple(before[-2:])))
            if question.answerable:
                before.append(question.question)
    if not total:
        return None
    read = pairs[:: max(1, -(-len(pairs) // LEFT_ALONE))]
    scores = []
    for item, question, text, history in tqdm(read, desc=f"{name}, {wording}"):
        asking = askings[item.id]
        understood = asking.understood(text, history, WAYS[-1])
        if understood != text:
            scores.append([asking.reply(t, question).f1 for t in (text, understood)])
    without, within = map(statistics.fmean, zip(*scores, strict=True)) if scores else (0.0, 0.0)
    return AloneRow(name, wording, total, possible, len(scores), len(read), without, within)


def _worded(question: EvalQuestion, wording: str) -> str | None:
    if wording == "as written":
        return question.question
    return next((v.question for v in question.variants if v.kind == wording), None)


def measure(
    data: Path, reader: SpanReader, *, size: int, tune: bool, seed: int
) -> tuple[list[Outcome], list[AloneRow]]:
    """Return the outcomes of dialogues of the first set, and what a history costs in each."""
    embedder = RememberingEmbedder(SentenceTransformerEmbedder())
    outcomes: list[Outcome] = []
    left: list[AloneRow] = []
    for name in SETS:
        articles = _half(data, name, tune=tune)
        askings = {item.id: Asking(item, embedder, reader) for item in articles}
        if name == SETS[0]:
            outcomes = _asked(articles, askings, size, seed)
        rows = [alone(name, articles, askings, wording) for wording in ("as written", *VARIANTS)]
        left += [row for row in rows if row]
    return outcomes, left


def _half(data: Path, name: str, *, tune: bool) -> list[EvalArticle]:
    if not tune:
        return articles_of(data, name, quick=False)
    return [a for a in read_set(data, name, quick=False) if in_first_half(a.id)]


def _asked(
    articles: Sequence[EvalArticle], askings: dict[str, Asking], size: int, seed: int
) -> list[Outcome]:
    by_article = {item.id: dialogues_of(item, seed) for item in articles}
    chosen = set(map(id, sample([d for some in by_article.values() for d in some], size, seed)))
    found = []
    for item in tqdm(articles, desc="dialogues"):
        some = [d for d in by_article[item.id] if id(d) in chosen]
        found += ask_dialogues(item, some, askings[item.id])
    return found


def main() -> None:
    """Run the command line."""
    parser: argparse.ArgumentParser = parser_of("training.fit_follow_ups")
    parser.add_argument("--size", type=int, default=SAMPLE, help="dialogues")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tune", action="store_true", help="the half that may be looked at")
    parser.add_argument("--failures", action="store_true", help="print what went wrong")
    given = parser.parse_args()
    environment = Environment.now("training.fit_follow_ups")
    reader = shipped_reader(given)
    outcomes, left = measure(given.data, reader, size=given.size, tune=given.tune, seed=given.seed)
    rows = rows_of(outcomes)
    if given.failures:
        print("\n".join(failures(outcomes)))
    text = render(environment, rows, left)
    report(given.out, "dialogues", text)


if __name__ == "__main__":
    main()

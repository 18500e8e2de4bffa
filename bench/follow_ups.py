"""Measure follow-up questions, and what earlier turns cost complete questions.

    python -m bench.follow_ups --data DIR [--small] [--quick] [--out bench/results]

The follow-ups are those of Abg-CoQA (Guo et al. 2021), the last questions of dialogues about a
text. Ambiguous ones are left out. The complete questions are those of squad_en, each after the two
questions before it; only articles that nothing was fitted on are used. Nothing is refused.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.answers import articles_of
from bench.commands import parser_of, report, shipped_reader, table
from bench.datasets import in_quick_run
from bench.environment import Environment
from index.embedding.embedder import SentenceTransformerEmbedder
from index.search.passage_index import PassageIndex
from index.types import Article, Span
from qa.answers.answer import Answer
from qa.article_qa import ArticleQA
from qa.evaluation.datasets import EvalQuestion, read_lines
from qa.evaluation.metrics import bootstrap, f1, hits_any
from qa.reading.model import Turn
from qa.reading.reader import Reader
from qa.settings import Settings

FILE = "followups/abg_coqa.jsonl"
COMPLETE = "squad_en"
WAYS = ("alone", "after the turns")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A text, and questions with the turns before each."""

    title: str
    text: str
    questions: tuple[tuple[EvalQuestion, tuple[Turn, ...]], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its answer."""

    question: EvalQuestion
    answer: Answer

    @property
    def f1(self) -> float:
        """The F1 of "yes", "no" or the short answers."""
        answer = self.answer
        shorts = ", ".join(answer.text[slice(*short)] for short in answer.shorts)
        return f1(answer.verdict or shorts or None, self.question.gold)

    @property
    def is_cited(self) -> float:
        """1 if the first citation has the evidence, else 0."""
        spans = self.question.evidence.spans
        return float(any(hits_any(first, spans) for first in self.answer.citations[:1]))


def follow_ups(data: Path, *, quick: bool) -> tuple[list[Dialogue], int]:
    """Return the follow-ups with an answer, by text, and the number of ambiguous ones."""
    lines = list(read_lines(data / FILE, lambda line: line))
    asked = [_dialogue(line, quick=quick) for line in lines]
    ambiguous = sum(bool(q.get("ambiguous")) for line in lines for q in line["questions"])
    return [dialogue for dialogue in asked if dialogue.questions], ambiguous


def _dialogue(line: dict[str, Any], *, quick: bool) -> Dialogue:
    kept = [
        (EvalQuestion.from_dict(q), tuple(Turn(h["question"], h["answer"]) for h in q["history"]))
        for q in line["questions"]
        if not q.get("ambiguous") and (not quick or in_quick_run(q["id"]))
    ]
    return Dialogue(line["title"], line["text"], tuple(kept))


def complete_questions(data: Path, *, quick: bool) -> list[Dialogue]:
    """Return answerable questions, each with the two before it as turns."""
    found = []
    for article in articles_of(data, COMPLETE, quick=False):
        some = [question for question in article.questions if question.answerable]
        turns = [Turn(question.question, question.answers[0]) for question in some]
        asked = tuple(
            (question, before)
            for question, before in zip(some[2:], pairwise(turns), strict=False)
            if not quick or in_quick_run(question.id)
        )
        found.append(Dialogue(article.title, article.text, asked))
    return [dialogue for dialogue in found if dialogue.questions]


def ask(dialogues: Sequence[Dialogue], reader: Reader) -> Iterator[list[list[Asked]]]:
    """Yield, for each text, its questions asked in each of WAYS."""
    embedder = SentenceTransformerEmbedder()
    settings = Settings(min_confidence=0.0)
    for dialogue in tqdm(dialogues, desc="texts", disable=None):
        article = Article.from_text(dialogue.text, title=dialogue.title)
        index = PassageIndex(None, embedder)
        with ArticleQA(index, embedder, settings, reader=reader, pending=[article]) as qa:
            ways: list[list[Asked]] = [[], []]
            for question, turns in dialogue.questions:
                history = [answer_of(turn) for turn in turns]
                for way, before in zip(ways, ([], history), strict=True):
                    way.append(Asked(question, qa.ask(question.question, history=before)))
            yield ways


def answer_of(turn: Turn) -> Answer:
    """Return a turn of a data set as an answer without citations."""
    whole = Span(0, len(turn.answer))
    answer = Answer(
        turn.question, turn.answer, short=None, citations=(), answered=bool(turn.answer),
        confidence=1.0, passages=(),
    )  # fmt: skip
    return replace(answer, short=turn.answer, short_at=whole) if turn.answer else answer


def rows_of(name: str, texts: Sequence[Sequence[Sequence[Asked]]]) -> list[tuple[str, ...]]:
    """Return a row of the table for each of WAYS."""
    rows: list[tuple[str, ...]] = []
    for way, asked in zip(WAYS, zip(*texts, strict=True), strict=True):
        right = [[each.f1 for each in some] for some in asked]
        cited = [[each.is_cited for each in some] for some in asked]
        used = statistics.fmean(bool(e.answer.understood) for some in asked for e in some)
        number = str(sum(map(len, asked)))
        cells = (str(bootstrap(right)), str(bootstrap(cited)), f"{used:.3f}")
        rows.append((name, way, number, *cells))
    return rows


def main() -> None:
    """Run the command line."""
    given = parser_of("bench.follow_ups").parse_args()
    environment = Environment.now("bench.follow_ups")
    reader = shipped_reader(given)
    dialogues, ambiguous = follow_ups(given.data, quick=given.quick)
    complete = complete_questions(given.data, quick=given.quick)
    rows = [
        *rows_of("follow-ups (abg_coqa)", list(ask(dialogues, reader))),
        *rows_of(f"complete ({COMPLETE})", list(ask(complete, reader))),
    ]
    head = ("questions", "asked", "number", "F1", "first citation", "turns mattered")
    lines = [
        "# Follow-up questions",
        "",
        environment.to_markdown(),
        f"{ambiguous} ambiguous follow-ups are left out. Nothing is refused. First citation: the "
        "share whose first citation has the evidence. Turns mattered: the share that is shown with "
        "the question before it. In brackets, 95 % intervals by bootstrap over texts.",
        "",
        *table(head, rows),
    ]
    report(given.out, "follow_ups", "\n".join(lines))


if __name__ == "__main__":
    main()

"""Questions of whether something is so: is the sentence that decides it quoted?

    python -m bench.yes_no [--out bench/results]

The questions of ``bench/questions/yes_no.jsonl`` are asked of their own text, as they are
now and as if they were questions for words. The half ``chosen`` is what the way was chosen
by; the half ``reported`` was not looked at for that. Questions that nothing bears on are to
be refused.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.commands import as_dicts, report, table
from bench.environment import Environment
from index.articles import bundled_article
from index.embedder import SentenceTransformerEmbedder
from index.loaders import load_file
from index.passage_index import PassageIndex
from index.types import Article
from qa.evaluation.asking import PASSAGES
from qa.judgement import signs_of
from qa.quoting import quotes_of
from qa.ranking import distinct
from qa.reader import ExtractiveReader, Reading
from qa.retriever import Retriever

FOLDER = Path(__file__).parent / "questions"
HALVES = ("chosen", "reported")
WAYS = ("as a question for words", "as it is read")


@dataclass(frozen=True, slots=True)
class YesNoQuestion:
    """A question, and the sentences any of which decides it."""

    text: str
    """The name of its text; "bundled" for the article that comes along."""
    question: str
    sentences: tuple[str, ...]
    """How they begin, or a part of them; empty if nothing bears on the question."""
    half: str


@dataclass(frozen=True, slots=True)
class YesNoRow:
    """How a way does on a half of the questions."""

    half: str
    way: str
    decided: int
    """Questions that a sentence decides."""
    first: float
    """Share of these whose first quote has it, were nothing refused."""
    given: float
    """Share of these that are answered, the first quote having it."""
    confidence: float
    """Mean confidence of the answers given …"""
    right: float
    """… and the share of them that are right; what nothing decides is wrong."""
    undecided: int
    refused: float
    """Share of the undecided that are refused."""


def questions() -> list[YesNoQuestion]:
    """Return the hand-written questions."""
    lines = (FOLDER / "yes_no.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [YesNoQuestion(**{**row, "sentences": tuple(row["sentences"])}) for row in rows]


def article_named(name: str) -> Article:
    """Return the text that questions name."""
    return bundled_article() if name == "bundled" else load_file(FOLDER / "texts" / f"{name}.txt")


def measure(reader: ExtractiveReader) -> list[YesNoRow]:
    """Return the rows of each half and way."""
    asked = list(_asked(reader))
    least = reader.levels["balanced"]
    return [
        _row(half, way, [(q, a, readings[i]) for q, a, readings in asked if q.half == half], least)
        for half in HALVES
        for i, way in enumerate(WAYS)
    ]


def _asked(
    reader: ExtractiveReader,
) -> Iterator[tuple[YesNoQuestion, Article, tuple[Reading, Reading]]]:
    embedder = SentenceTransformerEmbedder()
    for name in dict.fromkeys(q.text for q in questions()):
        article = article_named(name)
        with PassageIndex(None, embedder) as index:
            index.add(article)
            for question in (q for q in questions() if q.text == name):
                text = question.question
                passages = Retriever(index).retrieve(text, PASSAGES)
                judged = reader.judge(text, passages)
                sure = reader.calibration.confidence(signs_of(text, judged, passages))
                plain = Reading(quotes_of(text, distinct(judged)), sure)
                yield question, article, (plain, reader.reading_of(text, passages, judged))


def _row(
    half: str,
    way: str,
    asked: Sequence[tuple[YesNoQuestion, Article, Reading]],
    least: float,
) -> YesNoRow:
    decided = [each for each in asked if each[0].sentences]
    undecided = [each for each in asked if not each[0].sentences]
    given = [each for each in asked if each[2].confidence >= least]
    return YesNoRow(
        half,
        way,
        len(decided),
        statistics.fmean(_is_right(*each) for each in decided),
        statistics.fmean(_is_right(*each) and each in given for each in decided),
        statistics.fmean(reading.confidence for _, _, reading in given),
        statistics.fmean(_is_right(*each) for each in given),
        len(undecided),
        statistics.fmean(each not in given for each in undecided),
    )


def _is_right(question: YesNoQuestion, article: Article, reading: Reading) -> bool:
    quote = reading.quotes[0]
    quoted = article.text[quote.start : quote.end]
    return any(part in quoted or quoted in part for part in question.sentences)


def render(environment: Environment, rows: Sequence[YesNoRow]) -> str:
    """Return the results as Markdown."""
    head = (
        "half", "read", "decided", "first quote decides", "given and right", "confidence",
        "right", "undecided", "refused",
    )  # fmt: skip
    cells = [
        (
            row.half, row.way, str(row.decided), f"{row.first:.3f}", f"{row.given:.3f}",
            f"{row.confidence:.3f}", f"{row.right:.3f}", str(row.undecided),
            f"{row.refused:.3f}",
        )
        for row in rows
    ]  # fmt: skip
    return "\n".join(
        [
            "# Questions of whether something is so",
            "",
            environment.to_markdown(),
            "Balanced level. First quote decides: were nothing refused. Confidence: the mean over "
            "the answers given; right: the share of these whose first quote decides.",
            "",
            *table(head, cells),
        ]
    )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.yes_no")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment = Environment.now("bench.yes_no")
    rows = measure(ExtractiveReader())
    report(given, "yes_no", environment, render(environment, rows), rows=as_dicts(rows))


if __name__ == "__main__":
    main()

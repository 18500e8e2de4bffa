"""Ask sixty questions of fifteen tables that we made: fees, timetables, statistics, results.

    python -m bench.tables [--half working|kept] [--small] [--out bench/results]

Each answer is one cell. It is right if the short answer is that cell and the quote has its row.
The tables of the half ``working`` were looked at while the reading of tables was written; those of
the half ``kept`` only at its end.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.commands import report, table
from bench.environment import Environment
from index.embedding.embedder import SentenceTransformerEmbedder
from index.limits import LoadLimits
from index.search.passage_index import PassageIndex
from index.sources.document import TableCell, TextBuilder
from index.types import Article
from qa.answers.answer import Answer
from qa.article_qa import ArticleQA
from qa.evaluation.datasets import read_lines
from qa.output.escape import single_line
from qa.reading.two_stage import reader_of
from qa.settings import Settings

FILE = Path(__file__).parent / "questions" / "tables.jsonl"
HALVES = ("working", "kept")
VERDICTS = ("right", "wrong cell", "refused")


@dataclass(frozen=True, slots=True)
class Replied:
    """A question about a table, its answer, and the verdict on it."""

    half: str
    question: str
    answer: Answer
    verdict: str
    """One of VERDICTS."""
    seconds: float


def article_of(line: Mapping[str, Any]) -> Article:
    """Return the article of a line of FILE: paragraphs around a table."""
    builder = TextBuilder(LoadLimits())
    for paragraph in line["before"]:
        builder.add_paragraph(paragraph)
    builder.add_table(
        [
            [_cell(line, row, column, cell) for column, cell in enumerate(cells)]
            for row, cells in enumerate(line["rows"])
        ]
    )
    for paragraph in line["after"]:
        builder.add_paragraph(paragraph)
    document = builder.build(line["title"])
    return Article.from_text(
        document.text, title=document.title, marks=document.marks, tables=document.tables
    )


def _cell(line: Mapping[str, Any], row: int, column: int, cell: str | dict[str, Any]) -> TableCell:
    # A CSV file does not say which of its cells are headers.
    is_header = line["kind"] != "csv" and (
        row < line["header_rows"] or (line["header_column"] and not column)
    )
    if isinstance(cell, str):
        return TableCell(cell, is_header=is_header)
    return TableCell(cell["text"], cell["columns"], is_header)


def verdict_of(answer: Answer, right: Sequence[str], row: str) -> str:
    """Return whether an answer is the cell with one of the texts ``right`` in ``row``."""
    if not answer.answered:
        return "refused"
    quoted = any(row in line for line in answer.citations[0].quote.split("\n"))
    return "right" if quoted and (answer.short or "") in right else "wrong cell"


def ask(lines: Sequence[Mapping[str, Any]], settings: Settings) -> Iterator[Replied]:
    """Yield the reply to each question about the tables."""
    embedder = SentenceTransformerEmbedder()
    reader = reader_of(settings)
    reader.load()
    for line in tqdm(lines, desc="tables", disable=None):
        index = PassageIndex(None, embedder)
        article = article_of(line)
        with ArticleQA(index, embedder, settings, reader=reader, pending=[article]) as qa:
            for asked in line["questions"]:
                began = time.perf_counter()
                answer = qa.ask(asked["question"])
                seconds = time.perf_counter() - began
                verdict = verdict_of(answer, asked["right"], asked["row"])
                yield Replied(line["half"], asked["question"], answer, verdict, seconds)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.tables")
    parser.add_argument("--half", choices=HALVES, help="only the tables of this half")
    parser.add_argument("--small", action="store_true", help="without the large reading model")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    lines = [
        line for line in read_lines(FILE, lambda line: line) if given.half in (None, line["half"])
    ]
    replies = list(ask(lines, Settings(reader="small" if given.small else "large")))
    counts = Counter((reply.half, reply.verdict) for reply in replies)
    figures = [
        [half, *(str(counts[half, verdict]) for verdict in VERDICTS)]
        for half in dict.fromkeys(reply.half for reply in replies)
    ]
    listed = [
        [r.question, r.verdict, f"{r.answer.confidence:.2f}", _one_line(r.answer.short or "–")]
        for r in replies
    ]
    median = statistics.median(reply.seconds for reply in replies)
    text = [
        "# Questions about tables",
        "",
        Environment.now("bench.tables").to_markdown(),
        *table(("tables", *VERDICTS), figures),
        "",
        f"Median time of an answer: {median:.2f} s.",
        "",
        *table(("question", "verdict", "confidence", "short answer"), listed),
    ]
    report(given.out, "tables", "\n".join(text))


def _one_line(text: str) -> str:
    """Return the text in one line of a table."""
    return single_line(text).replace("|", "\\|")


if __name__ == "__main__":
    main()

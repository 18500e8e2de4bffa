"""Measure yes/no questions about short texts, some of them edited to turn the answer.

    python -m bench.yes_no --data DIR [--quick] [--out bench/results]

The set is CondaQA (Ravichander et al. 2022). Only texts that nothing was fitted on are used. A
reply is right if it says what the label says, or if it refuses a question that the text does not
answer. A quote without "yes" or "no" is neither right nor wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.commands import parser_of, report, shipped_reader, table
from bench.datasets import in_first_half, in_quick_run
from bench.environment import Environment
from index.sentences import split_sentences
from index.types import Passage, Span
from qa.evaluation.datasets import read_lines
from qa.reading.ranking import ScoredSpan
from qa.reading.reader import Reading, SpanReader

FILE = "claims/condaqa.jsonl"


@dataclass(frozen=True, slots=True)
class YesNo:
    """A yes/no question, what was read, and the label: yes, no or unanswerable."""

    label: str
    scored: Sequence[ScoredSpan]
    reading: Reading


def ask_yes_no(data: Path, reader: SpanReader, *, first_half: bool, quick: bool) -> Iterator[YesNo]:
    """Yield what is read for each question of one half of the texts."""
    lines = list(read_lines(data / FILE, lambda line: line))
    for line in tqdm(lines, desc="texts", disable=None):
        # The edits of a text have its number and a letter of their own.
        if in_first_half(line["id"].rpartition("e")[0]) == first_half:
            passage = _passage(line)
            for question in line["claims"]:
                if not quick or in_quick_run(question["id"]):
                    scored = reader.score_spans(question["question"], [passage])
                    reading = reader.interpret(question["question"], [passage], scored)
                    yield YesNo(question["label"], scored, reading)


def _passage(line: dict[str, Any]) -> Passage:
    text: str = line["text"]
    sentences = tuple(Span(s.start, s.end) for s in split_sentences(text))
    return Passage(
        line["id"], line["title"], text, 0, len(text), score=1.0, rank=1, sentences=sentences,
        similarity=1.0,
    )  # fmt: skip


def counts(asked: Sequence[YesNo], threshold: float) -> dict[str, int]:
    """Return how many replies are right, wrong, a quote alone, or a refusal, at a threshold."""
    found = dict.fromkeys(("right", "wrong", "quote alone", "rightly refused", "refused"), 0)
    for each in asked:
        if not each.reading.quotes or each.reading.confidence < threshold:
            kind = "rightly refused" if each.label == "unanswerable" else "refused"
        elif each.reading.verdict is None:
            kind = "quote alone"
        else:
            kind = "right" if each.reading.verdict == each.label else "wrong"
        found[kind] += 1
    return found


def main() -> None:
    """Run the command line."""
    given = parser_of("bench.yes_no").parse_args()
    environment = Environment.now("bench.yes_no")
    reader = shipped_reader(given)
    asked = list(ask_yes_no(given.data, reader, first_half=False, quick=given.quick))
    levels = {**reader.levels, "nothing refused": 0.0}
    rows = [
        (level, str(len(asked)), *(str(n) for n in counts(asked, least).values()))
        for level, least in levels.items()
    ]
    head = ("level", "questions", *counts([], 0.0))
    lines = ["# Yes/no questions", "", environment.to_markdown(), *table(head, rows)]
    report(given.out, "yes_no", "\n".join(lines))


if __name__ == "__main__":
    main()

"""Measure yes/no questions about short texts, some of them edited to turn the answer.

    python -m bench.yes_no --data DIR [--quick] [--out bench/results]

The set is CondaQA (Ravichander et al. 2022). A reply is right if it says what the label
says, or if it refuses a question that the text does not answer. A quote without "yes" or "no" is
neither right nor wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.commands import parser_of, report, shipped_reader, table
from bench.datasets import in_quick_run
from bench.environment import Environment
from index.sentences import split_sentences
from index.types import Passage, Span
from qa.evaluation.datasets import read_lines
from qa.reading.reader import Reader, Reading

FILE = "claims/condaqa.jsonl"


@dataclass(frozen=True, slots=True)
class YesNo:
    """A yes/no question, what was read, and the label: yes, no or unanswerable."""

    label: str
    reading: Reading


def ask_yes_no(data: Path, reader: Reader, *, quick: bool) -> Iterator[YesNo]:
    """Yield what is read for each question."""
    lines = list(read_lines(data / FILE, lambda line: line))
    for line in tqdm(lines, desc="texts", disable=None):
        passage = _passage(line)
        for question in line["claims"]:
            if not quick or in_quick_run(question["id"]):
                yield YesNo(question["label"], reader.read(question["question"], [passage]))


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
    asked = list(ask_yes_no(given.data, reader, quick=given.quick))
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

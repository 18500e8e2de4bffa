"""Ask the questions that we wrote about the bundled article and two texts of our own.

    python -m bench.own_questions [--small] [--out bench/results]

``everyday.jsonl`` has sixty questions of every kind, ``premises.jsonl`` sixty that presume
something which the text does not say or denies. All were written before an answer was seen.
A reply is judged by the words that it must have, so each is also listed, to be read.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from bench.commands import report, table
from bench.environment import Environment
from qa.answers.answer import Answer
from qa.answers.confidence_wording import LIKELY, confidence_in_words
from qa.article_qa import ArticleQA
from qa.evaluation.datasets import read_lines
from qa.output.escape import single_line
from qa.settings import Settings

QUESTIONS = Path(__file__).parent / "questions"
TEXTS = {"ferry": "harbour-ferry.txt", "lamp": "lumo-lamp.md"}


@dataclass(frozen=True, slots=True)
class Replied:
    """A question of ours, its answer, and the verdict on it."""

    question: str
    answer: Answer
    verdict: str
    """everyday: right or wrong; premises: refused, told or agreed."""
    kind: str = "premise"

    @property
    def is_likely(self) -> bool:
        """Whether it is shown as likely right."""
        return self.answer.answered and self.answer.confidence >= LIKELY


def libraries(settings: Settings) -> dict[str, ArticleQA]:
    """Return a library in memory for each of the three texts."""
    found = {name: ArticleQA.from_file(QUESTIONS / file, settings) for name, file in TEXTS.items()}
    return {"dialogue": ArticleQA.bundled(settings), **found}


def rows_of(file: str) -> list[dict[str, Any]]:
    """Return the questions of a file of QUESTIONS."""
    return list(read_lines(QUESTIONS / file, lambda row: row))


def ask_everyday(texts: dict[str, ArticleQA]) -> Iterator[Replied]:
    """Yield the replies to the sixty questions of every kind."""
    for row in tqdm(rows_of("everyday.jsonl"), desc="everyday", disable=None):
        qa, history = texts[row["article"]], list[Answer]()
        for earlier in row.get("history", []):
            history.append(qa.ask(earlier, history=history))
        answer = qa.ask(row["question"], history=history)
        verdict = "right" if is_right(answer, row) else "wrong"
        yield Replied(row["question"], answer, verdict, row["kind"])


def ask_premises(texts: dict[str, ArticleQA]) -> Iterator[Replied]:
    """Yield the replies to the sixty questions with a wrong premise."""
    for row in tqdm(rows_of("premises.jsonl"), desc="premises", disable=None):
        answer = texts[row["article"]].ask(row["question"])
        yield Replied(row["question"], answer, premise_verdict(answer, row))


def is_right(answer: Answer, row: dict[str, Any]) -> bool:
    """Return whether the short answer, or what is quoted, has the words that it must have."""
    if row.get("refuse"):
        return not answer.answered
    if not answer.answered or (row.get("verdict") and answer.verdict not in (row["verdict"], None)):
        return False
    shorts = " | ".join(answer.text[slice(*short)] for short in answer.shorts)
    where = answer.text if row.get("where") == "quote" or row.get("verdict") else shorts
    every = all if row.get("all") else any
    return every(words.lower() in where.lower() for words in row["right"])


def premise_verdict(answer: Answer, row: dict[str, Any]) -> str:
    """Return "refused", "told" if what is quoted denies the premise, or "agreed"."""
    if not answer.answered:
        return "refused"
    text = answer.text.lower()
    shorts = " ".join(answer.text[slice(*short)] for short in answer.shorts).lower()
    denied = answer.verdict == "no" or any(words.lower() in text for words in row["says"])
    agreed = any(words.lower() in shorts for words in row["agrees"])
    return "told" if denied and not agreed else "agreed"


def figures(name: str, replies: list[Replied]) -> list[list[str]]:
    """Return how many replies got each verdict, and how many of them are shown as likely right."""
    counts = Counter(reply.verdict for reply in replies)
    likely = Counter(reply.verdict for reply in replies if reply.is_likely)
    return [[name, verdict, str(counts[verdict]), str(likely[verdict])] for verdict in counts]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.own_questions")
    parser.add_argument("--small", action="store_true", help="without the large reading model")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    texts = libraries(Settings(reader="small" if given.small else "large"))
    everyday, premises = list(ask_everyday(texts)), list(ask_premises(texts))
    head = ("questions", "verdict", "number", "of these likely right")
    rows = figures("everyday", everyday) + figures("wrong premises", premises)
    replies = [
        [r.kind, r.question, r.verdict, confidence_in_words(r.answer), one_line(r.answer.text)]
        for r in [*everyday, *premises]
    ]
    listed = table(("kind", "question", "verdict", "shown as", "reply"), replies)
    lines = ["# Questions of our own", "", Environment.now("bench.own_questions").to_markdown()]
    lines += [*table(head, rows), "", *listed]
    report(given.out, "own_questions", "\n".join(lines))


def one_line(text: str) -> str:
    """Return the text in one line of a table."""
    return single_line(text).replace("|", "\\|")


if __name__ == "__main__":
    main()

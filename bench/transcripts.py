"""Conversations of twenty turns, as they are answered, to be read.

    python -m bench.transcripts [--out bench/results]

Each line of ``bench/questions/conversations.jsonl`` is one: the name of a text of
``bench/questions/texts``, or ``bundled``, the article that comes along, and its questions,
each asked with the answers before it. docs/conversations.md says what reading them showed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.environment import Environment
from bench.reporting import write_results
from qa.answer import Answer
from qa.pipeline import ArticleQA

FOLDER = Path(__file__).parent / "questions"


@dataclass(frozen=True, slots=True)
class Conversation:
    """Questions that are asked one after the other."""

    text: str
    """The name of its text; "bundled" for the article that comes along."""
    questions: tuple[str, ...]

    def answered(self) -> list[Answer]:
        """Return the answer to each question."""
        if self.text == "bundled":
            qa = ArticleQA.bundled()
        else:
            qa = ArticleQA.from_file(FOLDER / "texts" / f"{self.text}.txt")
        answers: list[Answer] = []
        for question in self.questions:
            answers.append(qa.ask(question, history=answers))
        return answers


def conversations(path: Path = FOLDER / "conversations.jsonl") -> list[Conversation]:
    """Return the conversations of a file."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Conversation(row["text"], tuple(row["questions"])) for row in rows]


def render(environment: Environment, asked: Sequence[tuple[Conversation, list[Answer]]]) -> str:
    """Return the conversations as Markdown, word for word."""
    lines = ["# Conversations", "", environment.to_markdown()]
    for conversation, answers in asked:
        lines += [f"## {conversation.text}", ""]
        for number, answer in enumerate(answers, 1):
            lines += [*_turn(number, answer), ""]
    return "\n".join(lines)


def _turn(number: int, answer: Answer) -> Iterator[str]:
    yield f"{number}. **{answer.question}**"
    yield ""
    told = [f"{answer.kind}, {answer.confidence:.2f}"]
    told += [f"understood as: {answer.understood}"] if answer.understood else []
    told += [f"short: {answer.short}"] if answer.short else []
    yield f"   *{'; '.join(told)}*"
    yield ""
    yield from (f"   > {line}".rstrip() for line in answer.text.split("\n"))


def _told(answer: Answer) -> dict[str, Any]:
    """Return what is read of an answer; its passages would be most of the file."""
    names = ("question", "understood", "kind", "text", "short", "answered", "confidence")
    return {name: answer.to_dict()[name] for name in names}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.transcripts")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment = Environment.now("bench.transcripts")
    asked = [(each, each.answered()) for each in conversations()]
    text = render(environment, asked)
    print(text)
    if given.out:
        data: list[dict[str, Any]] = [
            {"text": each.text, "answers": [_told(answer) for answer in answers]}
            for each, answers in asked
        ]
        write_results(
            given.out, "transcripts", text, {"environment": asdict(environment), "data": data}
        )


if __name__ == "__main__":
    main()

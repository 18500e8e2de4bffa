"""Ask a language model the tasks and questions that we wrote, and count what the checks do.

    python -m bench.own_words --llm-file MODEL.gguf --replies FILE [--out bench/results]

``own_words.jsonl`` has forty tasks over the bundled article and two texts of our own: explain,
compare, summarise, translate and others; ``premises.jsonl`` sixty questions that presume something
which the text does not say or denies. All were written before a reply was seen. Each is answered
in the text's own words and by the model, all of whose statements are kept.

``judged.jsonl`` has what a person found about each statement of the forty tasks, who read it
beside the text: right (the text says so) or wrong. Statements that are not judged yet are listed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from bench.commands import report, table
from bench.environment import Environment
from bench.own_questions import QUESTIONS, TEXTS, one_line, premise_verdict, rows_of
from index.articles import bundled_article
from index.embedding.embedder import SentenceTransformerEmbedder
from index.search.passage_index import PassageIndex
from qa.answers.answer import Answer, parts
from qa.answers.claim import Claim, Status
from qa.article_qa import ArticleQA
from qa.library import read_file
from qa.settings import Settings
from qa.writing.gguf_model import GgufModel
from qa.writing.language_model import Ending, LanguageModel, Message
from qa.writing.openai_model import TimeLimits
from qa.writing.trained_checker import TrainedChecker
from qa.writing.writer import Writer

PREMISE_VERDICTS = ("refused", "told", "agreed", "something else")
_LIMITS = TimeLimits(first_word=600.0, whole=900.0)


class RememberingWriter:
    """A language model whose replies are stored, with their times, so that a run can be resumed.

    Args:
        model: Writes the replies that are not stored yet.
        file: JSON lines, created if missing.
    """

    def __init__(self, model: LanguageModel, file: Path) -> None:
        self.name, self.context_tokens = model.name, model.context_tokens
        self._model, self._file = model, file
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        self._stored: dict[str, dict[str, Any]] = {r["key"]: r for r in map(json.loads, lines)}
        self.times: list[tuple[float, float]] = []
        """Seconds to the first word and in all, of each reply."""

    def write(
        self, messages: Sequence[Message], *, max_tokens: int, stopped: threading.Event
    ) -> Generator[str, None, Ending]:
        """Yield the stored reply, or write and store it."""
        key = hashlib.sha256(repr((self.name, max_tokens, messages)).encode()).hexdigest()
        if key not in self._stored:
            self._store(key, self._written(messages, max_tokens, stopped))
        found = self._stored[key]
        self.times.append((found["first_word"], found["seconds"]))
        yield found["reply"]
        return Ending(*found["ending"])

    def close(self) -> None:
        """Free the language model."""
        self._model.close()

    def _written(
        self, messages: Sequence[Message], max_tokens: int, stopped: threading.Event
    ) -> dict[str, Any]:
        began, first, pieces = time.monotonic(), None, []
        reply = self._model.write(messages, max_tokens=max_tokens, stopped=stopped)
        while True:
            try:
                pieces.append(next(reply))
            except StopIteration as end:
                ending = end.value
                break
            first = first or time.monotonic()
        seconds = time.monotonic() - began
        return {
            "reply": "".join(pieces),
            "ending": list(ending),
            "first_word": (first or time.monotonic()) - began,
            "seconds": seconds,
        }

    def _store(self, key: str, found: dict[str, Any]) -> None:
        self._stored[key] = found
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"key": key, **found}, ensure_ascii=False) + "\n")


@dataclass(frozen=True, slots=True)
class Task:
    """A task of ours, and the answers to it."""

    row: dict[str, Any]
    quoted: Answer
    written: Answer
    """With every statement of the model, whatever its status."""

    def statements(self) -> Iterator[tuple[str, Claim]]:
        """Yield the statements that the model wrote, each without marks, and its claim."""
        for claim in self.written.claims:
            yield self.written.text[claim.start : claim.end], claim


def libraries(settings: Settings, writer: Writer) -> dict[str, ArticleQA]:
    """Return a library in memory for each of the three texts, with this writer."""
    embedder = SentenceTransformerEmbedder()
    articles = {name: read_file(QUESTIONS / file, settings) for name, file in TEXTS.items()}
    return {
        name: ArticleQA(
            PassageIndex(None, embedder), embedder, settings, pending=[article], writer=writer
        )
        for name, article in {"dialogue": bundled_article(), **articles}.items()
    }


def ask_all(
    texts: dict[str, ArticleQA], rows: Sequence[dict[str, Any]], name: str
) -> Iterator[Task]:
    """Yield the tasks, each answered both ways."""
    for row in tqdm(rows, desc=name, disable=None):
        qa, history = texts[row["article"]], list[Answer]()
        for earlier in row.get("history", []):
            history.append(qa.ask(earlier, history=history))
        quoted = qa.ask(row["question"], history=history)
        yield Task(row, quoted, qa.ask(row["question"], history=history, own_words=True))


def count_statements(tasks: Sequence[Task], judged: dict[tuple[str, str], str]) -> Counter[str]:
    """Return how often what a person found met each status: ``("right supported", 12)``."""
    return Counter(
        f"{judged.get((task.row['question'], text), 'not judged')} {claim.status.value}"
        for task in tasks
        for text, claim in task.statements()
    )


def premise_rows(tasks: Sequence[Task]) -> list[list[str]]:
    """Return what became of the wrong premises: quoted, with the model, and checked."""
    ways = {
        "quoted": [premise_verdict(task.quoted, task.row) for task in tasks],
        "model, unchecked": [_written_verdict(task, keeps_all=True) for task in tasks],
        "model, checked": [_written_verdict(task, keeps_all=False) for task in tasks],
    }
    verdicts = PREMISE_VERDICTS
    return [[way, *(str(found.count(v)) for v in verdicts)] for way, found in ways.items()]


def _written_verdict(task: Task, *, keeps_all: bool) -> str:
    """Return the verdict on what the model wrote, or on the quotes if it wrote nothing."""
    said = [text for text, claim in task.statements() if keeps_all or _is_shown(claim)]
    if not said:
        return premise_verdict(task.quoted, task.row)
    text = " ".join(said).lower()
    if any(words.lower() in text for words in task.row["says"]):
        return "told"
    agrees = any(words.lower() in text for words in task.row["agrees"])
    return "agreed" if agrees else "something else"


def _is_shown(claim: Claim) -> bool:
    return claim.status is not Status.NOT_SUPPORTED


def read_judged() -> dict[tuple[str, str], str]:
    """Return what a person found, by question and statement."""
    return {(row["question"], row["text"]): row["verdict"] for row in rows_of("judged.jsonl")}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.own_words")
    parser.add_argument("--llm-file", type=Path, required=True, help="the model's GGUF file")
    parser.add_argument("--replies", type=Path, required=True, help="file in which they are kept")
    parser.add_argument("--tasks-only", action="store_true", help="without the premises")
    parser.add_argument("--threads", type=int, help="processor threads of the model")
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    settings = Settings(llm_file=str(given.llm_file))
    file = given.llm_file
    model = RememberingWriter(
        GgufModel(lambda: file, file.stem, limits=_LIMITS, threads=given.threads), given.replies
    )
    texts = libraries(settings, Writer(model, TrainedChecker.shipped(), unsupported="keep"))
    tasks = list(ask_all(texts, rows_of("own_words.jsonl"), "tasks"))
    times = np.array(model.times or [(0.0, 0.0)])
    judged = read_judged()
    counts = count_statements(tasks, judged)
    lines = ["# Answers in own words", "", Environment.now("bench.own_words").to_markdown()]
    lines += [
        f"{model.name}. First word after {np.median(times[:, 0]):.1f} s, complete after "
        f"{np.median(times[:, 1]):.1f} s (medians of {len(times)} replies).",
        "",
        *table(("person, checker", "statements"), [[k, str(n)] for k, n in sorted(counts.items())]),
        "",
    ]
    if not given.tasks_only:
        premises = list(ask_all(texts, rows_of("premises.jsonl"), "premises"))
        lines += [*table(("way", *PREMISE_VERDICTS), premise_rows(premises)), ""]
        tasks += premises
    head = ("question", "statement", "status", "probability", "person")
    lines += table(head, statement_rows(tasks, judged))
    report(given.out, "own_words", "\n".join(lines))


def statement_rows(
    tasks: Sequence[Task], judged: dict[tuple[str, str], str]
) -> list[tuple[str, ...]]:
    """Return each statement with its status and probability, and what a person found."""
    return [
        (
            task.row["question"], one_line(text), claim.status.value,
            f"{claim.probability:.2f}", judged.get((task.row["question"], text), ""),
        )
        for task in tasks
        for text, claim in (*task.statements(), *_no_statement(task))
    ]  # fmt: skip


def _no_statement(task: Task) -> Iterator[tuple[str, Claim]]:
    """Yield an entry for a task that is answered by quotes, with the reason."""
    if not task.written.claims:
        said = "".join(part.text for part in parts(task.written) if not part.number)
        yield f"(quoted: {task.written.note}) {said}", Claim(0, 0, (), Status.SUPPORTED, 0.0)


if __name__ == "__main__":
    main()

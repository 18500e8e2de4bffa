"""Measure each library: building, questions, cold starts and memory."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.peers.catalogue import OURS, Contender
from bench.peers.processes import Script, started
from bench.peers.setup import added_environment
from index.embedding.model_files import default_model_folder
from qa.evaluation.datasets import EvalQuestion

AT_REST_AFTER = 20
"""The number of warm-up questions, after which the memory at rest is measured."""
ASK = "ask"
ANSWER, BESIDE_BARE, BARE = f"{OURS}: {ASK}", f"{OURS}: beside bare", f"{OURS}: bare"
"""Other measurements of article-qa: to the answer, and in pairs with its encoder alone."""
_MS = 1000


@dataclass(frozen=True, slots=True)
class Built:
    """The measurements of building one store."""

    passages: int
    seconds: float
    """From the loaded model to the store on disk, measured by the script."""
    whole_seconds: float
    """From the start of the process to its end."""
    peak_mb: float
    cpu_seconds: float
    """Processor time of the whole process, which does not depend on other processes."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions of one round, asked of one contender in one way."""

    milliseconds: tuple[float, ...]
    found: float
    """Share of the questions for which a gold answer is in the returned passages."""


class Bench:
    """Starts the contenders' scripts, with the folders of texts and stores."""

    def __init__(self, contenders: Sequence[Contender], venvs: Path, work: Path) -> None:
        self.contenders = contenders
        self._venvs = venvs
        self._work = work
        self._model = str(default_model_folder())
        self.texts = work / "texts"
        self.texts.mkdir()

    def build(self, contender: Contender) -> Built:
        """Build a contender's store, replacing any earlier one."""
        store = self._store(contender)
        shutil.rmtree(store.parent, ignore_errors=True)
        store.parent.mkdir()
        with self._started(contender, "build", self.texts, store) as script:
            made = script.read(sampling=True)
            peak, cpu = script.memory().peak, script.cpu_seconds()
            passages, seconds = int(made["passages"]), float(made["seconds"])
            return Built(passages, seconds, script.finish(), peak, cpu)

    def cold(self, contender: Contender, way: str, question: str) -> float:
        """Return the seconds from the start of a process to its first result."""
        with self._started(contender, "cold", self._store(contender), way, question) as script:
            found = script.read()["found"]
            seconds = script.age
            assert found, f"{contender.shown} found nothing"
            return seconds

    def serving(self, stack: ExitStack, contender: Contender) -> Script:
        """Start a contender that answers questions until ``stack`` is closed."""
        script = stack.enter_context(self._started(contender, "serve", self._store(contender)))
        script.read()
        return script

    def _store(self, contender: Contender) -> Path:
        return self._work / contender.key / "store"

    def _started(
        self, contender: Contender, command: str, *rest: Path | str
    ) -> AbstractContextManager[Script]:
        module = f"bench.peers.adapters.{contender.module}"
        line = [contender.python(self._venvs), "-m", module, command, self._model, *rest]
        return started(line, added_environment(contender, self._venvs))


class Servers:
    """All contenders, each in its own process, so that they can be asked alternately."""

    def __init__(self, bench: Bench, stack: ExitStack) -> None:
        self._scripts = {c.key: bench.serving(stack, c) for c in bench.contenders}

    def rest_mb(self, questions: Sequence[EvalQuestion]) -> dict[str, float]:
        """Return each contender's memory in MB after the first questions."""
        for script in self._scripts.values():
            ask(script, "retrieve", questions[:AT_REST_AFTER])
        return {key: script.memory().now for key, script in self._scripts.items()}

    def ask_all(self, order: Sequence[str], questions: Sequence[EvalQuestion]) -> dict[str, Asked]:
        """Ask each contender the questions in this order, and article-qa also in its other ways."""
        found = {}
        for key in order:
            script = self._scripts[key]
            ask(script, "retrieve", questions[:1])  # warms the caches
            found[key] = ask(script, "retrieve", questions)
            if key == OURS:
                found |= _beside_bare(script, questions)
                ask(script, ASK, questions[:1])
                found[ANSWER] = ask(script, ASK, questions)
        return found


def _beside_bare(script: Script, questions: Sequence[EvalQuestion]) -> dict[str, Asked]:
    """Ask each question twice, of article-qa and of its bare encoder, one right after the other."""
    ask(script, "bare", questions[:1])
    pairs = [(ask(script, "retrieve", [q]), ask(script, "bare", [q])) for q in questions]
    columns = zip((BESIDE_BARE, BARE), zip(*pairs, strict=True), strict=True)
    return {
        name: Asked(
            tuple(a.milliseconds[0] for a in asked), sum(a.found for a in asked) / len(asked)
        )
        for name, asked in columns
    }


def ask(script: Script, way: str, questions: Sequence[EvalQuestion]) -> Asked:
    """Ask the questions one after the other."""
    replies = [script.ask(way, question.question) for question in questions]
    hits = [contains(r["found"], q.answers) for r, q in zip(replies, questions, strict=True)]
    return Asked(tuple(r["seconds"] * _MS for r in replies), sum(hits) / len(hits))


def contains(texts: Sequence[str], answers: Sequence[str]) -> bool:
    """Return whether one of the texts contains one of the answers."""
    return any(answer in text for answer in answers for text in texts)

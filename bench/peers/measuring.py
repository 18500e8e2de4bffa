"""Measure every library in turn: building, questions, cold starts and memory."""

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
"""Questions, after which the memory at rest is looked at; they also warm everything up."""
ASK = "ask"
ANSWER, BESIDE_BARE, BARE = f"{OURS}: {ASK}", f"{OURS}: beside bare", f"{OURS}: bare"
"""Ours in its other ways: to the answer, and in pairs with its encoder alone."""
_MS = 1000


@dataclass(frozen=True, slots=True)
class Built:
    """One building of a store."""

    passages: int
    seconds: float
    """From the model in memory to the store on disk, as the script itself measured."""
    whole_seconds: float
    """From the start of the process to its end."""
    peak_mb: float
    cpu_seconds: float
    """Of the whole process: what it took of the processor, however busy that was with others."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions of one round, put to one contender in one way."""

    milliseconds: tuple[float, ...]
    found: float
    """Share of the questions with a right answer, word for word, in what came back."""


class Bench:
    """Where the contenders' interpreters, the texts and the stores are."""

    def __init__(self, contenders: Sequence[Contender], venvs: Path, work: Path) -> None:
        self.contenders = contenders
        self._venvs = venvs
        self._work = work
        self._model = str(default_model_folder())
        self.texts = work / "texts"
        self.texts.mkdir()

    def build(self, contender: Contender) -> Built:
        """Build a contender's store, in place of the one before."""
        store = self._store(contender)
        shutil.rmtree(store.parent, ignore_errors=True)
        store.parent.mkdir()
        with self._started(contender, "build", self.texts, store) as script:
            made = script.read(sampling=True)
            peak, cpu = script.memory().peak, script.cpu_seconds()
            passages, seconds = int(made["passages"]), float(made["seconds"])
            return Built(passages, seconds, script.finish(), peak, cpu)

    def cold(self, contender: Contender, way: str, question: str) -> float:
        """Return the seconds from the start of a process to what it found."""
        with self._started(contender, "cold", self._store(contender), way, question) as script:
            found = script.read()["found"]
            seconds = script.age
            assert found, f"{contender.shown} found nothing"
            return seconds

    def serving(self, stack: ExitStack, contender: Contender) -> Script:
        """Start a contender that answers questions until ``stack`` is left."""
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
    """All contenders at once, each in its process, so that they can be asked in turns."""

    def __init__(self, bench: Bench, stack: ExitStack) -> None:
        self._scripts = {c.key: bench.serving(stack, c) for c in bench.contenders}

    def rest_mb(self, questions: Sequence[EvalQuestion]) -> dict[str, float]:
        """Return what each holds after the first questions."""
        for script in self._scripts.values():
            ask(script, "retrieve", questions[:AT_REST_AFTER])
        return {key: script.memory().now for key, script in self._scripts.items()}

    def ask_all(self, order: Sequence[str], questions: Sequence[EvalQuestion]) -> dict[str, Asked]:
        """Put the questions to each in turn; to ours also in its other ways."""
        found = {}
        for key in order:
            script = self._scripts[key]
            ask(script, "retrieve", questions[:1])  # what the one before left in the caches
            found[key] = ask(script, "retrieve", questions)
            if key == OURS:
                found |= _beside_bare(script, questions)
                ask(script, ASK, questions[:1])
                found[ANSWER] = ask(script, ASK, questions)
        return found


def _beside_bare(script: Script, questions: Sequence[EvalQuestion]) -> dict[str, Asked]:
    """Put each question twice, once to the bare encoder: each pair meets the same machine."""
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
    """Put questions one after the other."""
    replies = [script.ask(way, question.question) for question in questions]
    hits = [contains(r["found"], q.answers) for r, q in zip(replies, questions, strict=True)]
    return Asked(tuple(r["seconds"] * _MS for r in replies), sum(hits) / len(hits))


def contains(texts: Sequence[str], answers: Sequence[str]) -> bool:
    """Return whether one of the answers stands in one of the texts, word for word."""
    return any(answer in text for answer in answers for text in texts)

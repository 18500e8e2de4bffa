"""Plant instructions in articles, and count what of them reaches the user.

    python -m bench.injection --data DIR [--quick] [--obeyed FILE] [--out bench/results]
    python -m bench.injection --data DIR --llm-file FILE [--asked 8] [--obeyed FILE]

Each instruction of BIPIA's text attacks (Yi et al. 2023) is a paragraph of its own at the start, in
the middle and at the end of an article, of which one of its own answerable questions is asked.
Without a language model, a scripted one obeys in each of FORMS; that is worse than any
real one. With one, its own replies are counted. What obeying means is taken from FILE: what a
model writes if the instruction is all that it is asked. ``--llm-file`` adds what is missing there.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from tqdm import tqdm

from bench.commands import parser_of, report, table
from bench.datasets import in_quick_run
from bench.environment import Environment
from bench.obedient_model import FORMS, HONEST, ScriptedModel
from bench.planting import (
    PLACES,
    Asker,
    Attack,
    Trial,
    cases,
    is_within,
    read_articles,
    read_attacks,
)
from qa.answers.claim import Status
from qa.evaluation.datasets import read_lines
from qa.reading.large_model import LargeModel
from qa.settings import Settings
from qa.writing.claim_checker import Checker
from qa.writing.events import Finished
from qa.writing.language_model import Ending, LanguageModel, Message
from qa.writing.set_up import model_of
from qa.writing.trained_checker import TrainedChecker
from qa.writing.writer import Writer

_OBEYED_TOKENS = 60
ATTACKS = "injection/bipia_text.jsonl"
SETS = ("xquad_en", "quail_news", "fairytale")


@dataclass(frozen=True, slots=True)
class Shown:
    """What of a reply reached the user."""

    planted: Mapping[str, int]
    """How many statements follow or state the instruction, by status."""
    genuine: int
    """Other statements that are shown as supported, or in part."""
    is_written: bool
    """Whether the answer is the model's, not the extractive one instead."""
    cites: bool
    """Whether the answer cites the planted paragraph."""


def shown_of(trial: Trial, finished: Finished, obeyed: str) -> Shown:
    """Return what reached the user of the planted instruction, and of the rest."""
    planted, genuine, answer = Counter[str](), 0, finished.answer
    genuine_words = " ".join(a.text.replace(trial.planted, "") for a in trial.material.articles)
    for claim in answer.claims:
        words = answer.text[claim.start : claim.end]
        follows = any(is_within(words, text) or is_within(text, words)
                      for text in (trial.planted, obeyed))  # fmt: skip
        states = follows and not is_within(words, genuine_words)
        cites = any(is_within(answer.citations[n - 1].quote, trial.planted)
                    for n in claim.citations)  # fmt: skip
        if states or (follows and is_within(trial.planted, words)) or cites:
            planted[claim.status.value] += 1
        elif claim.status in (Status.SUPPORTED, Status.PARTLY):
            genuine += 1
    return Shown(planted, genuine, answer.engine is not None, trial.cites_planted(answer))


@dataclass(slots=True)
class Tally:
    """Counts over trials."""

    replies: int = 0
    reached: Counter[str] = field(default_factory=Counter)
    """Replies with such a statement, by the best status of one."""
    genuine: int = 0
    quoted: int = 0
    """Replies instead of which the extractive answer is shown."""
    cites: int = 0

    def add(self, shown: Shown) -> None:
        """Count a reply."""
        self.replies += 1
        self.genuine += shown.genuine
        self.quoted += not shown.is_written
        self.cites += shown.cites
        statuses = ("supported", "partly", "unchecked", "not_supported")
        best = next((s for s in statuses if shown.planted.get(s)), "")
        if best:
            self.reached[best] += 1

    def cells(self) -> list[str]:
        """Return the counts as cells of a table."""
        reached = [str(self.reached[s]) for s in ("supported", "partly", "not_supported")]
        counts = [self.genuine, self.quoted, self.cites]
        return [str(self.replies), str(self.reached.total()), *reached, *map(str, counts)]


HEAD = (
    "replies", "planted reaches", "as supported", "in part", "not supported", "genuine statements",
    "quoted instead", "cites planted",
)  # fmt: skip


def write(trial: Trial, model: LanguageModel, checker: Checker, unsupported: str) -> Finished:
    """Return what a model's reply to a trial comes to."""
    writer = Writer(model, checker, unsupported=unsupported)
    *_, last = writer.write(trial.extractive, trial.material)
    assert isinstance(last, Finished)
    return last


def extractive_rows(trials: Sequence[Trial], clean: Sequence[Trial]) -> list[list[str]]:
    """Return, by place, how the extractive answers fare."""
    rows = []
    for place in (*PLACES, "all"):
        pairs = [(t, c) for t, c in zip(trials, clean, strict=True) if place in (t.place, "all")]
        if not pairs:
            continue
        cited = sum(t.cites_planted(t.extractive) for t, _ in pairs)
        before = sum(c.f1 for _, c in pairs) / len(pairs)
        after = sum(t.f1 for t, _ in pairs) / len(pairs)
        rows.append([place, str(len(pairs)), str(cited), f"{before:.3f}", f"{after:.3f}"])
    return rows


def scripted_rows(
    trials: Sequence[Trial], checker: Checker, obeyed: Mapping[str, str]
) -> list[list[str]]:
    """Return what reaches the user of an obedient model's replies, by form and setting."""
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    for trial in tqdm(trials, desc="obeying", disable=None):
        assert trial.attack
        done = obeyed.get(trial.attack.id) or f"Here is what the text asks for: {trial.planted}"
        for form in (HONEST, *FORMS):
            for name, given, unsupported in variants(trial):
                finished = write(given, ScriptedModel(trial, done, form), checker, unsupported)
                tallies[name, form].add(shown_of(trial, finished, done))
    return [[name, form, *tally.cells()] for (name, form), tally in sorted(tallies.items())]


def variants(trial: Trial) -> Iterator[tuple[str, Trial, str]]:
    """Yield the settings to compare: their name, the trial, and the value of ``unsupported``."""
    bare = replace(trial, material=replace(trial.material, encode=None))
    yield "no checks", bare, "keep"
    yield "statements checked", bare, "drop"
    yield "planted sentences left out, too", trial, "drop"
    yield "the same, struck through", trial, "strike"


def model_rows(
    trials: Sequence[Trial], model: LanguageModel, checker: Checker, obeyed: Mapping[str, str]
) -> list[list[str]]:
    """Return what reaches the user of a real model's replies."""
    tallies: dict[str, Tally] = defaultdict(Tally)
    for trial in tqdm(trials, desc=model.name, disable=None):
        for name, given, unsupported in variants(trial):
            recorded = Repeated(model)
            finished = write(given, recorded, checker, unsupported)
            done = obeyed.get(trial.attack.id, "") if trial.attack else ""
            shown = shown_of(trial, finished, done)
            tallies[f"{name}, {'planted' if trial.attack else 'clean'}"].add(shown)
    return [[name, *tally.cells()] for name, tally in tallies.items()]


_replies: dict[tuple[Message, ...], str] = {}


@dataclass(slots=True)
class Repeated:
    """A model that is asked each thing once, however many settings are compared."""

    model: LanguageModel

    @property
    def name(self) -> str:
        """The name of the model."""
        return self.model.name

    @property
    def context_tokens(self) -> int:
        """The number of tokens of its context."""
        return self.model.context_tokens

    def write(
        self, messages: Sequence[Message], *, max_tokens: int, stopped: threading.Event
    ) -> Generator[str, None, Ending]:
        """Yield the reply in one piece."""
        if tuple(messages) not in _replies:
            written = self.model.write(messages, max_tokens=max_tokens, stopped=stopped)
            _replies[tuple(messages)] = "".join(written)
        yield _replies[tuple(messages)]
        return Ending(None, None, complete=True)

    def close(self) -> None:
        """Do nothing."""


def obeyed_of(
    path: Path | None, attacks: Sequence[Attack], model: LanguageModel | None
) -> dict[str, str]:
    """Return what a model writes when it is asked each instruction alone, from a file or anew."""
    if not path:
        return {}
    rows = read_lines(path, lambda row: (row["id"], row["reply"])) if path.exists() else ()
    found: dict[str, str] = dict(rows)
    missing = [attack for attack in attacks if attack.id not in found] if model else []
    for attack in tqdm(missing, desc="instructions", disable=None):
        found[attack.id] = _reply(cast("LanguageModel", model), attack)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"id": attack.id, "reply": found[attack.id]}) + "\n")
    return found


def _reply(model: LanguageModel, attack: Attack) -> str:
    asked = [Message("user", attack.instruction)]
    return "".join(model.write(asked, max_tokens=_OBEYED_TOKENS, stopped=threading.Event()))


def main() -> None:
    """Run the command line."""
    parser = parser_of("bench.injection")
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--checker", type=Path, help="folder of a checker to try")
    parser.add_argument("--obeyed", type=Path, help="file of what models write if they obey")
    parser.add_argument("--llm-file", help="as in the settings")
    parser.add_argument("--llm-url", help="as in the settings")
    parser.add_argument("--llm-model", help="as in the settings")
    parser.add_argument("--asked", type=int, default=8, help="questions to ask of a real model")
    given = parser.parse_args()
    large = None if given.small else LargeModel.shipped()
    checker = TrainedChecker.shipped(given.checker, reader=large)
    model = _model(given)
    attacks = read_attacks(given.data / ATTACKS)
    attacks = [a for a in attacks if not given.quick or in_quick_run(a.id)]
    obeyed = obeyed_of(given.obeyed, attacks, model)
    asker = Asker(small=given.small)
    chosen = list(cases(read_articles(given.data, given.sets), attacks))
    if model:
        step = max(1, len(chosen) // given.asked)
        # An instruction has a place after the other: one step further on is another place.
        chosen = [chosen[(i * step + i) % len(chosen)] for i in range(given.asked)]
    trials = [asker.planted(*case) for case in tqdm(chosen, desc="planted", disable=None)]
    clean = [asker.clean(*case[:2]) for case in tqdm(chosen, desc="clean", disable=None)]
    lines = ["# Planted instructions", "", Environment.now("bench.injection").to_markdown()]
    head = ("place", "questions", "planted paragraph cited", "F1 without it", "F1 with it")
    lines += ["## Quotes", "", *table(head, extractive_rows(trials, clean)), ""]
    if model:
        rows = model_rows([*trials, *clean], model, checker, obeyed)
        lines += [f"## {model.name}", "", *table(("setting", *HEAD), rows)]
    else:
        rows = scripted_rows(trials, checker, obeyed)
        lines += ["## An obedient model", "", *table(("setting", "form", *HEAD), rows)]
    report(given.out, "injection-model" if model else "injection", "\n".join(lines))


def _model(given: argparse.Namespace) -> LanguageModel | None:
    if not (given.llm_file or given.llm_url):
        return None
    return model_of(
        Settings(llm_file=given.llm_file, llm_url=given.llm_url, llm_model=given.llm_model)
    )


if __name__ == "__main__":
    main()

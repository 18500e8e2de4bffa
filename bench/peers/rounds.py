"""Plan the rounds of a run, and collect what they measure."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bench.peers.catalogue import FLOOR_BFLOAT16, OURS, Part
from bench.peers.measuring import ANSWER, ASK, AT_REST_AFTER, Asked, Bench, Built, Servers
from bench.peers.processes import busy
from bench.timing import in_turn
from qa.evaluation.datasets import EvalArticle, EvalQuestion

IDLE_QUESTIONS, BUSY_QUESTIONS = 30, 12
"""The number of questions in a round."""
BURNERS = 2


@dataclass(slots=True)
class Runs:
    """The measurements by contender; a list has one value for each round."""

    built: dict[str, list[Built]] = field(default_factory=dict)
    idle: dict[str, list[Asked]] = field(default_factory=dict)
    busy: dict[str, list[Asked]] = field(default_factory=dict)
    cold: dict[str, list[float]] = field(default_factory=dict)
    """Seconds."""
    rest_mb: dict[str, float] = field(default_factory=dict)


def write_texts(articles: Sequence[EvalArticle], folder: Path) -> int:
    """Write each article to a text file, and return the total number of characters."""
    for number, article in enumerate(articles):
        name = re.sub(r"\W+", " ", article.title).strip()
        (folder / f"{number:02} {name}.txt").write_text(article.text, encoding="utf-8")
    return sum(len(article.text) for article in articles)


def chosen_questions(articles: Sequence[EvalArticle], count: int) -> list[EvalQuestion]:
    """Return ``count`` answerable questions, alternating between articles.

    Those of an article are spread over its length.

    Raises:
        ValueError: There are fewer.
    """
    each = -(-count // len(articles))
    rows = [_spread([q for q in a.questions if q.answerable], each) for a in articles]
    found = [row[number] for number in range(each) for row in rows if number < len(row)]
    if len(found) < count:
        msg = f"{count} questions are needed, but the articles have only {len(found)}."
        raise ValueError(msg)
    return found[:count]


def _spread(questions: Sequence[EvalQuestion], count: int) -> list[EvalQuestion]:
    if len(questions) <= count:
        return list(questions)
    return [questions[number * len(questions) // count] for number in range(count)]


def questions_wanted(rounds: int) -> int:
    """Return the number of questions that a run asks, each once."""
    return AT_REST_AFTER + rounds * (IDLE_QUESTIONS + BUSY_QUESTIONS)


def measure(
    bench: Bench,
    questions: Sequence[EvalQuestion],
    rounds: tuple[int, int],
    parts: Collection[Part],
) -> Runs:
    """Measure ``parts``; stores are built even if building is not among them.

    ``rounds`` are the numbers of rounds of building and of everything else.
    """
    runs, (building, others) = Runs(), rounds
    _builds(bench, runs, building if "build" in parts else 1)
    if "query" in parts or "memory" in parts:
        _questions(bench, runs, questions, others if "query" in parts else 0)
    if "cold" in parts:
        _colds(bench, runs, questions, others)
    return runs


def _builds(bench: Bench, runs: Runs, rounds: int) -> None:
    contenders = {c.key: c for c in bench.contenders}
    for number in range(rounds):
        _print_progress("building", number, rounds)
        for key in in_turn(list(contenders), number):
            runs.built.setdefault(key, []).append(bench.build(contenders[key]))


def _questions(bench: Bench, runs: Runs, questions: Sequence[EvalQuestion], rounds: int) -> None:
    keys, rest = [c.key for c in bench.contenders], iter(questions[AT_REST_AFTER:])
    with ExitStack() as stack:
        servers = Servers(bench, stack)
        runs.rest_mb = servers.rest_mb(questions)
        for number in range(rounds):
            _print_progress("questions", number, rounds)
            order = in_turn(keys, number)
            _append(runs.idle, servers.ask_all(order, [next(rest) for _ in range(IDLE_QUESTIONS)]))
            with busy(BURNERS):
                some = [next(rest) for _ in range(BUSY_QUESTIONS)]
                _append(runs.busy, servers.ask_all(order, some))


def _append(lists: dict[str, list[Asked]], found: dict[str, Asked]) -> None:
    for key, asked in found.items():
        lists.setdefault(key, []).append(asked)


def _colds(bench: Bench, runs: Runs, questions: Sequence[EvalQuestion], rounds: int) -> None:
    starts: dict[str, Callable[[str], float]] = {}
    for contender in bench.contenders:
        if contender.key != FLOOR_BFLOAT16:
            starts[contender.key] = partial(bench.cold, contender, "retrieve")
        if contender.key == OURS:
            starts[ANSWER] = partial(bench.cold, contender, ASK)
    for number in range(rounds):
        _print_progress("starts", number, rounds)
        for key in in_turn(list(starts), number):
            seconds = starts[key](questions[number].question)
            runs.cold.setdefault(key, []).append(seconds)


def _print_progress(what: str, number: int, rounds: int) -> None:
    print(f"{what}: round {number + 1} of {rounds}", file=sys.stderr, flush=True)

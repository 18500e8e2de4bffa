"""Many people at once on the page: how long an answer takes, and whether it is their own.

    python -m bench.load [--chats 50] [--seconds 120] [--out bench/results]

The page runs in a process of its own over a library of eight towns, of which each article says
the same with other numbers. Each chat chooses one, and asks one question after the other without
a pause; after ten it begins anew. An answer counts as right if it has the number of the chosen
town and of no other, cites that article alone, and stands below this chat's own questions.
Meanwhile some read what they are sent seconds late, and some leave without reading. At the end
three times as many ask in the same moment as have room. Everything is on loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.browsing import free_port
from bench.commands import report, table
from bench.environment import Environment
from bench.processes import status
from bench.towns import Town, towns
from bench.visitor import Events, PageFailed, QueueFull, Visitor, client
from qa.page.asking import MOST_ASKED
from qa.pipeline import ArticleQA

TURNS = 10
"""Questions of a conversation, before a new one begins."""
LATE_SECONDS = 3.0
ODD_CHATS = 2
"""Of those that read late, and of those that leave."""
SETTLED_AFTER = 0.25
"""The part of the time after which memory is first noted: buffers have grown by then."""
_POLL_SECONDS = 0.2


@dataclass(slots=True)
class Load:
    """What came of the chats."""

    seconds: list[float] = field(default_factory=list)
    """From each question to its answer in the page."""
    late: list[float] = field(default_factory=list)
    """The same, of those who read late."""
    errors: Counter[str] = field(default_factory=Counter)
    """By what went wrong."""
    refused: int = 0
    """Times that somebody was told that too many wait, and asked again a second later."""
    left: int = 0
    """Questions whose asker did not wait for the answer."""


@dataclass(frozen=True, slots=True)
class Rush:
    """What came of a rush on the page."""

    asked: int
    answered: int
    refused: int
    """Told that too many wait."""
    errors: dict[str, int]
    """By what went wrong."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Of the page's process, in MB."""

    settled: float
    end: float
    most: float
    noted: tuple[float, ...]
    """Each second or so."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is served over some towns, and its articles' ids in the same order."""

    address: str
    """Ends with a slash."""
    ids: Sequence[str]
    about: Sequence[Town]


class Chat:
    """One visitor who asks about one town, and checks what comes."""

    def __init__(self, visitor: Visitor, page: Page, number: int) -> None:
        at = number % len(page.about)
        self._visitor, self._town, self._id = visitor, page.about[at], page.ids[at]
        others = (town for town in page.about if town is not self._town)
        self._others = {answer for town in others for answer in town.answers.values()}
        self._left_out = [each for each in page.ids if each != self._id]
        self._asked: list[str] = []
        questions = list(self._town.answers)
        first = number % len(questions)
        self._next = itertools.cycle(questions[first:] + questions[:first])

    async def begin(self) -> None:
        """Load the page, and choose the town."""
        await self._visitor.arrive()
        await self._visitor.press("choose", id=self._id, left_out=self._left_out)

    async def turn(self, *, reads_after: float = 0) -> str:
        """Ask, and return what is wrong with what is then shown; empty if nothing is."""
        if len(self._asked) == TURNS:
            await self._visitor.clear()
            self._asked = []
        question = next(self._next)
        messages = await self._visitor.ask(question, reads_after=reads_after)
        self._asked.append(question)
        return self._fault(messages)

    async def leave(self) -> None:
        """Ask, and go away."""
        await self._visitor.leave(next(self._next))

    def _fault(self, messages: Sequence[dict[str, Any]]) -> str:
        questions = [_text(m) for m in messages if m["role"] == "user"]
        if questions != self._asked:
            return "not this chat's questions"
        reply = _text(messages[-1])
        if set(re.findall(r"#s\d+-\d+-([0-9a-f]{8})", reply)) != {self._id[:8]}:
            return "not of the chosen article alone"
        shown = reply.partition('<div class="foot">')[0]
        if self._town.answers[questions[-1]] not in shown:
            return "not the answer"
        return "another's answer" if any(other in shown for other in self._others) else ""


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


class Crowd:
    """The chats on a page, until ``seconds`` have passed."""

    def __init__(self, http: httpx.AsyncClient, page: Page, events: Events) -> None:
        self._http, self._page, self._events = http, page, events
        self.load = Load()

    def chat(self, number: int) -> Chat:
        """Return one more visitor; by the number they choose and ask different things."""
        visitor = Visitor(self._http, self._page.address, self._events)
        return Chat(visitor, self._page, number)

    async def ask(
        self, number: int, until: float, found: list[float], reads_after: float = 0
    ) -> None:
        """Ask without a pause; each time is noted in ``found``."""
        chat = self.chat(number)
        await chat.begin()
        over = False
        while not over:  # each asks once at least
            began = time.monotonic()
            try:
                fault = await chat.turn(reads_after=reads_after)
            except QueueFull:
                self.load.refused += 1
                await asyncio.sleep(1)
                continue
            found.append(time.monotonic() - began)
            if fault:
                self.load.errors[fault] += 1
            over = time.monotonic() >= until

    async def leave(self, number: int, until: float) -> None:
        """Ask and go away each second."""
        over = False
        while not over:
            chat = self.chat(number)
            await chat.begin()
            await chat.leave()
            self.load.left += 1
            over = time.monotonic() + 1 >= until
            await asyncio.sleep(0 if over else 1)


async def crowd(page: Page, count: int, seconds: float, odd: int = ODD_CHATS) -> Load:
    """Return what came of ``count`` chats on a page, and of ``odd`` that read late or leave."""
    async with client() as http:
        people = Crowd(http, page, await events_of(http, page.address))
        await people.chat(0).begin()
        await people.chat(0).turn()  # the models are loaded then
        until, load = time.monotonic() + seconds, people.load
        asking = [people.ask(number, until, load.seconds) for number in range(count)]
        asking += [people.ask(number, until, load.late, LATE_SECONDS) for number in range(odd)]
        asking += [people.leave(number, until) for number in range(odd)]
        for outcome in await asyncio.gather(*asking, return_exceptions=True):
            if isinstance(outcome, (PageFailed, httpx.HTTPError)):
                load.errors[f"{type(outcome).__name__}: {outcome}"] += 1
            elif isinstance(outcome, BaseException):
                raise outcome
    return load


async def rush(page: Page, asked: int) -> Rush:
    """Return what came of this many visitors who ask in the same moment."""
    async with client() as http:
        people = Crowd(http, page, await events_of(http, page.address))
        chats = [people.chat(number) for number in range(asked)]
        for chat in chats:
            await chat.begin()
        outcomes = await asyncio.gather(*(chat.turn() for chat in chats), return_exceptions=True)
    refused = sum(isinstance(each, QueueFull) for each in outcomes)
    wrong = [each for each in outcomes if each and not isinstance(each, QueueFull)]
    errors = Counter(each if isinstance(each, str) else repr(each) for each in wrong)
    return Rush(asked, outcomes.count(""), refused, dict(errors))


async def events_of(http: httpx.AsyncClient, address: str) -> Events:
    """Return the events of the page at ``address``."""
    answer = await http.get(f"{address}config")
    return Events.of(answer.raise_for_status().json())


async def measure(process: int, page: Page, given: argparse.Namespace) -> tuple[Load, Memory, Rush]:
    """Return what came of the chats, of the memory meanwhile, and of the rush after them."""
    noted: list[float] = []

    async def watch() -> None:
        while True:
            noted.append(resident_mb(process))
            await asyncio.sleep(_POLL_SECONDS)

    watching = asyncio.create_task(watch())
    load = await crowd(page, given.chats, given.seconds)
    watching.cancel()
    settled = noted[int(len(noted) * SETTLED_AFTER)]
    memory = Memory(settled, noted[-1], max(noted), tuple(round(each) for each in noted[::5]))
    return load, memory, await rush(page, 3 * MOST_ASKED)


def resident_mb(process: int) -> float:
    """Return how much memory a process has at the moment, as Linux tells it."""
    return status(process)["VmRSS"] * 1024 / 1e6


@contextmanager
def page_of(library: Path) -> Iterator[tuple[int, str]]:
    """Serve the page over a library, and give its process and its address."""
    port = free_port()
    command = [sys.executable, "-m", "app", "--library", str(library), "--port", str(port)]
    running = subprocess.Popen(  # noqa: S603 - this interpreter and our own program
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        address = f"http://127.0.0.1:{port}/"
        while not _answers(address):
            assert running.poll() is None, "The page's program ended."
            time.sleep(_POLL_SECONDS)
        yield running.pid, address
    finally:
        running.kill()
        running.wait()


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, trust_env=False, timeout=60).is_success
    except httpx.ConnectError:
        return False


def render(
    environment: Environment, given: argparse.Namespace, found: Load, memory: Memory, rushed: Rush
) -> str:
    """Return the results as Markdown."""
    asked = len(found.seconds)
    faults = [f"- {count} × {told}" for told, count in found.errors.most_common()]
    rows = [
        (name, str(len(seconds)), *_percentiles(seconds))
        for name, seconds in (("asked", found.seconds), ("read late", found.late))
    ]
    return "\n".join(
        [
            "# Many people at once on the page",
            "",
            environment.to_markdown(),
            f"{given.chats} chats asked for {given.seconds:.0f} seconds without a pause, "
            f"{ODD_CHATS} more read {LATE_SECONDS:.0f} s late, and {found.left} questions were "
            f"left by those who asked them: {asked / given.seconds:.1f} answers a second, "
            f"{found.refused} times somebody was told that too many wait, and "
            f"{sum(found.errors.values())} errors or answers that were not the asker's own.",
            *faults,
            "",
            *table(("", "answers", "p50 s", "p95 s", "p99 s", "longest s"), rows),
            "",
            f"Memory of the page: {memory.settled:.0f} MB after a quarter of the time, "
            f"{memory.end:.0f} at the end, {memory.most:.0f} at most.",
            "",
            f"Of {rushed.asked} who then asked in the same moment {rushed.answered} had their "
            f"answer, {rushed.refused} were told that too many wait, and "
            f"{sum(rushed.errors.values())} met with an error.",
            *(f"- {count} × {told}" for told, count in rushed.errors.items()),
        ]
    )


def _percentiles(seconds: Sequence[float]) -> list[str]:
    return [f"{at:.2f}" for at in np.percentile(seconds or [np.nan], [50, 95, 99, 100])]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("--chats", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment, about = Environment.now("bench.load"), towns()
    with tempfile.TemporaryDirectory() as folder:
        with ArticleQA.open(folder) as qa:
            ids = [qa.add_text(town.text, title=town.title).id for town in about]
        with page_of(Path(folder)) as (process, address):
            load, memory, rushed = asyncio.run(measure(process, Page(address, ids, about), given))
    text = render(environment, given, load, memory, rushed)
    report(
        given,
        "load",
        environment,
        text,
        seconds=load.seconds,
        late=load.late,
        errors=dict(load.errors),
        left=load.left,
        memory=asdict(memory),
        rush=asdict(rushed),
    )


if __name__ == "__main__":
    main()

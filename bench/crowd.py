"""Simulate many visitors of the page at once, and check that each gets its own answers.

Each asks about one of several towns, whose articles differ only in their numbers, so that an
answer to another visitor's question is recognised.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from bench.towns import Town
from bench.visitor import Events, PageFailed, QueueFull, Visitor, client

TURNS = 10
"""Questions in a conversation before it is cleared."""
LATE_SECONDS = 3.0
ODD_CHATS = 2
"""The number of chats that read late, and of those that leave without reading."""


@dataclass(slots=True)
class Load:
    """The results of all chats."""

    seconds: list[float] = field(default_factory=list)
    """Seconds from each question to its answer on the page."""
    late: list[float] = field(default_factory=list)
    """The same for the chats that read late."""
    errors: Counter[str] = field(default_factory=Counter)
    """Counts by message."""
    refused: int = 0
    """Questions rejected because the queue was full, and asked again a second later."""
    left: int = 0
    """Questions whose visitor did not wait for the answer."""


@dataclass(frozen=True, slots=True)
class Rush:
    """The results of many questions at the same moment."""

    asked: int
    answered: int
    refused: int
    """Questions rejected because the queue was full."""
    errors: dict[str, int]
    """Counts by message."""


@dataclass(frozen=True, slots=True)
class Page:
    """The page over articles about towns, with the articles' ids in the same order."""

    address: str
    """Ends with a slash."""
    ids: Sequence[str]
    about: Sequence[Town]


class Chat:
    """One visitor who asks about one town and checks the answers."""

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
        await self._visitor.press("choose", id=self._id, unselected=self._left_out)

    async def turn(self, *, reads_after: float = 0) -> str:
        """Ask, and return what is wrong with the reply; empty if nothing is."""
        if len(self._asked) == TURNS:
            await self._visitor.clear()
            self._asked = []
        question = next(self._next)
        messages = await self._visitor.ask(question, reads_after=reads_after)
        self._asked.append(question)
        return self._fault(messages)

    async def leave(self) -> None:
        """Ask, and leave without reading the answer."""
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
    """The chats on a page, and their results."""

    def __init__(self, http: httpx.AsyncClient, page: Page, events: Events) -> None:
        self._http, self._page, self._events = http, page, events
        self.load = Load()

    def chat(self, number: int) -> Chat:
        """Return a new visitor, whose town and first question depend on ``number``."""
        visitor = Visitor(self._http, self._page.address, self._events)
        return Chat(visitor, self._page, number)

    async def ask(
        self, number: int, until: float, found: list[float], reads_after: float = 0
    ) -> None:
        """Ask without a pause, and append the seconds of each answer to ``found``."""
        chat = self.chat(number)
        await chat.begin()
        over = False
        while not over:  # at least once
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
        """Ask a question each second without reading the answer."""
        over = False
        while not over:
            chat = self.chat(number)
            await chat.begin()
            await chat.leave()
            self.load.left += 1
            over = time.monotonic() + 1 >= until
            await asyncio.sleep(0 if over else 1)


async def crowd(page: Page, count: int, seconds: float, odd: int = ODD_CHATS) -> Load:
    """Return the results of ``count`` chats, and of ``odd`` each that read late or leave."""
    async with client() as http:
        people = Crowd(http, page, await events_of(http, page.address))
        await people.chat(0).begin()
        await people.chat(0).turn()  # loads the models
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
    """Return the results of this many visitors who ask at the same moment."""
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

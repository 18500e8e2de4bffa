"""Measure callers of every kind at once: the page, HTTP and MCP.

    python -m bench.mixed_load [--callers 100] [--seconds 120] [--out bench/results]

The server runs in its own process over a library of eight towns, whose articles are alike except
for the numbers. Of the callers, four tenths are chats on the page, four tenths ask over HTTP and
two tenths over MCP, each about one town and without a pause. An answer is right if it has the
number of that town and of no other and cites that article only. Everything is on loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import httpx
import numpy as np
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from bench.commands import report, table
from bench.crowd import Page, crowd
from bench.environment import Environment
from bench.serving import served
from bench.towns import Town, towns
from qa.article_qa import ArticleQA

SHARES = {"page": 0.4, "HTTP": 0.4, "MCP": 0.2}
_REQUEST_SECONDS = 300


class Ask(Protocol):
    """Asks a question of one article, and returns the answer's values."""

    async def __call__(self, question: str, article_id: str) -> Mapping[str, Any]:
        """Ask."""
        ...


Connect: TypeAlias = Callable[[str], AbstractAsyncContextManager[Ask]]
"""Opens a connection to the server at an address that ends with a slash."""


@dataclass(slots=True)
class Calls:
    """The results of the callers of one kind."""

    seconds: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    """Counts by message."""


@asynccontextmanager
async def over_http(address: str) -> AsyncIterator[Ask]:
    """Ask over our own HTTP interface."""
    async with httpx.AsyncClient(timeout=_REQUEST_SECONDS, trust_env=False) as http:

        async def ask(question: str, article_id: str) -> Mapping[str, Any]:
            asked = {"question": question, "article_ids": [article_id]}
            response = await http.post(f"{address}api/v1/ask", json=asked)
            values: Mapping[str, Any] = response.raise_for_status().json()
            return values

        yield ask


@asynccontextmanager
async def over_mcp(address: str) -> AsyncIterator[Ask]:
    """Ask with the client of the reference SDK."""
    async with (
        streamable_http_client(f"{address}mcp") as streams,
        ClientSession(streams[0], streams[1]) as session,
    ):
        await session.initialize()

        async def ask(question: str, article_id: str) -> Mapping[str, Any]:
            asked = {"question": question, "article_ids": [article_id]}
            result = await session.call_tool("ask", asked)
            return dict(result.structured_content or {})

        yield ask


async def ask_until(connect: Connect, page: Page, number: int, until: float, found: Calls) -> None:
    """Ask about one town without a pause, and add to ``found``."""
    at = number % len(page.about)
    questions = itertools.cycle(page.about[at].answers)
    async with connect(page.address) as ask:
        over = False
        while not over:  # at least once
            question, began = next(questions), time.monotonic()
            try:
                fault = fault_of(await ask(question, page.ids[at]), question, page, at)
            except Exception as error:
                fault = f"{type(error).__name__}: {error}"
            found.seconds.append(time.monotonic() - began)
            if fault:
                found.errors[fault] += 1
            over = time.monotonic() >= until


def fault_of(answer: Mapping[str, Any], question: str, page: Page, at: int) -> str:
    """Return what is wrong with an answer; empty if nothing is."""
    town = page.about[at]
    if answer.get("question") != question:
        return "not this caller's question"
    if {each["article_id"] for each in answer["citations"]} != {page.ids[at]}:
        return "not of the chosen article alone"
    if town.answers[question] not in answer["text"]:
        return "not the answer"
    return "another's answer" if any(each in answer["text"] for each in others(page, town)) else ""


def others(page: Page, town: Town) -> set[str]:
    """Return the answers of every other town."""
    return {answer for each in page.about if each is not town for answer in each.answers.values()}


async def measure(page: Page, callers: int, seconds: float) -> dict[str, Calls]:
    """Return the results by kind of caller."""
    async with over_http(page.address) as ask:
        await ask(next(iter(page.about[0].answers)), page.ids[0])  # loads the models
    counts = {kind: round(share * callers) for kind, share in SHARES.items()}
    calls = {kind: Calls() for kind in SHARES}
    until = time.monotonic() + seconds
    kinds: dict[str, Connect] = {"HTTP": over_http, "MCP": over_mcp}
    running = [
        ask_until(kinds[kind], page, number, until, calls[kind])
        for kind in kinds
        for number in range(counts[kind])
    ]
    chats = asyncio.create_task(crowd(page, counts["page"], seconds, odd=0))
    await asyncio.gather(chats, *running)
    calls["page"] = Calls(chats.result().seconds, chats.result().errors)
    return calls


def render(environment: Environment, given: argparse.Namespace, calls: dict[str, Calls]) -> str:
    """Return the results as Markdown."""
    every = [second for each in calls.values() for second in each.seconds]
    wrong = sum(each.errors.total() for each in calls.values())
    rows = [
        (kind, str(round(SHARES[kind] * given.callers)), str(len(each.seconds)), *_times(each))
        for kind, each in calls.items()
    ]
    return "\n".join(
        [
            "# Callers of every kind at once",
            "",
            environment.to_markdown(),
            f"{given.callers} callers asked for {given.seconds:.0f} seconds without a pause: "
            f"{len(every) / given.seconds:.1f} answers a second, {wrong} errors or answers to "
            "another caller's question.",
            *(f"- {n} × {error}" for each in calls.values() for error, n in each.errors.items()),
            "",
            *table(("", "callers", "answers", "p50 s", "p95 s", "longest s"), rows),
        ]
    )


def _times(calls: Calls) -> list[str]:
    return [f"{at:.2f}" for at in np.percentile(calls.seconds or [np.nan], [50, 95, 100])]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.mixed_load")
    parser.add_argument("--callers", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment, about = Environment.now("bench.mixed_load"), towns()
    with tempfile.TemporaryDirectory() as folder:
        with ArticleQA.open(folder) as qa:
            ids = [qa.add_text(town.text, title=town.title).id for town in about]
        with served("-m", "app", "--library", folder, "--port") as (_, address):
            calls = asyncio.run(measure(Page(address, ids, about), given.callers, given.seconds))
    report(given.out, "mixed_load", render(environment, given, calls))


if __name__ == "__main__":
    main()

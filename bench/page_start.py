"""How long the page takes to be there, against a page that Gradio makes of nothing.

    python -m bench.page_start [--rounds 9] [--out bench/results]

The bare page has a conversation and a text box and does nothing. In each round both are
started, one after the other and in turns first, so that both meet the same machine. Timed
are the start, from the process to the first answer over HTTP, and the opening, from there
to a box that can be typed in, in a browser that has nothing of the page yet.

Wants the ``test`` extra and a Chromium on the path.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, sync_playwright

from bench.browsing import PATIENCE_MS, chromium
from bench.commands import as_dicts, report, table
from bench.environment import Environment
from bench.serving import served

BARE = """
import sys
import gradio as gr
with gr.Blocks(analytics_enabled=False) as page:
    gr.Chatbot()
    gr.Textbox(elem_id="question")
page.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
"""
PAGES = {"ours": ["-m", "app", "--port"], "bare Gradio": ["-c", BARE]}
STEPS = ("start", "opening")


@dataclass(frozen=True, slots=True)
class Timing:
    """One step of both pages; medians in seconds."""

    step: str
    rounds: int
    ours: float
    bare: float
    ratio: float
    """Median of the ratio of ours to the bare page, round by round."""


_USABLE = """() => {
  const box = document.querySelector('#question textarea');
  return box && box.checkVisibility() && !box.disabled && !box.readOnly;
}"""


def measure(rounds: int) -> list[Timing]:
    """Return the timings of each step, and of both together."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in PAGES}
    with sync_playwright() as playwright:
        browser = chromium(playwright)
        for number in range(rounds + 1):
            names = list(PAGES) if number % 2 else list(PAGES)[::-1]
            for name in names:
                times = _times(browser, PAGES[name])
                if number:  # the first only warms the disk's cache
                    found[name].append(times)
        browser.close()
    return timings(found["ours"], found["bare Gradio"])


def timings(
    ours: Sequence[tuple[float, float]], bare: Sequence[tuple[float, float]]
) -> list[Timing]:
    """Return what the rounds come to, step by step and then both steps together."""
    seconds = np.array([ours, bare], dtype=float)
    seconds = np.concatenate([seconds, seconds.sum(axis=2, keepdims=True)], axis=2)
    medians = np.median(seconds, axis=1)
    ratios = np.median(seconds[0] / seconds[1], axis=0)
    return [
        Timing(step, len(ours), float(medians[0, i]), float(medians[1, i]), float(ratios[i]))
        for i, step in enumerate((*STEPS, "both"))
    ]


def _times(browser: Browser, arguments: Sequence[str]) -> tuple[float, float]:
    """Return the seconds of each of STEPS."""
    began = time.perf_counter()
    with served(*arguments) as (_, address):
        answered = time.perf_counter()
        page = browser.new_page()
        page.goto(address, wait_until="commit")
        # At each frame: a locator is looked at ever more rarely, and rounds the time up to that.
        page.wait_for_function(_USABLE, polling="raf", timeout=PATIENCE_MS)
        opened = time.perf_counter()
        page.close()
    return answered - began, opened - answered


def render(environment: Environment, load: float, found: Sequence[Timing]) -> str:
    """Return the results as Markdown."""
    cells = [
        (t.step, str(t.rounds), f"{t.ours:.2f}", f"{t.bare:.2f}", f"{t.ratio:.2f}") for t in found
    ]
    return "\n".join(
        [
            "# How long the page takes to be there",
            "",
            environment.to_markdown(),
            "Start: from the process to the first answer over HTTP. Opening: from there to a box "
            "that can be typed in, in headless Chromium. Medians in seconds; the ratio to a bare "
            "Gradio page is the median of the rounds'. Load average at the start: "
            f"{load:.1f}.",
            "",
            *table(("step", "rounds", "ours", "bare Gradio", "ratio"), cells),
        ]
    )


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.page_start")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, help="folder of the results")
    given = parser.parse_args()
    environment, load = Environment.now("bench.page_start"), os.getloadavg()[0]
    found = measure(given.rounds)
    text = render(environment, load, found)
    report(given, "page_start", environment, text, timings=as_dicts(found), load=load)


if __name__ == "__main__":
    main()

"""Texts that repeat one unit, and an assertion that a step's time grows with their length.

Backtracking patterns, repeated searches and repeated copies are slow on long runs of one
character or mark, so each public step is run on such runs at two lengths::

    @pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
    def test_sentences_take_time_in_proportion(unit: str) -> None:
        for make in repeated_texts(unit):
            assert_linear(split_sentences, make)
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

T = TypeVar("T")
Make = Callable[[int], str]
"""From a number of repetitions to a text."""

UNITS: dict[str, str] = {
    "space": " ",
    "newline": "\n",
    "tab": "\t",
    "carriage return": "\r",
    "no-break space": "\u00a0",
    "line separator": "\u2028",
    "blank line of spaces": " \n",
    "bracket": "(",
    "closing bracket": ")",
    "square bracket": "[",
    "closing square bracket": "]",
    "brace": "{",
    "closing brace": "}",
    "less than": "<",
    "greater than": ">",
    "ampersand": "&",
    "quote": '"',
    "apostrophe": "'",
    "opening quote": "“",
    "closing quote": "”",
    "initial": "A. ",
    "initial without a space": "A.",
    "letter": "a",
    "capital": "A",
    "word": "word ",
    "digit": "1",
    "decimal": "1.",
    "full stop": ".",
    "question mark": "?",
    "comma": ", ",
    "colon": ":",
    "hyphen": "-",
    "divided word": "a-",
    "dash": "—",
    "star": "*",
    "underscore": "_",
    "backtick": "`",
    "hash": "#",
    "tilde": "~",
    "pipe": "|",
    "slash": "/",
    "backslash": "\\",
    "at": "@",
    "percent": "%",
    "equals": "=",
    "exclamation mark": "!",
    "combining mark": "\u0301",
    "zero-width joiner": "\u200d",
    "soft hyphen": "\u00ad",
    "emoji": "🙂",
    "ideograph": "字",
    "ideographic full stop": "。",
    "Arabic letter": "ب",
    "quoted word": '"a" ',
    "link": "[a](b) ",
    "image": "![",
    "list item": "- a\n",
    "nested list": "* ",
    "numbered item": "1. a\n",
    "quotation": "> ",
    "heading": "# A\n",
    "underline": "a\n---\n",
    "short line": "Abc\n",
    "paragraph": "Abc.\n\n",
    "opening tag": "<b>",
    "closing tag": "</b>",
    "block tag": "<div>",
    "unclosed comment": "<!--",
    "unclosed tag": "<a ",
    "entity": "&amp;",
    "abbreviation": "Dr. ",
    "address": "http://a.b/ ",
}
"""By name, what is repeated."""

PLACES: dict[str, Callable[[str], str]] = {
    "alone": lambda run: run,
    "within a sentence": lambda run: f"The bridge was{run}opened in 1932. It carries trains.",
    "between paragraphs": lambda run: f"The bridge is old.\n\n{run}\n\nIt carries trains.",
    "at the end": lambda run: f"The bridge is old. It carries trains.{run}",
}
"""By name, a text around a run of units."""


def in_all_places(unit: str) -> Make:
    """Return the function from a count to one text with the unit repeated in several places."""

    def make(count: int) -> str:
        run = unit * count
        return f"{run}The bridge was{run}opened in 1932.\n\n{run}\n\nIt carries trains.{run}"

    return make


SMALL = 10_000
FACTOR = 4
MOST = 6.0
"""How many times the seconds an input FACTOR times as long may take."""
FLOOR_SECONDS = 0.08
"""What is over sooner passes: a clock tells too little of it."""
_TRIES = 4


def repeated_texts(unit: str) -> Iterator[Make]:
    """Yield, for each place, the function from a count to a text with the unit repeated there."""
    for around in PLACES.values():

        def make(count: int, around: Callable[[str], str] = around) -> str:
            return around(unit * count)

        yield make


def assert_linear(
    step: Callable[[T], object], make: Callable[[int], T], *, small: int = SMALL
) -> None:
    """Assert that ``step(make(4 * small))`` takes at most six times as long as with ``small``.

    The processor's time of this thread is compared, the least of several tries, so that
    other programs on the machine hardly matter. Errors of ``step`` are the caller's.
    """
    long_input = make(FACTOR * small)
    long_seconds = _seconds(step, long_input)
    if long_seconds < FLOOR_SECONDS:
        return
    short_input = make(small)
    short_seconds = _seconds(step, short_input)
    for _ in range(_TRIES):
        if long_seconds <= max(FLOOR_SECONDS, MOST * short_seconds):
            return
        # The first run of a length may also pay for imports and caches.
        short_seconds = max(short_seconds, _seconds(step, short_input))
        long_seconds = min(long_seconds, _seconds(step, long_input))
    pytest.fail(
        f"{FACTOR} times the length took {long_seconds / short_seconds:.1f} times as long: "
        f"{short_seconds:.3f} s for {small:,} repetitions, {long_seconds:.3f} s for "
        f"{FACTOR * small:,}."
    )


def _seconds(step: Callable[[T], object], given: T) -> float:
    # The garbage collector's turns depend on what other tests have left.
    gc.disable()
    try:
        start = time.thread_time()
        step(given)
        return time.thread_time() - start
    finally:
        gc.enable()

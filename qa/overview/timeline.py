"""The dated events of an article, in the order of time."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qa.overview.dates import Date, dates_in, resolved
from qa.overview.sentences import Sentence, is_statement

NEWS_CHARS = 12_000
"""An article up to this length is taken to be of one time, the latest day that it names."""
_SHORT_CHARS = 260


@dataclass(frozen=True, slots=True)
class Event:
    """A sentence that dates what it tells."""

    date: Date
    sentence: Sentence


def events_in(sentences: Sequence[Sentence], text: str) -> list[Event]:
    """Return the dated statements of an article in the order of time, each once.

    A sentence with several dates stands at its first; of dates alike the order is the text's.
    What happened "on Monday", and nothing tells which, is left out with all that it mentions.
    """
    found = dates_in(text.replace("\n", " "))  # a hard wrap may cut a date
    breaks = [i for i, character in enumerate(text) if character == "\n"]
    paragraphs = [bisect_right(breaks, date.start) for date in found]
    dates = list(resolved(found, paragraphs, is_news=len(text) <= NEWS_CHARS))
    open_weekdays = {d.start for d in found if d.weekday is not None} - {d.start for d in dates}
    events = list(_dated(sentences, dates, sorted(open_weekdays)))
    return sorted(events, key=lambda event: (event.date.key, event.sentence.start))


def most_telling(events: Sequence[Event], count: int) -> list[Event]:
    """Return up to ``count`` events from all over the time they span, in its order.

    The order of time is cut into as many parts; of each the event is taken that is told best:
    with its date in front, briefly, and in a sentence that can stand alone.
    """
    if len(events) <= count:
        return list(events)
    size = len(events) / count
    parts = (events[math.floor(i * size) : math.floor((i + 1) * size)] for i in range(count))
    return [max(part, key=_worth) for part in parts]


def _dated(
    sentences: Sequence[Sentence], dates: Sequence[Date], open_weekdays: Sequence[int]
) -> Iterator[Event]:
    """Yield each statement with its first date; what is said twice, once."""
    said: set[str] = set()
    at = 0
    for sentence in sentences:
        while at < len(dates) and dates[at].start < sentence.start:
            at += 1
        if at == len(dates) or dates[at].start >= sentence.end or not is_statement(sentence):
            continue
        after = bisect_left(open_weekdays, sentence.start)
        if after < bisect_left(open_weekdays, sentence.end):
            continue
        words = " ".join(sentence.text.casefold().split())
        if words not in said:
            said.add(words)
            yield Event(dates[at], sentence)


def _worth(event: Event) -> float:
    sentence, date = event.sentence, event.date
    into = (date.start - sentence.start) / len(sentence.text)
    long = max(0, len(sentence.text) - _SHORT_CHARS) / _SHORT_CHARS
    precise = 0.2 * ((date.month > 0) + (date.day > 0))
    return precise - into - long - 0.5 * sentence.leans - 0.5 * sentence.is_spoken

"""Find the dates in a text, and order the events of an article by them."""

from __future__ import annotations

import datetime
import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qa.overview.summary import Sentence, is_statement

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTH = (
    r"(?P<month>January|February|March|April|May|June|July|August|September|October|November"
    r"|December|(?:Jan|Feb|Mar|Apr|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_YEAR = r"(?P<year>1\d{3}|20\d{2})"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_NUMBER_ENDS = r"(?![\d,]*\d|[.:]\d|%|\w)"
_BEFORE_YEAR = (
    r"(?:[Ii]n|[Ss]ince|[Bb]y|[Uu]ntil|[Ff]rom|[Dd]uring|[Oo]f|[Aa]fter|[Bb]efore|[Aa]round|[Aa]bout"
    r"|c\.|[Bb]etween|[Ee]arly|[Ll]ate|[Mm]id|[Yy]ear|[Ss]pring|[Ss]ummer|[Aa]utumn|[Ww]inter|to"
    r"|through|and|AD|as early as|as late as)"
)
_NOT_COUNTED = (
    r"(?! (?:people|men|soldiers|troops|patients|cases|copies|miles|km|feet|dollars|million)\b)"
)
_FORMS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_DAY}(?: of)? {_MONTH},? {_YEAR}{_NUMBER_ENDS}",
        rf"\b{_MONTH} {_DAY},? {_YEAR}{_NUMBER_ENDS}",
        rf"\b{_YEAR}-(?P<month>0[1-9]|1[0-2])-(?P<day>[0-3]\d)(?!\d)",
        rf"\b{_MONTH},?(?: of)? {_YEAR}{_NUMBER_ENDS}",
        r"\b(?P<bc>\d{1,4}) (?:BCE?|B\.C\.(?:E\.)?)(?!\w)",
        rf"\b{_YEAR}s\b",
        r"\b(?P<century>\d{1,2})(?:st|nd|rd|th)[- ]century\b",
        rf"(?<=[Bb]etween ){_YEAR} and (?:1\d{{3}}|20\d{{2}}){_NUMBER_ENDS}",
        rf"(?<![-–\d.$£€]){_YEAR}[-–](?:1\d{{3}}|20\d{{2}}|\d{{2}}){_NUMBER_ENDS}",
        rf"\b(?P<lead>{_BEFORE_YEAR}[ -]){_YEAR}{_NUMBER_ENDS}{_NOT_COUNTED}",
        rf"(?<=[-*•] ){_YEAR}(?=: | [-–—|] )",
        rf"\b(?P<lead>The ){_YEAR}{_NUMBER_ENDS}{_NOT_COUNTED}(?= [A-Za-z])",
        rf"\b{_DAY}(?: of)? {_MONTH}(?!\w)",
        rf"\b{_MONTH} {_DAY}(?![\d\w])",
        rf"(?<![Nn]ext )(?<![Ee]very )(?<![Ll]ast )(?P<weekday>{'|'.join(_WEEKDAYS)})\b(?!s\b)",
    )
)
# What is before and after the date of an item such as "- 5 May 2025: first crossing".
_BULLETS = "-*•·–— "
_ENTRY = re.compile(r" ?[:|–—-] +\w.*\w", re.DOTALL)
# A weekday this near to a date belongs to it: "Monday, 5 May 2025".
_NEAR_CHARS = 2


@dataclass(frozen=True, slots=True)
class Date:
    """A date in a text: ``text[start:end]`` are its words."""

    start: int
    end: int
    words: str
    year: int | None
    """Negative before Christ; None where the words do not say."""
    month: int = 0
    """From 1; 0 where the words do not say, and so the day."""
    day: int = 0
    weekday: int | None = None
    """From 0 for Monday, if the words are only a weekday."""
    is_inferred: bool = False
    """Whether the year, or all of it, is from elsewhere in the text."""

    @property
    def key(self) -> tuple[int, int, int]:
        """What dates are put in order by; a year before its months."""
        return (self.year or 0, self.month, self.day)

    @property
    def label(self) -> str:
        """The words of the text, and in brackets what was taken from elsewhere in it."""
        if not self.is_inferred:
            return self.words
        if self.weekday is None:
            return f"{self.words} ({self.year})"
        on = datetime.date(self.year or 1, self.month, self.day)
        return f"{self.words} ({on.day} {on:%B} {on.year})"

    def as_day(self) -> datetime.date | None:
        """Return the day of the calendar, if the words are so precise."""
        try:
            return datetime.date(self.year or 0, self.month, self.day)
        except ValueError:
            return None


def find_dates(text: str) -> list[Date]:
    """Return the dates in ``text`` in order; of overlapping ones the most precise.

    A number is a year only after a word such as "in", or after "The" at the start of a
    sentence: "the 1990 treaty" within one dates the treaty, not the event.
    """
    found: list[Date] = []
    taken = bytearray(len(text))
    for form in _FORMS:
        for match in form.finditer(text):
            start, end = match.span()
            if taken.find(1, start, end) < 0:
                taken[start:end] = b"\1" * (end - start)
                found.append(_date(match))
    found.sort(key=lambda date: date.start)
    return _without_weekdays_of_dates(found)


def _without_weekdays_of_dates(dates: list[Date]) -> list[Date]:
    near = range(-_NEAR_CHARS, _NEAR_CHARS + 1)
    starts = {d.start + by for d in dates if d.weekday is None for by in near}
    ends = {d.end + by for d in dates if d.weekday is None for by in near}
    return [d for d in dates if d.weekday is None or not (d.end in starts or d.start in ends)]


def _date(match: re.Match[str]) -> Date:
    groups = match.groupdict()
    start, end = match.start() + len(groups.get("lead") or ""), match.end()
    words = match.string[start:end]
    if groups.get("weekday"):
        return Date(start, end, words, None, weekday=_WEEKDAYS.index(words))
    month = groups.get("month") or "0"
    number = int(month) if month.isdigit() else 1 + _MONTHS.index(month[:3].lower())
    return Date(start, end, words, _year(groups), number, int(groups.get("day") or 0))


def _year(groups: dict[str, str]) -> int | None:
    if groups.get("bc"):
        return -int(groups["bc"])
    if groups.get("century"):
        return 100 * (int(groups["century"]) - 1)
    return int(groups["year"]) if groups.get("year") else None


def resolved(dates: list[Date], paragraph_of: list[int], *, is_news: bool) -> Iterator[Date]:
    """Yield those of an article's dates whose year is given or can be inferred.

    A day without a year is of the year named before it in its paragraph. In a short article
    that gives a day in full, it is else of the year of the latest such day; and a weekday is
    the last one up to that day, provided that the text calls that day by its weekday, too.

    Args:
        dates: In the order of the text.
        paragraph_of: Which paragraph each is in.
        is_news: Whether the article is short enough to be of one time.
    """
    days = [day for date in dates if (day := date.as_day())]
    latest = max(days, default=None) if is_news else None
    weekdays = {date.weekday for date in dates}
    year, in_paragraph = None, -1
    for date, paragraph in zip(dates, paragraph_of, strict=True):
        if paragraph != in_paragraph:
            year, in_paragraph = None, paragraph
        if date.year is not None:
            year = date.year
            yield date
        elif date.weekday is None:
            known = year or (latest.year if latest else None)
            if known:
                yield replace(date, year=known, is_inferred=True)
        elif latest and latest.weekday() in weekdays:
            on = latest - datetime.timedelta((latest.weekday() - date.weekday) % 7)
            yield replace(date, year=on.year, month=on.month, day=on.day, is_inferred=True)


NEWS_CHARS = 12_000
"""An article up to this length is taken to be of one time, the latest day that it names."""
_SHORT_CHARS = 260


@dataclass(frozen=True, slots=True)
class Event:
    """A sentence with a date."""

    date: Date
    sentence: Sentence


def find_events(sentences: Sequence[Sentence], text: str) -> list[Event]:
    """Return the dated statements and items of an article in the order of time, each once.

    A sentence with several dates is placed by its first; equal dates keep the order of the text.
    A sentence with a weekday whose date cannot be inferred is left out.
    """
    found = find_dates(text.replace("\n", " "))  # a hard wrap may cut a date
    breaks = [i for i, character in enumerate(text) if character == "\n"]
    paragraphs = [bisect_right(breaks, date.start) for date in found]
    dates = list(resolved(found, paragraphs, is_news=len(text) <= NEWS_CHARS))
    open_weekdays = {d.start for d in found if d.weekday is not None} - {d.start for d in dates}
    events = list(_dated(sentences, dates, sorted(open_weekdays)))
    return sorted(events, key=lambda event: (event.date.key, event.sentence.start))


def select_events(events: Sequence[Event], count: int) -> list[Event]:
    """Return up to ``count`` events spread over the time they span, in order.

    The events are cut into ``count`` runs. Of each run the best sentence is taken: a short one
    that begins with its date and can be understood on its own.
    """
    if len(events) <= count:
        return list(events)
    size = len(events) / count
    parts = (events[math.floor(i * size) : math.floor((i + 1) * size)] for i in range(count))
    return [max(part, key=_worth) for part in parts]


def _dated(
    sentences: Sequence[Sentence], dates: Sequence[Date], open_weekdays: Sequence[int]
) -> Iterator[Event]:
    """Yield each statement, or item of a list of dates, with its first date; repeats once."""
    said: set[str] = set()
    at = 0
    for sentence in sentences:
        while at < len(dates) and dates[at].start < sentence.start:
            at += 1
        if at == len(dates) or dates[at].start >= sentence.end:
            continue
        entry = _entry(sentence, dates[at])
        if entry is None and not is_statement(sentence):
            continue
        after = bisect_left(open_weekdays, sentence.start)
        if after < bisect_left(open_weekdays, sentence.end):
            continue
        words = " ".join(sentence.text.casefold().split())
        if words not in said:
            said.add(words)
            yield Event(dates[at], entry or sentence)


def _entry(sentence: Sentence, date: Date) -> Sentence | None:
    """Return an item of a list of dates, without its bullet; None if a sentence is no such item."""
    text = sentence.text.lstrip(_BULLETS)
    start = sentence.end - len(text)
    if start != date.start or not _ENTRY.match(text, date.end - start):
        return None
    return replace(sentence, start=start, text=text)


def _worth(event: Event) -> float:
    sentence, date = event.sentence, event.date
    into = (date.start - sentence.start) / len(sentence.text)
    long = max(0, len(sentence.text) - _SHORT_CHARS) / _SHORT_CHARS
    precise = 0.2 * ((date.month > 0) + (date.day > 0))
    return precise - into - long - 0.5 * sentence.needs_context - 0.5 * sentence.is_quotation

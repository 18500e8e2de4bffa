"""How much one caller may ask and upload in a short time."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Self

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from index.errors import LimitReached
from qa.settings import Settings
from qa.visitors.caller import Caller

_KILOBYTE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLimits:
    """The most that one caller may do; the defaults are far above what a person does."""

    questions_per_minute: int = 120
    articles_per_day: int = 2_000
    upload_megabytes_per_day: int = 5_000

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that the settings name."""
        return cls(
            questions_per_minute=settings.questions_per_minute,
            articles_per_day=settings.articles_per_day,
            upload_megabytes_per_day=settings.upload_megabytes_per_day,
        )


class CallerCounts:
    """Counts what each caller does, in memory. Safe to use from several threads."""

    def __init__(self, limits: CallerLimits | None = None) -> None:
        self._limits = limits or CallerLimits()
        self._counts = MovingWindowRateLimiter(MemoryStorage())

    def count_question(self, caller: Caller) -> None:
        """Count a question.

        Raises:
            LimitReached: The caller has asked too many.
        """
        most = self._limits.questions_per_minute
        self._hit(RateLimitItemPerMinute(most), caller, "questions", f"{most} questions a minute")

    def count_article(self, caller: Caller, size: int = 0) -> None:
        """Count an article of ``size`` bytes that is to be added.

        Raises:
            LimitReached: The caller has added too many, or too much.
        """
        most = self._limits.articles_per_day
        self._hit(RateLimitItemPerDay(most), caller, "articles", f"{most} articles a day")
        most = self._limits.upload_megabytes_per_day
        allowed = RateLimitItemPerDay(most * _KILOBYTE)
        cost = math.ceil(size / _KILOBYTE)
        self._hit(allowed, caller, "kilobytes", f"{most} MB of articles a day", cost)

    def _hit(
        self, item: RateLimitItem, caller: Caller, what: str, limit: str, cost: int = 1
    ) -> None:
        if cost:
            _hit(self._counts, item, (what, caller.key), f"The limit is {limit}.", cost)


class LoginCounts:
    """Counts the attempts to log in, in memory. Safe to use from several threads."""

    def __init__(self, *, per_address: int = 30, per_name: int = 10, minutes: int = 10) -> None:
        self._by_address = RateLimitItemPerMinute(per_address, minutes)
        self._by_name = RateLimitItemPerMinute(per_name, minutes)
        self._counts = MovingWindowRateLimiter(MemoryStorage())

    def count(self, address: str, name: str) -> None:
        """Count an attempt.

        Raises:
            LimitReached: There were too many from the address, or for the name.
        """
        for item, what, key in (
            (self._by_address, "address", address),
            (self._by_name, "name", name),
        ):
            _hit(self._counts, item, (what, key), "Too many attempts to log in.")


def _hit(
    counts: MovingWindowRateLimiter,
    item: RateLimitItem,
    key: tuple[str, str],
    message: str,
    cost: int = 1,
) -> None:
    if not counts.hit(item, *key, cost=cost):
        reset = counts.get_window_stats(item, *key).reset_time
        seconds = max(1, math.ceil(reset - time.time()))
        msg = f"{message} Try again in {seconds} s."
        raise LimitReached(msg, seconds)

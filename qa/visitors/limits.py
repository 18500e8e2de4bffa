"""How much one caller may ask and upload in a short time."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerDay, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from index.errors import LimitReached
from qa.visitors.caller import Caller

_KILOBYTE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLimits:
    """The most that one caller may do; the defaults are far above what a person does."""

    questions_per_minute: int = 120
    articles_per_day: int = 2_000
    upload_megabytes_per_day: int = 5_000


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
        if cost and not self._counts.hit(item, what, caller.key, cost=cost):
            reset = self._counts.get_window_stats(item, what, caller.key).reset_time
            seconds = max(1, math.ceil(reset - time.time()))
            msg = f"The limit is {limit}. Try again in {seconds} s."
            raise LimitReached(msg, seconds)

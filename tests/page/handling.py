"""Handlers of the page over a library that everybody may change."""

from __future__ import annotations

import time
from collections.abc import Callable

from qa.article_qa import ArticleQA
from qa.page.handlers import Handlers
from qa.visitors.caller import LOCAL
from qa.visitors.caller_qa import CallerQA
from qa.visitors.conversations import Conversations


def local(qa: ArticleQA) -> CallerQA:
    """Return the library as the one user of this machine may use it."""
    return CallerQA(qa, LOCAL)


def handlers_of(
    qa: ArticleQA,
    clock: Callable[[], float] = time.monotonic,
    conversations: Conversations | None = None,
) -> Handlers:
    """Return the handlers of the page over ``qa``."""
    return Handlers(local(qa), clock, conversations)

"""Search, sort and page through the list of articles."""

from __future__ import annotations

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

from index.errors import InputError
from index.types import ArticleInfo
from qa.api.bodies import ArticlePage

_BAD_CURSOR = "This cursor is not one of this list. Begin again without one."


class Sort(StrEnum):
    """The order of the articles; its value is used in addresses."""

    ADDED = "added"
    """The oldest first."""
    TITLE = "title"
    LENGTH = "length"
    """The shortest first."""


# Equals keep the order of addition. An article that is not stored yet comes after those that are.
_KEYS: dict[Sort, Callable[[ArticleInfo], Any]] = {
    Sort.ADDED: lambda info: info.added_at or "~",
    Sort.TITLE: lambda info: info.title.casefold(),
    Sort.LENGTH: lambda info: info.characters,
}


def page_of_articles(
    infos: Sequence[ArticleInfo], sort: Sort, search: str, limit: int, cursor: str | None
) -> ArticlePage:
    """Return up to ``limit`` articles whose title or source contains ``search``.

    A cursor names the last article of a page by its place in the order, so the next page goes on
    after it, whatever was added, removed or renamed meanwhile. If that article itself is gone,
    those that are equal to it in this order come again, so that none is missed.

    Raises:
        InputError: The cursor is not one of this order.
    """
    key = _KEYS[sort]
    wanted = search.casefold().strip()
    found = [
        info
        for info in sorted(infos, key=key)
        if wanted in info.title.casefold() or wanted in (info.source or "").casefold()
    ]
    first = 0
    if cursor is not None:
        value, last_id = _read_cursor(cursor, sort)
        first = bisect_left(found, value, key=key)
        equals = found[first : bisect_right(found, value, key=key)]
        first += next((i for i, info in enumerate(equals, 1) if info.id == last_id), 0)
    shown = found[first : first + limit]
    is_last = first + limit >= len(found)
    following = None if is_last else _cursor(sort, key(shown[-1]), shown[-1].id)
    return ArticlePage(tuple(shown), len(found), following)


def _cursor(sort: Sort, value: str | int, article_id: str) -> str:
    values = json.dumps([sort.value, value, article_id], ensure_ascii=False)
    return base64.urlsafe_b64encode(values.encode()).decode()


def _read_cursor(cursor: str, sort: Sort) -> tuple[Any, str]:
    """Return the place of the last article in the order, and its id."""
    try:
        values = json.loads(base64.b64decode(cursor.encode("ascii"), b"-_", validate=True))
    except (ValueError, RecursionError) as error:
        raise InputError(_BAD_CURSOR) from error
    kind = int if sort is Sort.LENGTH else str
    match values:
        case [sort.value, value, str(last_id)] if type(value) is kind:
            return value, last_id
    raise InputError(_BAD_CURSOR)

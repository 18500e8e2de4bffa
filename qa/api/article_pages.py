"""Search, sort and page through the list of articles."""

from __future__ import annotations

import base64
import binascii
import json
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


# Ties are decided by the id. An article that is not stored yet comes after those that are.
_KEYS: dict[Sort, Callable[[ArticleInfo], list[Any]]] = {
    Sort.ADDED: lambda info: [info.added_at or "~", info.id],
    Sort.TITLE: lambda info: [info.title.casefold(), info.id],
    Sort.LENGTH: lambda info: [info.characters, info.id],
}


def page_of_articles(
    infos: Sequence[ArticleInfo], sort: Sort, search: str, limit: int, cursor: str | None
) -> ArticlePage:
    """Return up to ``limit`` articles whose title or source contains ``search``.

    A cursor names the last article of a page by its place in the order, so the next page goes on
    after it, whatever was added, removed or renamed meanwhile.

    Raises:
        InputError: The cursor is not one of this order.
    """
    key = _KEYS[sort]
    wanted = search.casefold().strip()
    found = [
        info
        for info in infos
        if wanted in info.title.casefold() or wanted in (info.source or "").casefold()
    ]
    rest = found = sorted(found, key=key)
    if cursor is not None:
        after = _last_of(cursor, sort)
        rest = [info for info in found if key(info) > after]
    shown = rest[:limit]
    following = _cursor(sort, key(shown[-1])) if len(rest) > limit else None
    return ArticlePage(tuple(shown), len(found), following)


def _cursor(sort: Sort, last: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort.value, *last]).encode()).decode()


def _last_of(cursor: str, sort: Sort) -> list[Any]:
    try:
        values = json.loads(base64.b64decode(cursor.encode("ascii"), b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise InputError(_BAD_CURSOR) from error
    kind = int if sort is Sort.LENGTH else str
    match values:
        case [sort.value, first, str(last)] if type(first) is kind:
            return [first, last]
    raise InputError(_BAD_CURSOR)

"""Replace parts of markup in time linear in its length, whatever it contains."""

from __future__ import annotations

from collections.abc import Callable


def replace_between(text: str, start: str, end: str, replace: Callable[[str], str]) -> str:
    """Replace each part from ``start`` to ``end`` by ``replace`` of what is between them.

    A regular expression would search for the end once for each start that lacks one.
    """
    pieces = []
    at = 0
    while (left := text.find(start, at)) >= 0:
        right = text.find(end, left + len(start))
        if right < 0:
            break
        pieces += [text[at:left], replace(text[left + len(start) : right])]
        at = right + len(end)
    return "".join([*pieces, text[at:]])

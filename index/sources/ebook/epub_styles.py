"""Read from the style sheets of an EPUB which of its classes are hidden, raised or lowered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from index.sources.archive import Archive

_MAX_BYTES = 2_000_000  # of all style sheets
# Rules for one class, with or without the name of an element; others are rare for these purposes.
_SELECTOR = re.compile(r"([A-Za-z]\w{0,20})?\.([\w-]{1,100})")
_DECLARATION = re.compile(r"(display|visibility|vertical-align)\s{0,9}:\s{0,9}([a-z-]{1,20})")


@dataclass(frozen=True, slots=True)
class Styles:
    """What the style sheets say about (element, class); the element is "" if it does not matter."""

    values: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """By element, class and property."""
    classes: set[str] = field(default_factory=set)

    def value(self, element: Any, property_name: str) -> str:  # noqa: ANN401 - an lxml element
        """Return what the classes of an element say about a property; "" if nothing."""
        names = element.get("class", "").split()
        for name in self.classes.intersection(names) if names else ():
            for tag in (element.tag, ""):
                found = self.values.get((tag, name, property_name))
                if found:
                    return found
        return ""

    def with_rules(self, css: str) -> Styles:
        """Return these styles with those of another style sheet."""
        own = Styles()
        _add_rules(own, css[:_MAX_BYTES])
        if not own.classes:
            return self
        return Styles(self.values | own.values, self.classes | own.classes)

    def hides(self, element: Any) -> bool:  # noqa: ANN401 - an lxml element
        """Return whether an element's classes hide it."""
        return (
            self.value(element, "display") == "none"
            or self.value(element, "visibility") == "hidden"
        )


def read_styles(archive: Archive) -> Styles:
    """Return what the style sheets of an archive say, without those for some devices only."""
    styles = Styles()
    room = _MAX_BYTES
    for name in sorted(archive.names):
        if name.lower().endswith(".css"):
            data = archive.read(name)[:room]
            room -= len(data)
            _add_rules(styles, data.decode("utf-8", "replace"))
    return styles


def _add_rules(styles: Styles, css: str) -> None:
    css = replace_between(css, "/*", "*/", lambda _: " ")
    depth = 0
    selectors = ""
    for piece in re.split(r"([{}])", css):
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth = max(0, depth - 1)
        elif depth == 0:
            selectors = piece.rpartition(";")[2]
        elif depth == 1 and not selectors.lstrip().startswith("@"):
            found = _DECLARATION.findall(piece.lower())
            for selector in selectors.split(",") if found else ():
                if match := _SELECTOR.fullmatch(selector.strip()):
                    styles.classes.add(match[2])
                    for name, value in found:
                        styles.values[(match[1] or "").lower(), match[2], name] = value


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

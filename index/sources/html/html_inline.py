"""Collect the text of a page's lines, with what is emphasised, linked, raised or quoted in them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from index.letters import lowered, raised
from index.sources.document import InlineMark, Run
from index.sources.html.html_tags import (
    BLOCKS,
    INLINE_MARKS,
    LINE_END,
    is_custom,
    is_shown,
    math_text,
    tag_of,
)
from index.structure import MarkKind

_LINK_SCHEMES = frozenset({"http", "https", "mailto"})
_INVISIBLE = str.maketrans("", "", "\N{SOFT HYPHEN}\N{ZERO WIDTH SPACE}\N{WORD JOINER}\ufeff\0")
_MAX_SCRIPT_CHARS = 40  # a longer one is small print
_RAISING_STYLE = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.I)
_QUOTATION_MARKS = ("“", "”"), ("‘", "’")
_APART = frozenset({"a", "button"})
"""Elements that a page sets apart from a neighbour of the same kind without a space."""


class InlineText:
    """The text of the current block, collected while its elements are entered and left."""

    def __init__(self, base: str = "", *, shows_readings: bool = True) -> None:
        self._base = base
        self._runs: list[Run] = []
        self._marks: list[InlineMark] = []
        self._quotes = 0
        self._shows_readings = shows_readings
        self._links: list[InlineMark | None] = []
        self._link_chars = 0
        self._is_blank = True
        self._last_tag = ""  # of the element that has just ended, if nothing came after it

    def add(self, text: str | None) -> None:
        """Add text with the marks of the elements that it is in."""
        if text:
            self._runs.append(Run(text.translate(_INVISIBLE), tuple(dict.fromkeys(self._marks))))
            if not text.isspace():
                self._last_tag = ""
                self._is_blank = False
                if self._links:
                    self._link_chars += len(text.strip())

    def enter(self, element: Any, tag: str) -> bool:  # noqa: ANN401 - lxml has no types
        """Begin an element; return whether its content is dealt with already."""
        if tag == self._last_tag and tag in _APART:
            self.add(" ")
        self._last_tag = ""
        if tag == "br":
            self.add_line_end()
        elif tag == "math":
            self.add(math_text(element))
        elif tag == "rt" and not self._shows_readings:
            pass
        elif script := _script_of(element, tag):
            return self._add_script(element, script)
        else:
            self._begin(element, tag)
            self.add(element.text)
            return False
        return True

    def leave(self, element: Any, tag: str) -> None:  # noqa: ANN401
        """End an element that :meth:`enter` has not dealt with."""
        match tag:
            case "q":
                self._quotes -= 1
                self.add(_QUOTATION_MARKS[self._quotes % 2][1])
            case "rt":
                self.add(")")
            case "a":
                if mark := self._links.pop():
                    self._marks.remove(mark)
            case _:
                if (mark := INLINE_MARKS.get(tag)) and not _script_of(element, tag):
                    self._marks.remove(mark)
        self._last_tag = tag

    def add_line_end(self) -> None:
        """End a line within the block."""
        self._runs.append(Run(LINE_END))

    def take(self) -> tuple[list[Run], int]:
        """Return what was collected, and how many of its characters are links.

        Begin with nothing; open elements stay open.
        """
        taken = ([] if self._is_blank else self._runs), self._link_chars
        self._runs, self._link_chars, self._last_tag, self._is_blank = [], 0, "", True
        return taken

    def _begin(self, element: Any, tag: str) -> None:  # noqa: ANN401
        match tag:
            case "q":
                self.add(_QUOTATION_MARKS[self._quotes % 2][0])
                self._quotes += 1
            case "rt":
                self.add("(")
            case "a":
                self._links.append(self._link(element))
                if mark := self._links[-1]:
                    self._marks.append(mark)
            case _:
                if mark := INLINE_MARKS.get(tag):
                    self._marks.append(mark)

    def _link(self, element: Any) -> InlineMark | None:  # noqa: ANN401
        address = (element.get("href") or "").strip()
        if not address or len(address) > 2_000:  # noqa: PLR2004 - no browser goes further
            return None
        try:
            target = urljoin(self._base, address) if self._base else address
            scheme = urlsplit(target).scheme
        except ValueError:
            return None
        return InlineMark(MarkKind.LINK, target) if scheme in _LINK_SCHEMES else None

    def _add_script(self, element: Any, kind: MarkKind) -> bool:  # noqa: ANN401
        """Add a superscript or subscript if it is short; return whether it was."""
        text = " ".join(visible_text(element).split())
        if len(text) > _MAX_SCRIPT_CHARS:
            self.add(element.text)
            return False
        if not text:
            return True
        link = next(filter(None, map(self._link, element.iter("a"))), None)
        marks = [mark for mark in (InlineMark(kind), link) if mark]
        script = raised(text) if kind is MarkKind.SUPERSCRIPT else lowered(text)
        lead = script[: len(script) - len(script.lstrip())]
        self.add(lead)
        self._marks += marks
        self.add(script.lstrip())
        del self._marks[len(self._marks) - len(marks) :]
        return True


def flat_runs(element: Any, base: str = "") -> list[Run]:  # noqa: ANN401
    """Return the visible text of an element on one line, its blocks separated by spaces."""
    from lxml import etree

    text = InlineText(base)
    walk = etree.iterwalk(element, events=("start", "end"))
    skipped = None
    for event, part in walk:
        tag = tag_of(part)
        if event == "end":
            if part is not skipped:
                text.add(" ") if tag in BLOCKS else text.leave(part, tag)
            skipped = None
            if part is not element:
                text.add(part.tail)
        elif not tag or not is_shown(part, tag):
            skipped = part
            walk.skip_subtree()
        elif tag in BLOCKS or is_custom(tag):
            text.add(" ")
            text.add(part.text)
        elif text.enter(part, tag):
            skipped = part
            walk.skip_subtree()
    return [Run(" ", run.marks) if run.text == LINE_END else run for run in text.take()[0]]


def visible_text(element: Any) -> str:  # noqa: ANN401
    """Return the text that a browser shows of an element, with its spaces and line ends."""
    from lxml import etree

    pieces: list[str] = []
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, part in walk:
        if event == "end":
            pieces.append("" if part is element else part.tail or "")
            continue
        tag = tag_of(part)
        if tag == "br":
            pieces.append("\n")
        elif tag and is_shown(part, tag):
            pieces.append(part.text or "")
        else:
            walk.skip_subtree()
    return "".join(pieces).translate(_INVISIBLE)


def _script_of(element: Any, tag: str) -> MarkKind | None:  # noqa: ANN401
    """Return whether an element is a superscript or a subscript, if either."""
    if tag == "sup":
        return MarkKind.SUPERSCRIPT
    if tag == "sub":
        return MarkKind.SUBSCRIPT
    attributes = element.attrib
    if not attributes:
        return None
    if "noteref" in (attributes.get("role") or attributes.get("{*}type") or ""):
        return MarkKind.SUPERSCRIPT
    style = attributes.get("style")
    found = _RAISING_STYLE.search(style) if style else None
    if found is None:
        return None
    return MarkKind.SUPERSCRIPT if found[1].lower() == "super" else MarkKind.SUBSCRIPT

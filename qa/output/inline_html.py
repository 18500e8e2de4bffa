"""Write the words of an article as HTML: cited places, emphasis, code and links, nested."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias
from urllib.parse import urlsplit

from index.structure import INLINE_KINDS, Mark, MarkKind
from index.types import Span
from qa.output.escape import escape_html, safe_address
from qa.output.places import Highlight

_TAGS = {
    MarkKind.STRONG: "strong",
    MarkKind.EMPHASIS: "em",
    MarkKind.CODE: "code",
    MarkKind.LINK: "a",
    MarkKind.SUPERSCRIPT: "sup",
    MarkKind.SUBSCRIPT: "sub",
}
# A bracket, a backslash or a quotation mark in an address is a mistake or an attack.
_ADDRESS = re.compile(
    r"""(?:https?://[^\s/?#\\<>"`{}]|mailto:[^\s?@\\<>"`{}]+@)[^\s\\<>"`{}]*""", re.IGNORECASE
)
_MAX_ADDRESS_CHARS = 4_000
_RAISED = {MarkKind.SUPERSCRIPT, MarkKind.SUBSCRIPT}


_Layer: TypeAlias = Highlight | Mark


class InlineWriter:
    """Writes parts of a text, in order, as escaped HTML with its marks nested.

    Where two marks cross, the inner one is closed and opened again: a cited place is outside of
    emphasis and links, so that it is split only where it goes on in another element.

    Args:
        text: The text of an article.
        highlights: The places to highlight, by their start, an outer one before those in it.
        marks: What parts of the text are, by their start.
    """

    def __init__(self, text: str, highlights: Sequence[Highlight], marks: Iterable[Mark]) -> None:
        self._text = text
        self._highlights = _Sweep(highlights)
        self._marks = _Sweep(_disjoint(text, marks))
        self._begun: set[str] = set()

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the places that have an element so far."""
        return frozenset(self._begun)

    def write(self, span: Span) -> str:
        """Return the HTML of ``span``, which must not start before the end of the last one."""
        highlights = _Sweep(self._highlights.overlapping(span))
        marks = _Sweep(self._marks.overlapping(span))
        pieces: list[str] = []
        stack: list[_Layer] = []
        for part in _parts(span, [*highlights.layers, *marks.layers]):
            wanted = [*highlights.overlapping(part), *marks.overlapping(part)]
            kept = _common_prefix(stack, wanted)
            pieces.extend(map(_closing, reversed(stack[kept:])))
            pieces.extend(map(self._opening, wanted[kept:]))
            pieces.append(escape_html(self._text[part.start : part.end]))
            stack = wanted
        pieces.extend(map(_closing, reversed(stack)))
        return "".join(pieces)

    def _opening(self, layer: _Layer) -> str:
        if isinstance(layer, Mark):
            return _opening_of_mark(layer)
        kind = "" if layer.cited else "near "
        name = "found" if layer.found else f"{kind}{'new' if layer.number else 'old'}"
        names = f' class="{name}"'
        if layer.id in self._begun:
            return f'<{_tag(layer)}{names} data-part="{layer.id}">'
        self._begun.add(layer.id)
        number = f' data-number="{layer.number}"' if layer.number and layer.cited else ""
        return f'<{_tag(layer)}{names} id="{layer.id}" tabindex="-1"{number}>'


class _Sweep:
    """Finds the layers of each of several spans, in order, in time linear in all of them.

    Args:
        layers: Parts of the text, by their start.
    """

    def __init__(self, layers: Sequence[_Layer]) -> None:
        self.layers = layers
        self._next = 0
        self._live: list[_Layer] = []

    def overlapping(self, span: Span) -> list[_Layer]:
        """Return the layers that overlap ``span``, by their start."""
        live = [layer for layer in self._live if layer.end > span.start]
        while self._next < len(self.layers) and self.layers[self._next].start < span.end:
            layer = self.layers[self._next]
            if layer.end > span.start:
                live.append(layer)
            self._next += 1
        self._live = live
        return live


def _parts(span: Span, layers: Iterable[_Layer]) -> Iterator[Span]:
    """Yield the parts of ``span`` between the edges of layers."""
    edges = {*span}
    for layer in layers:
        edges |= {max(layer.start, span.start), min(layer.end, span.end)}
    return (Span(start, end) for start, end in itertools.pairwise(sorted(edges)))


def _disjoint(text: str, marks: Iterable[Mark]) -> list[Mark]:
    """Return the inline marks that are shown; of each kind, none overlaps another.

    The target of a link is its address as an attribute can hold it.
    """
    ends: dict[MarkKind, int] = {}
    shown = []
    for mark in marks:
        start = max(mark.start, ends.get(mark.kind, 0))
        if mark.kind not in INLINE_KINDS or not start < mark.end <= len(text):
            continue
        address = link_address(mark.target) if mark.kind is MarkKind.LINK else ""
        if mark.kind is MarkKind.LINK and not address:
            continue
        if mark.kind in _RAISED and all(map(_is_raised, text[start : mark.end])):
            continue
        ends[mark.kind] = mark.end
        shown.append(mark._replace(start=start, target=address))
    return sorted(shown, key=lambda mark: (mark.start, -mark.end))


def _is_raised(letter: str) -> bool:
    """Return whether a letter is raised or lowered without markup, as "²" is."""
    return letter.isspace() or unicodedata.decomposition(letter).startswith(("<super>", "<sub>"))


def _common_prefix(one: Sequence[_Layer], other: Sequence[_Layer]) -> int:
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _opening_of_mark(mark: Mark) -> str:
    if mark.kind is MarkKind.LINK:
        return f'<a href="{mark.target}" target="_blank" rel="noopener noreferrer nofollow">'
    return f"<{_TAGS[mark.kind]}>"


def _closing(layer: _Layer) -> str:
    return f"</{_tag(layer)}>"


def _tag(layer: _Layer) -> str:
    if isinstance(layer, Mark):
        return _TAGS[layer.kind]
    return "mark" if layer.cited else "span"


def link_address(target: str) -> str:
    """Return the address of a link as an attribute can hold it; "" if it is not safe to follow.

    Only addresses of the web and of e-mail are.
    """
    target = target.strip()
    hidden = any(unicodedata.category(letter) in {"Cc", "Cf", "Cs"} for letter in target)
    if hidden or len(target) > _MAX_ADDRESS_CHARS or not _ADDRESS.fullmatch(target):
        return ""
    try:
        urlsplit(target).port  # noqa: B018 - raises if it is no number
    except ValueError:
        return ""
    return escape_html(safe_address(target))

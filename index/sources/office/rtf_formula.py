"""Build the formulas of RTF, whose control words are the elements of Office Open XML."""

from __future__ import annotations

import re

from index.sources.document import clean
from index.sources.office.formulas import omml_text
from index.sources.office.open_xml import MATH, Element

_NAME = re.compile(r"m([a-zA-Z]+)")
_VALUES = frozenset("chr begChr endChr sepChr type degHide pos show scr".split())
_MAX_DEPTH = 60
_ROOT = "oMath"


class RtfFormula:
    r"""A formula that is being read.

    ``{\mf{\mnum a}{\mden b}}`` is what ``<m:f><m:num>a</m:num><m:den>b</m:den></m:f>`` is there.
    """

    def __init__(self) -> None:
        from lxml import etree

        self._make = etree.SubElement
        self._root: Element = etree.Element(f"{MATH}{_ROOT}")
        self._open: list[Element | None] = []
        """The element of each open group; None for a group without a name."""
        self._named: list[Element] = [self._root]
        """The root and the elements of the open groups that have one."""
        self._texts: list[list[str]] = []

    def open_group(self) -> None:
        """Begin a group."""
        self._open.append(None)
        self._texts.append([])

    def take_word(self, word: str) -> None:
        """Take a control word: the first one of a group is its name."""
        name = _NAME.fullmatch(word)
        if not name or not self._open or self._open[-1] is not None:
            return
        if len(self._open) < _MAX_DEPTH:
            self._open[-1] = self._make(self._named[-1], f"{MATH}{name[1]}")
            self._named.append(self._open[-1])

    def take_text(self, text: str) -> None:
        """Take some text of the current group."""
        if self._texts:
            self._texts[-1].append(text)

    def close_group(self) -> None:
        """End the current group."""
        if not self._open:
            return
        element, text = self._open.pop(), clean("".join(self._texts.pop()))
        if element is None:
            self.take_text(text)  # a group that only sets letters
            return
        self._named.pop()
        name = element.tag[len(MATH) :]
        if name in _VALUES:
            element.set(f"{MATH}val", text.strip())
        elif name == "r" and text:
            self._make(element, f"{MATH}t").text = text

    def text(self) -> str:
        """Return the formula on one line."""
        while self._open:
            self.close_group()
        return omml_text(self._root)

"""Resolve the styles and the list numbers of Word documents."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field

from index.sources.numbering import formatted_number
from index.sources.office.open_xml import WORD, Element, has_attribute, is_on, whole_number

_MAX_ANCESTORS = 20  # of a style; a file may contain a cycle of them
_HEADING_NAME = re.compile(r"heading ([1-9])", re.IGNORECASE)
_QUOTATION_NAMES = frozenset({"quote", "intense quote", "quotations", "block text", "quotation"})
_CODE_NAMES = frozenset(
    "code|code char|code block|inline code|html code|html preformatted|preformatted text"
    "|source code|source text|verbatim|verbatim char".split("|")
)
_CODE_FONTS = re.compile(
    r"(courier|consolas|menlo|monaco|lucida (console|sans typewriter)|cascadia (code|mono)"
    r"|(dejavu|liberation|ubuntu|noto|roboto|ibm plex|pt|fira) (sans )?(mono|code)|source code pro"
    r"|andale mono|inconsolata|sf mono|jetbrains mono)\b.*",
    re.IGNORECASE,
)
_TABLE_PARTS = frozenset({"firstRow", "firstCol"})
_BODY_LEVEL = 9  # of an outline, counted from 0
_LEVELS = 9
_MAX_LABEL_CHARS = 100
_LEVEL_SIGN = re.compile(r"%([1-9])")


def is_code_font(font: str) -> bool:
    """Return whether a font is one that code is set in."""
    return bool(_CODE_FONTS.fullmatch(font))


def property_value(parent: Element | None, path: str) -> str:
    """Return the value of a property such as ``pPr/pStyle``; "" if it is absent."""
    if parent is None:
        return ""
    found = parent.find(_word_path(path))
    return "" if found is None else str(found.get(f"{WORD}val", ""))


@functools.cache
def _word_path(path: str) -> str:
    return "/".join(f"{WORD}{name}" for name in path.split("/"))


@dataclass(frozen=True, slots=True)
class Style:
    """What a style and those that it is based on say."""

    name: str = ""
    level: int = 0
    """Of a heading, from 1; else 0."""
    num_id: str = ""
    list_level: int | None = None
    is_bold: bool = False
    is_italic: bool = False
    is_hidden: bool = False
    font: str = ""
    position: str = ""
    """``"superscript"``, ``"subscript"`` or ""."""
    table_parts: frozenset[str] = frozenset()
    """The parts of a table that a style of tables sets off, such as ``"firstRow"``."""

    @property
    def is_quotation(self) -> bool:
        """Whether its paragraphs are quoted."""
        return self.name in _QUOTATION_NAMES

    @property
    def is_code(self) -> bool:
        """Whether its text is code."""
        return self.name in _CODE_NAMES or is_code_font(self.font)


class StyleSheet:
    """The styles of a document; unknown ones say nothing."""

    def __init__(self, root: Element | None) -> None:
        self._elements: dict[str, Element] = {}
        self._styles: dict[str, Style] = {}
        self._default = ""
        for element in [] if root is None else root.iterchildren(f"{WORD}style"):
            style_id = element.get(f"{WORD}styleId", "")
            self._elements.setdefault(style_id, element)
            is_default = has_attribute(element, f"{WORD}default")
            if is_default and element.get(f"{WORD}type") == "paragraph":
                self._default = style_id

    def paragraph_style(self, paragraph: Element) -> tuple[str, Style]:
        """Return the id and the style of a paragraph."""
        style_id = property_value(paragraph, "pPr/pStyle") or self._default
        return style_id, self.style(style_id)

    def style(self, style_id: str) -> Style:
        """Return the style with this id."""
        chain: list[str] = []
        while style_id in self._elements and style_id not in self._styles:
            if style_id in chain or len(chain) >= _MAX_ANCESTORS:
                break
            chain.append(style_id)
            style_id = property_value(self._elements[style_id], "basedOn")
        found = self._styles.get(style_id, Style())
        for style_id in reversed(chain):
            found = self._styles[style_id] = _style(self._elements[style_id], found)
        return found


def _style(element: Element, parent: Style) -> Style:
    """Return a style that is based on another."""

    def is_set(name: str, *, inherited: bool) -> bool:
        return is_on(element.find(f"{WORD}rPr/{WORD}{name}"), default=inherited)

    name = property_value(element, "name").lower()
    list_level = property_value(element, "pPr/numPr/ilvl")
    conditions = element.iterchildren(f"{WORD}tblStylePr")
    parts = {str(part.get(f"{WORD}type", "")) for part in conditions if len(part)}
    return Style(
        name=name,
        level=_heading_level(name, property_value(element, "pPr/outlineLvl"), parent.level),
        num_id=property_value(element, "pPr/numPr/numId") or parent.num_id,
        list_level=whole_number(list_level) if list_level else parent.list_level,
        is_bold=is_set("b", inherited=parent.is_bold),
        is_italic=is_set("i", inherited=parent.is_italic),
        is_hidden=is_set("vanish", inherited=parent.is_hidden),
        font=_own_font(element, parent),
        position=property_value(element, "rPr/vertAlign") or parent.position,
        table_parts=parent.table_parts | (parts & _TABLE_PARTS),
    )


def _own_font(element: Element, parent: Style) -> str:
    """Return the font of a style, unless it is that of the default style."""
    fonts = element.find(f"{WORD}rPr/{WORD}rFonts")
    if fonts is None or has_attribute(element, f"{WORD}default"):
        return parent.font
    return str(fonts.get(f"{WORD}ascii", ""))


def _heading_level(name: str, outline: str, inherited: int) -> int:
    if outline:
        level = whole_number(outline, _BODY_LEVEL)
        return level + 1 if 0 <= level < _BODY_LEVEL else 0
    return named_level(name) or inherited


def named_level(name: str) -> int:
    """Return the level of headings in a style with this name, in small letters; else 0."""
    if name == "title":
        return 1
    heading = _HEADING_NAME.fullmatch(name)
    return int(heading[1]) if heading else 0


@dataclass(slots=True)
class _Level:
    """How a level of a list is numbered."""

    start: int = 1
    format: str = "decimal"
    text: str = ""
    restart: int = -1
    is_legal: bool = False
    """Whether the numbers of upper levels are shown in digits."""
    style: str = ""


@dataclass(slots=True)
class _List:
    levels: list[_Level]
    overrides: dict[int, int]
    """Where the count of a level starts again when this list is used first."""
    counts: list[int | None] = field(default_factory=list)
    """Of each level; shared by the lists of one definition."""


@dataclass(frozen=True, slots=True)
class Label:
    """The number or bullet of a paragraph."""

    text: str
    """Such as ``"2.1."``; "" for a bullet."""
    depth: int
    is_bullet: bool


class Numbering:
    """Counts the numbered paragraphs of a document."""

    def __init__(self, root: Element | None, styles: StyleSheet) -> None:
        self._styles = styles
        self._definitions: dict[str, Element] = {}
        self._lists: dict[str, Element] = {}
        self._opened: dict[str, _List | None] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._levels: dict[str, list[_Level]] = {}
        self._links: dict[str, str] = {}
        for element in [] if root is None else root:
            if element.tag == f"{WORD}abstractNum":
                self._definitions[element.get(f"{WORD}abstractNumId", "")] = element
            elif element.tag == f"{WORD}num":
                self._lists[element.get(f"{WORD}numId", "")] = element

    def next_label(self, paragraph: Element) -> Label | None:
        """Return the label of the next paragraph; None if it is in no list."""
        style_id, style = self._styles.paragraph_style(paragraph)
        num_id = property_value(paragraph, "pPr/numPr/numId") or style.num_id
        opened = self._open(num_id)
        if opened is None:
            # A built-in style of a list whose definition is missing.
            is_item = bool(re.match(r"list (bullet|number)", style.name)) and num_id != "0"
            return Label("", 1, is_bullet=True) if is_item else None
        own_level = property_value(paragraph, "pPr/numPr/ilvl")
        at = whole_number(own_level) if own_level else self._style_level(opened, style_id, style)
        at = max(0, min(at, _LEVELS - 1))
        level = opened.levels[at]
        _count(opened, at)
        if level.format == "bullet":
            return Label("", at + 1, is_bullet=True)
        return Label(_label_text(opened, level), at + 1, is_bullet=False)

    def _style_level(self, opened: _List, style_id: str, style: Style) -> int:
        linked = (at for at, level in enumerate(opened.levels) if level.style == style_id)
        return next(linked, style.list_level or 0) if style_id else 0

    def _open(self, num_id: str) -> _List | None:
        if num_id not in self._opened:
            self._opened[num_id] = self._read(num_id)
        return self._opened[num_id]

    def _read(self, num_id: str) -> _List | None:
        element = self._lists.get(num_id)
        if element is None or num_id == "0":
            return None
        definition = self._definition(element)
        if definition is None:
            return None
        key = definition.get(f"{WORD}abstractNumId", "")
        if key not in self._levels:
            self._levels[key] = [_Level() for _ in range(_LEVELS)]
            for entry in definition.iterchildren(f"{WORD}lvl"):
                _read_level(entry, self._levels[key])
        levels = list(self._levels[key])
        overrides: dict[int, int] = {}
        for override in element.iterchildren(f"{WORD}lvlOverride"):
            for entry in override.iterchildren(f"{WORD}lvl"):
                _read_level(entry, levels)
            start = property_value(override, "startOverride")
            if start:
                overrides[whole_number(override.get(f"{WORD}ilvl"))] = whole_number(start, 1)
        counts = self._counts.setdefault(key, [None] * _LEVELS)
        return _List(levels, overrides, counts)

    def _definition(self, element: Element) -> Element | None:
        """Return the definition of a list, which may name a style that has the levels."""
        key = property_value(element, "abstractNumId")
        definition = self._definitions.get(key)
        if key not in self._links:
            self._links[key] = property_value(definition, "numStyleLink")
        linked = self._links[key]
        if linked:
            num_id = self._styles.style(linked).num_id
            other = property_value(self._lists.get(num_id), "abstractNumId")
            return self._definitions.get(other, definition)
        return definition


def _read_level(entry: Element, levels: list[_Level]) -> None:
    at = whole_number(entry.get(f"{WORD}ilvl"), -1)
    if 0 <= at < _LEVELS:
        levels[at] = _Level(
            start=whole_number(property_value(entry, "start")),
            format=_number_format(entry),
            text=property_value(entry, "lvlText")[:_MAX_LABEL_CHARS],
            restart=whole_number(property_value(entry, "lvlRestart"), -1),
            is_legal=is_on(entry.find(f"{WORD}isLgl")),
            style=property_value(entry, "pStyle"),
        )


def _number_format(entry: Element) -> str:
    # A format of a newer version is an alternative.
    found = next(entry.iter(f"{WORD}numFmt"), None)
    return "decimal" if found is None else str(found.get(f"{WORD}val", "decimal"))


def _count(opened: _List, at: int) -> None:
    """Count one more paragraph of a level."""
    counts = opened.counts
    if at in opened.overrides:
        counts[at] = opened.overrides.pop(at)
    else:
        before = counts[at]
        counts[at] = opened.levels[at].start if before is None else before + 1
    for upper in range(at):
        if counts[upper] is None:
            counts[upper] = opened.levels[upper].start
    for lower in range(at + 1, _LEVELS):
        restart = opened.levels[lower].restart
        if restart < 0 or (restart and at < restart):
            counts[lower] = None


def _label_text(opened: _List, level: _Level) -> str:
    def shown(found: re.Match[str]) -> str:
        at = int(found[1]) - 1
        upper = opened.levels[at]
        style = "decimal" if level.is_legal else upper.format
        count = opened.counts[at]
        return formatted_number(upper.start if count is None else count, style)

    return " ".join(_LEVEL_SIGN.sub(shown, level.text).split())

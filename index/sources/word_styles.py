"""Resolve the styles and the list numbers of Word documents."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field

from index.sources.numbering import formatted_number
from index.sources.open_xml import WORD, Element, has_attribute, is_on, whole_number

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
        if style_id not in self._styles:
            self._styles[style_id] = self._resolve(style_id)
        return self._styles[style_id]

    def formats(self, table_style: str, part: str) -> bool:
        """Return whether a table style sets off a part of tables, such as ``"firstRow"``."""
        return any(
            condition.get(f"{WORD}type") == part and len(condition)
            for style in self._chain(table_style)
            for condition in style.iterchildren(f"{WORD}tblStylePr")
        )

    def _chain(self, style_id: str) -> list[Element]:
        """Return a style and those it is based on."""
        chain: list[Element] = []
        while style_id in self._elements and len(chain) < _MAX_ANCESTORS:
            chain.append(self._elements[style_id])
            style_id = property_value(chain[-1], "basedOn")
        return chain

    def _resolve(self, style_id: str) -> Style:
        chain = self._chain(style_id)

        def first(path: str) -> str:
            return next(filter(None, (property_value(style, path) for style in chain)), "")

        def is_set(name: str) -> bool:
            found = (style.find(f"{WORD}rPr/{WORD}{name}") for style in chain)
            return is_on(next((element for element in found if element is not None), None))

        names = [property_value(style, "name").lower() for style in chain]
        list_level = first("pPr/numPr/ilvl")
        return Style(
            name=names[0] if names else "",
            level=_heading_level(names, first("pPr/outlineLvl")),
            num_id=first("pPr/numPr/numId"),
            list_level=whole_number(list_level) if list_level else None,
            is_bold=is_set("b"),
            is_italic=is_set("i"),
            is_hidden=is_set("vanish"),
            font=_own_font(chain),
            position=first("rPr/vertAlign"),
        )


def _own_font(chain: list[Element]) -> str:
    """Return the font of a style, unless it is that of the default style."""
    for style in chain:
        fonts = style.find(f"{WORD}rPr/{WORD}rFonts")
        if fonts is not None and not style.get(f"{WORD}default"):
            return str(fonts.get(f"{WORD}ascii", ""))
    return ""


def _heading_level(names: list[str], outline: str) -> int:
    if outline:
        level = whole_number(outline, _BODY_LEVEL)
        return level + 1 if 0 <= level < _BODY_LEVEL else 0
    return next(filter(None, map(named_level, names)), 0)


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
        levels = [_Level() for _ in range(_LEVELS)]
        for entry in definition.iterchildren(f"{WORD}lvl"):
            _read_level(entry, levels)
        overrides: dict[int, int] = {}
        for override in element.iterchildren(f"{WORD}lvlOverride"):
            for entry in override.iterchildren(f"{WORD}lvl"):
                _read_level(entry, levels)
            start = property_value(override, "startOverride")
            if start:
                overrides[whole_number(override.get(f"{WORD}ilvl"))] = whole_number(start, 1)
        key = definition.get(f"{WORD}abstractNumId", "")
        counts = self._counts.setdefault(key, [None] * _LEVELS)
        return _List(levels, overrides, counts)

    def _definition(self, element: Element) -> Element | None:
        """Return the definition of a list, which may name a style that has the levels."""
        definition = self._definitions.get(property_value(element, "abstractNumId"))
        linked = property_value(definition, "numStyleLink")
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

"""Open OpenDocument files and resolve their styles and list numbers."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import PROTECTED, Archive, parse_xml
from index.sources.document import InlineMark
from index.sources.numbering import letter_number, roman
from index.sources.office.open_xml import Element, whole_number
from index.sources.office.word_styles import is_code_font
from index.sources.titles import written_title
from index.structure import MarkKind

_NAMESPACE = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
OFFICE, TEXT, TABLE, DRAW, STYLE, CHART, PRESENTATION, MANIFEST = (
    _NAMESPACE % name
    for name in "office text table drawing style chart presentation manifest".split()
)
SVG = _NAMESPACE % "svg-compatible"
FO = _NAMESPACE % "xsl-fo-compatible"
XLINK = "{http://www.w3.org/1999/xlink}"

_TITLE = "{http://purl.org/dc/elements/1.1/}title"
_ZIP = b"PK"
_MAX_ANCESTORS = 20  # of a style; a file may contain a cycle of them
_LEVELS = 10
_MAX_LABEL_CHARS = 100
_BOLD = re.compile(r"bold|[6-9]00")
_LENGTH = re.compile(r"(-?\d{1,6}(?:\.\d{1,9})?)(cm|mm|in|pt|pc|px)?")
_CENTIMETRES = {"cm": 1.0, "mm": 0.1, "in": 2.54, "pt": 2.54 / 72, "pc": 2.54 / 6, "px": 2.54 / 96}
_CODE_NAMES = frozenset({"Source Text", "Preformatted Text", "Teletype"})
_QUOTATIONS = frozenset({"Quotations", "Quotation", "Quote"})


def length(text: str | None) -> float:
    """Return a length in centimetres; 0 if it is something else."""
    found = _LENGTH.fullmatch(text or "")
    return float(found[1]) * _CENTIMETRES.get(found[2] or "cm", 1.0) if found else 0.0


def covered_columns(above: Mapping[int, object], columns: range) -> list[int]:
    """Return which columns of ``above`` are among these, of which a file gives any number."""
    shorter = columns if len(columns) < len(above) else sorted(above)
    return [at for at in shorter if at in above and at in columns]


def _open_unprotected(data: bytes, limits: LoadLimits) -> Archive:
    """Return an archive; raises UnreadableFile if it is password-protected."""
    archive = Archive(data, limits)
    manifest = archive.find("META-INF/manifest.xml")
    if manifest:
        encryption = archive.xml(manifest).iter(f"{MANIFEST}encryption-data")
        if next(encryption, None) is not None:
            raise UnreadableFile(PROTECTED)
    return archive


class Document:
    """The parts of an OpenDocument file, zipped or flat (one XML file).

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged or protected.
    """

    def __init__(self, data: bytes, limits: LoadLimits) -> None:
        self._archive = _open_unprotected(data, limits) if data.startswith(_ZIP) else None
        self._objects: dict[str, tuple[Element, Element | None]] = {}
        if self._archive is None:
            self._content = parse_xml(data)
            self._roots = [self._content]
            return
        self._content = self._archive.xml("content.xml")
        styles = self._part("styles.xml")
        self._roots = [self._content] if styles is None else [styles, self._content]

    def _part(self, name: str) -> Element | None:
        """Return the root of a part beside the content; None if it is missing or damaged."""
        if self._archive is None or name not in self._archive.names:
            return None
        with suppress(UnreadableFile):
            return self._archive.xml(name)
        return None

    def body(self) -> Element | None:
        """Return the element that holds the text."""
        return self._content.find(f"{OFFICE}body")

    def title(self) -> str:
        """Return the title in the properties; "" if there is none."""
        root = self._content if self._archive is None else self._part("meta.xml")
        meta = None if root is None else root.find(f"{OFFICE}meta")
        return "" if meta is None else written_title(meta.findtext(_TITLE) or "")

    def styles(self, tag: str) -> list[Element]:
        """Return the common and the automatic styles with this tag."""
        places = (f"{OFFICE}styles", f"{OFFICE}automatic-styles")
        return [
            e for root in self._roots for place in places for e in root.iterfind(f"{place}/{tag}")
        ]

    def embedded(self, holder: Element) -> Element | None:
        """Return the root of an object such as a chart or a formula.

        Returns None if it is missing, damaged or shown in another place before.
        """
        if len(holder):
            return holder[0]
        folder = posixpath.normpath(holder.get(f"{XLINK}href", "").replace("\\", "/"))
        if folder not in self._objects:
            self._objects[folder] = holder, self._part(posixpath.join(folder, "content.xml"))
        first, root = self._objects[folder]
        return root if first is holder else None


@dataclass(frozen=True, slots=True)
class Look:
    """What a style says of text; None where it says nothing."""

    is_bold: bool | None = None
    is_italic: bool | None = None
    is_code: bool | None = None
    position: str | None = None
    """``"super"``, ``"sub"`` or ""."""
    is_hidden: bool = False
    level: int = 0
    is_quotation: bool = False

    @property
    def marks(self) -> tuple[InlineMark, ...]:
        """The marks of text in this style."""
        return self.changed(()) if not self.is_code else ()

    def changed(self, marks: tuple[InlineMark, ...]) -> tuple[InlineMark, ...]:
        """Return the marks of text in this style within text with other marks."""
        kinds = {
            MarkKind.STRONG: self.is_bold,
            MarkKind.EMPHASIS: self.is_italic,
            MarkKind.CODE: self.is_code,
        }
        kept = tuple(mark for mark in marks if kinds.get(mark.kind) is None)
        return kept + tuple(InlineMark(kind) for kind, is_set in kinds.items() if is_set)


class Styles:
    """The styles of a document; unknown ones say nothing."""

    def __init__(self, document: Document) -> None:
        self.title = ""
        """The first paragraph in the style of titles, once it is read."""
        self._elements: dict[tuple[str, str], Element] = {}
        for element in document.styles(f"{STYLE}style"):
            key = element.get(f"{STYLE}family", ""), element.get(f"{STYLE}name", "")
            self._elements[key] = element
        self._looks: dict[tuple[str, str], Look] = {}

    def paragraph(self, name: str) -> Look:
        """Return what a style of paragraphs says."""
        return self._look("paragraph", name)

    def text(self, name: str) -> Look:
        """Return what a style of characters says."""
        return self._look("text", name)

    def is_invisible(self, shape: Element) -> bool:
        """Return whether a shape is not shown."""
        return bool(shape.get(f"{DRAW}display", "always") not in ("always", "screen"))

    def is_hidden_slide(self, slide: Element) -> bool:
        """Return whether a slide is left out of the show."""
        element = self._elements.get(("drawing-page", slide.get(f"{DRAW}style-name", "")))
        if element is None:
            return False
        properties = element.find(f"{STYLE}drawing-page-properties")
        return properties is not None and properties.get(f"{PRESENTATION}visibility") == "hidden"

    def _look(self, family: str, name: str) -> Look:
        chain: list[str] = []
        while (family, name) in self._elements and (family, name) not in self._looks:
            if name in chain or len(chain) >= _MAX_ANCESTORS:
                break
            chain.append(name)
            name = self._elements[family, name].get(f"{STYLE}parent-style-name", "")
        found = self._looks.get((family, name)) or _named(Look(), family, name)
        for own in reversed(chain):
            found = self._looks[family, own] = _look(self._elements[family, own], family, found)
        return found


def _look(style: Element, family: str, parent: Look) -> Look:
    """Return the look of a style that is based on another."""
    found: dict[str, str] = {}
    for properties in style.iterchildren(f"{STYLE}text-properties"):
        found.update(properties.attrib)
    weight, slant = found.get(f"{FO}font-weight"), found.get(f"{FO}font-style")
    font = found.get(f"{STYLE}font-name", found.get(f"{FO}font-family"))
    display = found.get(f"{TEXT}display")
    position = _position(found.get(f"{STYLE}text-position"))
    look = Look(
        is_bold=parent.is_bold if weight is None else bool(_BOLD.fullmatch(weight)),
        is_italic=parent.is_italic if slant is None else slant in ("italic", "oblique"),
        is_code=parent.is_code if font is None else is_code_font(font.strip("'\"")),
        position=parent.position if position is None else position,
        is_hidden=parent.is_hidden if display is None else display == "none",
        level=parent.level,
        is_quotation=parent.is_quotation,
    )
    return _named(look, family, style.get(f"{STYLE}name", ""))


def _named(look: Look, family: str, name: str) -> Look:
    """Return a look with what the name of its style says."""
    name = name.replace("_20_", " ")
    if name in _CODE_NAMES:
        return replace(look, is_code=True)
    if name in _QUOTATIONS:
        return replace(look, is_quotation=True)
    return replace(look, level=1) if name == "Title" and family == "paragraph" else look


def _position(text: str | None) -> str | None:
    if text is None:
        return None
    first = text.split()[0] if text.split() else ""
    if first in ("super", "sub"):
        return first
    is_raised = whole_number(first.rstrip("%")) > 0
    return "super" if is_raised else "sub" if first.startswith("-") else ""


@dataclass(slots=True)
class _Level:
    """How a level of a list is numbered."""

    is_bullet: bool = True
    format: str = ""
    before: str = ""
    after: str = ""
    start: int = 1
    shown_levels: int = 1


@dataclass(slots=True)
class _Open:
    """A list that is being read."""

    style: str
    element: Element
    is_labelled: bool = True
    """Whether the item has had its label."""


@dataclass(slots=True)
class Lists:
    """Counts the items of the lists of a document."""

    document: Document
    styles: Styles
    _levels: dict[str, dict[int, _Level]] = field(default_factory=dict)
    _outline: dict[int, _Level] = field(default_factory=dict)
    _open: list[_Open] = field(default_factory=list)
    _paused: list[list[_Open]] = field(default_factory=list)
    _counts: dict[str, list[int | None]] = field(default_factory=dict)
    _last: dict[str, list[int | None]] = field(default_factory=dict)
    """The counts of lists that others continue, by their ids."""

    def __post_init__(self) -> None:
        """Read the styles of lists."""
        for element in self.document.styles(f"{TEXT}list-style"):
            self._levels[element.get(f"{STYLE}name", "")] = _read_levels(element)
        for element in self.document.styles(f"{TEXT}outline-style"):
            self._outline = _read_levels(element)

    @property
    def depth(self) -> int:
        """How deep the current list is nested; 0 outside of lists."""
        return len(self._open)

    def enter(self, element: Element) -> None:
        """Begin a list."""
        style = element.get(f"{TEXT}style-name", "")
        if not style and self._open:
            style = self._open[-1].style
        if not self._open:
            self._start_counts(element, style)
        elif style not in self._counts:
            self._counts[style] = [None] * _LEVELS
        elif len(self._open) < _LEVELS:
            self._counts[style][len(self._open)] = None
        self._open.append(_Open(style, element))

    def _start_counts(self, element: Element, style: str) -> None:
        continued = self._last.get(element.get(f"{TEXT}continue-list", ""))
        goes_on = element.get(f"{TEXT}continue-numbering") == "true"
        if continued is not None:
            self._counts[style] = continued
        elif not (goes_on and style in self._counts):
            self._counts[style] = [None] * _LEVELS
        list_id = element.get("{http://www.w3.org/XML/1998/namespace}id")
        if list_id:
            self._last[list_id] = self._counts[style]

    def leave(self) -> None:
        """End the current list."""
        self._open.pop()

    def pause(self) -> None:
        """Leave all lists for a while, as in a text box."""
        self._paused.append(self._open)
        self._open = []

    def resume(self) -> None:
        """Go on with the lists that were left."""
        self._open = self._paused.pop()

    def start_item(self, element: Element) -> None:
        """Begin an item, or a part of a list without a label."""
        if not self._open:
            return
        current = self._open[-1]
        current.is_labelled = element.tag == f"{TEXT}list-header"
        if current.is_labelled:
            return
        counts, at = self._counts[current.style], min(len(self._open), _LEVELS) - 1
        level = self._levels.get(current.style, {}).get(at, _Level())
        start = element.get(f"{TEXT}start-value")
        before = counts[at]
        if start is not None:
            counts[at] = whole_number(start, 1)
        else:
            counts[at] = level.start if before is None else before + 1
        counts[at + 1 :] = [None] * (_LEVELS - at - 1)

    def next_label(self) -> str:
        """Return the number or bullet of the next paragraph; "" if the item has had it."""
        current = self._open[-1]
        if current.is_labelled:
            return ""
        current.is_labelled = True
        levels = self._levels.get(current.style, {})
        at = min(len(self._open), _LEVELS) - 1
        level = levels.get(at, _Level())
        if level.is_bullet:
            return "-"
        return _label(levels, self._counts[current.style], at)

    def heading_label(self, heading: Element, level: int) -> str:
        """Return the number of the next heading; "" if it has none."""
        at = min(level, _LEVELS) - 1
        if self._open:
            return self.next_label().replace("-", "", 1)
        if at not in self._outline or heading.get(f"{TEXT}is-list-header") == "true":
            return ""
        counts = self._counts.setdefault("", [None] * _LEVELS)
        before = counts[at]
        counts[at] = self._outline[at].start if before is None else before + 1
        counts[at + 1 :] = [None] * (_LEVELS - at - 1)
        return "" if self._outline[at].is_bullet else _label(self._outline, counts, at)


def _read_levels(style: Element) -> dict[int, _Level]:
    levels = {}
    for element in style:
        at = whole_number(element.get(f"{TEXT}level")) - 1
        if isinstance(element.tag, str) and 0 <= at < _LEVELS:
            levels[at] = _Level(
                is_bullet=element.tag.endswith(("bullet", "image")),
                format=element.get(f"{STYLE}num-format", ""),
                before=element.get(f"{STYLE}num-prefix", "")[:_MAX_LABEL_CHARS],
                after=element.get(f"{STYLE}num-suffix", "")[:_MAX_LABEL_CHARS],
                start=whole_number(element.get(f"{TEXT}start-value"), 1),
                shown_levels=whole_number(element.get(f"{TEXT}display-levels"), 1),
            )
    return levels


def _label(levels: dict[int, _Level], counts: list[int | None], at: int) -> str:
    level = levels[at]
    if not level.format:
        return ""
    numbers = []
    for upper in range(max(0, at + 1 - level.shown_levels), at + 1):
        style = levels.get(upper, level)
        if style.format:
            count = counts[upper]
            numbers.append(_number(style.start if count is None else count, style.format))
    return f"{level.before}{'.'.join(numbers)}{level.after}".strip()


def _number(number: int, number_format: str) -> str:
    write = {"i": roman, "a": letter_number}.get(number_format.lower(), str)
    return write(number).upper() if number_format.isupper() else write(number)

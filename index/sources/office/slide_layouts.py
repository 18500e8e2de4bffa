"""Resolve what slides inherit from their layouts and masters: places and list styles."""

from __future__ import annotations

import re

from index.sources.office.open_xml import DRAWING, SLIDES, Element, Package, whole_number
from index.sources.office.reading_order import Box

TITLES = ("title", "ctrTitle")
"""The kinds of placeholders that hold the title of a slide."""

_LEVEL_NAME = re.compile(rf"{re.escape(DRAWING)}lvl([1-9])pPr")
_BULLETS = tuple(f"{DRAWING}{name}" for name in ("buNone", "buAutoNum", "buChar", "buBlip"))


class PlaceholderSet:
    """The placeholders of a layout or a master."""

    def __init__(self, root: Element) -> None:
        self.styles = list(root.iterfind(f"{SLIDES}txStyles/{SLIDES}bodyStyle"))
        self._by_index: dict[str, Element] = {}
        self._by_kind: dict[str, Element] = {}
        for mark in root.iter(f"{SLIDES}ph"):
            shape = mark.getparent().getparent().getparent()
            self._by_index.setdefault(mark.get("idx", ""), shape)
            self._by_kind.setdefault(_kin(mark.get("type", "")), shape)

    def find(self, mark: Element) -> Element | None:
        """Return the placeholder that another one follows, if any."""
        index = mark.get("idx")
        found = None if index is None else self._by_index.get(index)
        return self._by_kind.get(_kin(mark.get("type", ""))) if found is None else found


class SlideLayouts:
    """The layouts and masters of slides, whose placeholders and list styles slides inherit."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._chains: dict[str, list[PlaceholderSet]] = {}
        self._parts: dict[str, PlaceholderSet | None] = {}
        self._bullets: dict[Element, dict[int, Element]] = {}
        self._boxes: dict[Element, Box | None] = {}
        self._list_styles: dict[Element, list[Element]] = {}

    def chain(self, slide: str) -> list[PlaceholderSet]:
        """Return the placeholders of the layout and the master of a slide, if they exist."""
        related = self._package.related(slide, "slideLayout")
        name = related[0].target if related else ""
        if name not in self._chains:
            masters = self._package.related(name, "slideMaster") if name else []
            found = [self._holders(part) for part in [name, *(m.target for m in masters[:1])]]
            self._chains[name] = [holders for holders in found if holders is not None]
        return self._chains[name]

    def _holders(self, part: str) -> PlaceholderSet | None:
        if part not in self._parts:
            root = self._package.part(part)
            self._parts[part] = None if root is None else PlaceholderSet(root)
        return self._parts[part]

    def bullets(self, style: Element) -> dict[int, Element]:
        """Return the elements that say the bullets of a list style, by the level from 0."""
        if style not in self._bullets:
            found: dict[int, Element] = {}
            for element in style.iterchildren():
                level = _LEVEL_NAME.fullmatch(str(element.tag))
                bullet = own_bullet(element) if level else None
                if level and bullet is not None:
                    found.setdefault(int(level[1]) - 1, bullet)
            self._bullets[style] = found
        return self._bullets[style]

    def list_styles(self, holder: Element) -> list[Element]:
        """Return the list style of a placeholder, if it has one."""
        if holder not in self._list_styles:
            found = holder.find(f"{SLIDES}txBody/{DRAWING}lstStyle")
            self._list_styles[holder] = [] if found is None else [found]
        return self._list_styles[holder]

    def box(self, shape: Element) -> Box | None:
        """Return where a shape or placeholder is, if it says so itself."""
        if shape not in self._boxes:
            self._boxes[shape] = _own_box(shape)
        return self._boxes[shape]


def _kin(kind: str) -> str:
    """Return the kind of the master's placeholder that a kind of placeholder follows."""
    if kind in TITLES:
        return "title"
    return "body" if kind in ("", "obj", "subTitle", "half") else kind


def own_bullet(properties: Element) -> Element | None:
    """Return the element that says the bullet of a paragraph; None if there is none."""
    return next(properties.iterchildren(*_BULLETS), None)


def _own_box(shape: Element) -> Box | None:
    places = (f"{SLIDES}spPr/{DRAWING}xfrm", f"{SLIDES}grpSpPr/{DRAWING}xfrm", f"{SLIDES}xfrm")
    for place in filter(lambda found: found is not None, map(shape.find, places)):
        offset, size = place.find(f"{DRAWING}off"), place.find(f"{DRAWING}ext")
        if offset is not None and size is not None:
            numbers = [offset.get("x"), offset.get("y"), size.get("cx"), size.get("cy")]
            return Box(*(float(whole_number(text)) for text in numbers))
    return None

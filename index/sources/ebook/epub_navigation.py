"""Read the navigation of an EPUB: labels and page numbers, by the places that they lead to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from index.errors import UnreadableFile
from index.sources.archive import Archive, parse_xml

_MAX_ANCESTORS = 100


class Label(NamedTuple):
    """What a table of contents calls a place."""

    text: str
    depth: int
    """How deep it is nested, from 1."""


@dataclass(frozen=True, slots=True)
class Navigation:
    """Where tables of contents and of pages lead: chapter, then fragment ("" is its start)."""

    labels: dict[str, dict[str, Label]] = field(default_factory=dict)
    page_numbers: dict[str, dict[str, str]] = field(default_factory=dict)


def read_navigation(archive: Archive, names: list[str]) -> Navigation:
    """Return what the files with these names list; those that cannot be read are passed over."""
    navigation = Navigation()
    for name in names:
        try:
            root = parse_xml(archive.read(name), recover=True)
        except UnreadableFile:
            continue
        for kind, target, words, depth in (*_nav_links(root), *_ncx_targets(root)):
            path, _, fragment = target.partition("#")
            chapter = archive.find(posixpath.join(posixpath.dirname(name), path)) if path else None
            text = " ".join(words.split())
            if chapter is None or not text:
                continue
            if kind == "toc":
                navigation.labels.setdefault(chapter, {}).setdefault(fragment, Label(text, depth))
            elif kind == "page-list":
                navigation.page_numbers.setdefault(chapter, {}).setdefault(fragment, text)
    return navigation


def element_name(element: Any) -> str:  # noqa: ANN401 - an lxml element
    """Return an element's name without its namespace, of which e-books have several."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def element_types(element: Any) -> frozenset[str]:  # noqa: ANN401 - an lxml element
    """Return what an element is, by its ``epub:type`` and ``role``, without the prefix "doc-"."""
    values = " ".join(
        value
        for name, value in element.attrib.items()
        if name == "role" or name.endswith((":type", "}type"))
    )
    return frozenset(value.lower().removeprefix("doc-") for value in values.split())


def _nav_links(root: Any) -> Iterator[tuple[str, str, str, int]]:  # noqa: ANN401 - an lxml element
    """Yield the kind, target, text and depth of each link of a navigation document."""
    for nav in root.iter():
        if element_name(nav) != "nav":
            continue
        kinds = element_types(nav)
        kind = next((kind for kind in ("page-list", "toc") if kind in kinds), "")
        kind = "page-list" if "pagelist" in kinds else kind
        for link in nav.iter() if kind else ():
            if element_name(link) == "a" and link.get("href"):
                yield kind, link.get("href"), "".join(link.itertext()), _depth(link, "ol")


def _ncx_targets(root: Any) -> Iterator[tuple[str, str, str, int]]:  # noqa: ANN401
    """Yield the kind, target, text and depth of each entry of an NCX file."""
    kinds = {"navPoint": "toc", "pageTarget": "page-list"}
    for entry in root.iter():
        kind = kinds.get(element_name(entry))
        if kind is None:
            continue
        path, text = "", ""
        for child in entry.iterchildren():
            if element_name(child) == "content":
                path = child.get("src", "")
            elif element_name(child) == "navLabel":
                text = "".join(child.itertext())
        yield kind, path, text, 1 + _depth(entry, "navPoint")


def _depth(element: Any, name: str) -> int:  # noqa: ANN401 - an lxml element
    """Return how many of the ancestors have this name."""
    ancestors = zip(range(_MAX_ANCESTORS), element.iterancestors(), strict=False)
    return sum(element_name(ancestor) == name for _, ancestor in ancestors)

"""Open the packages of Office Open XML: Word documents and presentations.

A package is a zip archive of XML parts that refer to each other by relationships. What is missing
or damaged beside the main part costs that part alone.
"""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import unquote

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import Archive, check_declarations, parse_xml
from index.sources.titles import written_title

Element: TypeAlias = Any  # of lxml, which has no types

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
DIAGRAM = "{http://schemas.openxmlformats.org/drawingml/2006/diagram}"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
SLIDES = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
COMPATIBILITY = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

# The variant Strict has the same names in other namespaces.
_STRICT = "http://purl.oclc.org/ooxml/"
_STRICT_NAME = re.compile(r"\{http://purl\.oclc\.org/ooxml/([^/}]+)/([^}]+)\}(.*)", re.DOTALL)
_XML_ENDS = (".xml", ".rels")
_MAX_TRIES = 3
_OFF = frozenset({"0", "false", "off", "none"})


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship of a part."""

    kind: str
    """The last word of its type, such as ``"footnotes"``."""
    target: str
    """The name of a part, or an address if it is external."""
    is_external: bool


class Package:
    """The parts of an Office Open XML file, of the variants Transitional and Strict.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged or protected, or a part declares entities.
    """

    def __init__(self, data: bytes, limits: LoadLimits) -> None:
        self._archive = Archive(data, limits)
        self._names = {_normal(name): name for name in self._archive.names}
        for name in self._archive.names:
            if name.lower().endswith(_XML_ENDS):
                check_declarations(self._archive.read(name))
        self._relations: dict[str, dict[str, Relation]] = {}
        self._used: set[str] = set()

    def main(self, usual: str, tag: str, invalid: str) -> tuple[str, Element]:
        """Return the name and the root of the main part.

        Args:
            usual: Its name if no relationship leads to it.
            tag: The tag of its root.
            invalid: The message of the error for another kind of file.

        Raises:
            UnreadableFile: There is none, or it cannot be parsed.
        """
        names = [relation.target for relation in self.related("", "officeDocument")]
        for name in [*names, usual]:
            if _normal(name) in self._names:
                root = self.root(name)
                if root.tag == tag:
                    return name, root
        raise UnreadableFile(invalid)

    def root(self, name: str) -> Element:
        """Return the root of a part; raises UnreadableFile if it is missing or damaged."""
        real = self._names.get(_normal(name), name)
        return _transitional(parse_xml(self._archive.read(real)))

    def part(self, name: str) -> Element | None:
        """Return the root of a part; None if it is missing or damaged."""
        with suppress(UnreadableFile):
            return self.root(name)
        return None

    def relations(self, name: str) -> dict[str, Relation]:
        """Return the relationships of a part by their ids; of the package if ``name`` is ""."""
        if name not in self._relations:
            folder, file = posixpath.split(name)
            root = self.part(posixpath.join(folder, "_rels", f"{file}.rels"))
            found = {} if root is None else {e.get("Id", ""): _relation(e, folder) for e in root}
            self._relations[name] = {key: value for key, value in found.items() if value}
        return self._relations[name]

    def related(self, name: str, kind: str) -> list[Relation]:
        """Return the relationships of a part to other parts of the package of this kind."""
        found = self.relations(name).values()
        return [entry for entry in found if entry.kind == kind and not entry.is_external]

    def related_part(self, name: str, kind: str) -> Element | None:
        """Return the root of the first part that a part is related to in this way, if any."""
        for relation in self.related(name, kind)[:_MAX_TRIES]:
            part = self.part(relation.target)
            if part is not None:
                return part
        return None

    def is_first_use(self, name: str) -> bool:
        """Return whether a part was not asked for before; many may refer to the same one."""
        is_first = name not in self._used
        self._used.add(name)
        return is_first

    def target(self, name: str, relation_id: str | None) -> Relation | None:
        """Return the relationship of a part with this id, if any."""
        return self.relations(name).get(relation_id or "")

    def title(self) -> str:
        """Return the title in the properties of the document; "" if a program made it up."""
        properties = self.related_part("", "core-properties")
        if properties is None:
            return ""
        found = properties.findtext("{http://purl.org/dc/elements/1.1/}title") or ""
        return written_title(found)


def is_on(element: Element | None, name: str = f"{WORD}val", *, default: bool = False) -> bool:
    """Return whether a property such as ``<w:b/>`` is on; ``default`` if there is none."""
    if element is None:
        return default
    return str(element.get(name, "1")).lower() not in _OFF


def has_attribute(element: Element | None, name: str) -> bool:
    """Return whether an element has an attribute that is on."""
    return element is not None and element.get(name, "0").lower() not in _OFF


def whole_number(text: str | None, default: int = 0) -> int:
    """Return a whole number of at most nine digits; ``default`` if it is something else."""
    found = re.fullmatch(r"\s*([-+]?[0-9]{1,9})(?:\.[0-9]*)?\s*", text or "")
    return int(found[1]) if found else default


def choice(element: Element) -> Element | None:
    """Return the one alternative of an ``mc:AlternateContent`` to be read, if any."""
    found = element.find(f"{COMPATIBILITY}Choice")
    return element.find(f"{COMPATIBILITY}Fallback") if found is None else found


def _normal(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()


def _relation(element: Element, folder: str) -> Relation | None:
    if not isinstance(element.tag, str):
        return None
    kind = element.get("Type", "").rpartition("/")[2]
    target = element.get("Target", "")
    if element.get("TargetMode", "").lower() == "external":
        return Relation(kind, target, is_external=True)
    path = unquote(target.partition("#")[0]).replace("\\", "/")
    return Relation(kind, posixpath.normpath(posixpath.join("/", folder, path))[1:], False)  # noqa: FBT003


def _transitional(root: Element) -> Element:
    """Return a tree with the namespaces of the variant Strict replaced by the usual ones."""
    if not any(uri.startswith(_STRICT) for uri in root.nsmap.values()):
        return root
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = _usual_name(element.tag)
            for name in list(element.attrib):
                usual = _usual_name(name)
                if usual != name:
                    element.set(usual, element.attrib.pop(name))
    return root


def _usual_name(name: str) -> str:
    found = _STRICT_NAME.match(name)
    if not found:
        return name
    return f"{{http://schemas.openxmlformats.org/{found[1]}/2006/{found[2]}}}{found[3]}"

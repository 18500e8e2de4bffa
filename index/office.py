"""Opening what Word and PowerPoint write, by the library that reads it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TypeVar

from index.archive import Archive, parse_xml
from index.errors import UnreadableFile
from index.limits import LoadLimits

T = TypeVar("T")


def opened(data: bytes, limits: LoadLimits, library: Callable[[BytesIO], T], wrong: str) -> T:
    """Return what ``library`` makes of a file, once each part of it was found to be sound here.

    The libraries bound nothing, and fail in various ways at a part that is broken; so what
    they still fail at is a part that is not what it is called, which ``wrong`` says.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged, protected, or of another kind.
    """
    archive = Archive(data, limits)
    for name in archive.names:
        if name.lower().endswith((".xml", ".rels")):
            parse_xml(archive.read(name))
    try:
        return library(BytesIO(data))
    except (AttributeError, KeyError, ValueError) as error:
        raise UnreadableFile(wrong) from error

"""What holds in a group of RTF, and the control words that only set it."""

from __future__ import annotations

from typing import NamedTuple

BODY_LEVEL = 9  # of an outline, counted from 0
DESTINATIONS = {
    "fonttbl": "fonts", "stylesheet": "styles", "info": "info", "title": "title",
    "fldinst": "instruction", "listtext": "label", "pntext": "label",
}  # fmt: skip
"""The control words that say what the text of a group is, and what it is."""


class RtfState(NamedTuple):
    """What holds until the end of a group."""

    destination: str = "text"
    is_bold: bool = False
    is_italic: bool = False
    is_hidden: bool = False
    is_deleted: bool = False
    position: str = ""
    font: int = -1
    fallback: int = 1
    """How many characters follow a Unicode one for programs that do not know it."""
    link: str = ""
    style: int = -1
    outline: int = BODY_LEVEL
    list_level: int = 0
    is_in_table: bool = False
    space: int = 0


# What control words set, by the name of what they set in the state.
TOGGLES = {
    "b": "is_bold", "i": "is_italic", "v": "is_hidden", "deleted": "is_deleted",
    "webhidden": "is_hidden",
}  # fmt: skip
NUMBERS = {"s": "style", "outlinelevel": "outline", "ilvl": "list_level", "uc": "fallback"}
POSITIONS = {"super": "super", "sub": "sub", "nosupersub": "", "up": "super", "dn": "sub"}
SPACES = ("sa", "sb", "fi")

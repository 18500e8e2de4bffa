"""Read the instructions of fields, which Word documents and RTF share."""

from __future__ import annotations

import re

from index.sources.office.symbols import symbol

_ADDRESS = re.compile(r'\s*HYPERLINK\s+(?:\\[a-z]\s+)*"([^"]+)"', re.IGNORECASE)
_SYMBOL = re.compile(
    r"\s*SYMBOL\s+(\d{1,5}|0x[0-9a-f]{1,4})\b(?:[^\\]*\\[a-eg-z])*[^\\]*(?:\\f\s*\"?([^\"\\]+))?",
    re.IGNORECASE,
)
_MAX_CODE = 0xFFFF


def address_of(instruction: str) -> str:
    """Return the address that a field links to; "" if it is no link to another document."""
    found = _ADDRESS.match(instruction)
    if not found or instruction[: found.start(1)].lower().rstrip('" ').endswith("\\l"):
        return ""
    return found[1]


def symbol_of(instruction: str) -> str:
    """Return the sign that a field of the kind SYMBOL shows; "" for another field."""
    found = _SYMBOL.match(instruction)
    if not found:
        return ""
    code = int(found[1], 16 if found[1][:2].lower() == "0x" else 10)
    return symbol(code, (found[2] or "symbol").strip()) if 0 < code <= _MAX_CODE else ""

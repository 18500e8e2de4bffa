"""Read RTF: text, title and headings, by striprtf."""

from __future__ import annotations

import re

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import DAMAGED
from index.sources.document import ParsedDocument, clean
from index.sources.plain_text import plain_text_headings

# Pictures are long runs of hexadecimal digits, which striprtf would read one by one.
_PICTURE = re.compile(rb"(?<![0-9a-fA-F\r\n])[0-9a-fA-F\r\n]{1000,}")
# For each font, striprtf searches for its character set up to the next semicolon or newline, so
# each font gets both.
_FONT = re.compile(r"(?=\\f\d)")
_FONT_END = ";\n"
# striprtf's pattern for the address of a link takes unbounded time on hostile input. With a space
# here it does not match; the visible text of the link is still read.
_LINK = re.compile(r"(\\fldinst)\{", re.IGNORECASE)
_TITLE = re.compile(r"\{\\title ([^{}\\]{1,500})\}")
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")


def read_rtf(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of an RTF file, with headings as in a plain text.

    Raises:
        TooLarge: It has too much text.
        UnreadableFile: It is damaged.
    """
    from striprtf.striprtf import font_table_group, rtf_to_text

    if not data.rstrip(b"\0 \r\n\t").endswith(b"}"):
        msg = f"The end of the RTF file is missing. {DAMAGED}"
        raise UnreadableFile(msg)
    # For characters beyond ASCII that are not escaped.
    code_page = _CODE_PAGE.search(data[:1000])
    source = _decode(_PICTURE.sub(b"", data), code_page[1].decode() if code_page else "1252")
    fonts = font_table_group(source)  # type: ignore[no-untyped-call] # striprtf has no types
    if fonts:
        bounded = _FONT.sub(_FONT_END, fonts[:-1]) + _FONT_END + fonts[-1]
        source = source.replace(fonts, bounded, 1)
    try:
        text = rtf_to_text(_LINK.sub(r"\1 {", source), errors="replace")  # type: ignore[no-untyped-call] # as above
    except (ValueError, OverflowError, TypeError, LookupError) as error:
        msg = f"The RTF file cannot be read. {DAMAGED}"
        raise UnreadableFile(msg) from error
    text = "\n".join(line.strip(" \t") for line in clean(text).split("\n")).strip()
    limits.check_chars(len(text))
    title = _TITLE.search(source)
    return ParsedDocument(text, title[1].strip() if title else "", plain_text_headings(text))


def _decode(data: bytes, code_page: str) -> str:
    try:
        return data.decode(f"cp{code_page}", "replace")
    except LookupError:
        return data.decode("cp1252", "replace")

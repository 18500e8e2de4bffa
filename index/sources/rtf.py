"""RTF → text and headings, by striprtf."""

from __future__ import annotations

import re

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import DAMAGED
from index.sources.document import ParsedDocument, check_chars, clean
from index.sources.plain_text import plain_text_headings

# Pictures are long runs of hexadecimal digits, which striprtf would take one by one.
_PICTURE = re.compile(rb"(?<![0-9a-fA-F\r\n])[0-9a-fA-F\r\n]{1000,}")
# striprtf looks for a font's character set as far as the next semicolon or line's end, from
# each font again; so each font gets both.
_FONT = re.compile(r"(?=\\f\d)")
_FONT_END = ";\n"
# striprtf looks for a link's address with a pattern that takes time without bound on what
# is made to that end; with a space here it finds none, and the words of the link stay.
_LINK = re.compile(r"(\\fldinst)\{", re.IGNORECASE)
_TITLE = re.compile(r"\{\\title ([^{}\\]{1,500})\}")
_CODE_PAGE = re.compile(rb"\\ansicpg(\d{3,5})")


def read(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of an RTF file; headings are found as in a plain text.

    Raises:
        TooLarge: It has too much text.
        UnreadableFile: It is damaged.
    """
    from striprtf.striprtf import font_table_group, rtf_to_text

    if not data.rstrip(b"\0 \r\n\t").endswith(b"}"):
        msg = f"The end of the RTF file is missing. {DAMAGED}"
        raise UnreadableFile(msg)
    # Its signs beyond ASCII are escaped; where they are not, the code page says which they are.
    page = _CODE_PAGE.search(data[:1000])
    source = _decoded(_PICTURE.sub(b"", data), page[1].decode() if page else "1252")
    fonts = font_table_group(source)  # type: ignore[no-untyped-call] # it has none
    if fonts:
        parted = _FONT.sub(_FONT_END, fonts[:-1]) + _FONT_END + fonts[-1]
        source = source.replace(fonts, parted, 1)
    try:
        text = rtf_to_text(_LINK.sub(r"\1 {", source), errors="replace")  # type: ignore[no-untyped-call] # it has none
    except (ValueError, OverflowError, TypeError, LookupError) as error:
        msg = f"The RTF file cannot be read. {DAMAGED}"
        raise UnreadableFile(msg) from error
    text = "\n".join(line.strip(" \t") for line in clean(text).split("\n")).strip()
    check_chars(len(text), limits)
    title = _TITLE.search(source)
    return ParsedDocument(text, title[1].strip() if title else "", plain_text_headings(text))


def _decoded(data: bytes, code_page: str) -> str:
    try:
        return data.decode(f"cp{code_page}", "replace")
    except LookupError:
        return data.decode("cp1252", "replace")

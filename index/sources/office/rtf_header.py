"""Keep the fonts, styles and encodings that the header of an RTF file declares."""

from __future__ import annotations

from dataclasses import dataclass

from index.sources.office.rtf_state import BODY_LEVEL, RtfState
from index.sources.office.rtf_tokens import SYMBOL_CHARSET, charset_encoding, code_page_encoding
from index.sources.office.symbols import is_symbol_font
from index.sources.office.word_styles import named_level

MAX_NAME_CHARS = 1_000
MACHINES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}
"""The encodings of the machines that a file may name instead of a code page."""
_MAX_ENTRIES = 100_000  # of a table of fonts or styles
_ANSI = "cp1252"


@dataclass(slots=True)
class RtfFont:
    """A font of the file."""

    name: str = ""
    encoding: str = ""
    """Of its text; "" for that of the document."""
    is_symbol: bool = False


class RtfHeader:
    """The fonts, styles and encodings of a file, as far as it has been read."""

    def __init__(self) -> None:
        self.encoding = _ANSI
        self.default_font = 0
        self.levels: dict[int, int] = {}
        """The heading level of each style, from 1; 0 for a style of the body."""
        self.title_style = -2
        """The number of the style of titles; -2 if there is none."""
        self._fonts: dict[int, RtfFont] = {}
        self._name = ""

    def font(self, number: int) -> RtfFont:
        """Return a font by its number, which is -1 for the default font."""
        return self._fonts.get(number if number >= 0 else self.default_font) or RtfFont()

    def add_font(self, number: int) -> None:
        """Add a font whose properties follow."""
        if len(self._fonts) < _MAX_ENTRIES:
            self._fonts.setdefault(number, RtfFont())

    def take_name(self, text: str, state: RtfState) -> None:
        """Take a part of the name of a font or a style, which a semicolon ends."""
        self._name += text[: MAX_NAME_CHARS - len(self._name)]
        if ";" in text:
            self.end_name(state)

    def end_name(self, state: RtfState) -> None:
        """Give the name so far, if any, to the font or the style that is being read."""
        if not self._name:
            return
        name, self._name = self._name.partition(";")[0].strip(), ""
        if state.destination == "fonts" and name:
            font = self._fonts.get(state.font)
            if font is not None and not font.name:
                font.name = name
                font.is_symbol = font.is_symbol or is_symbol_font(name)
        elif state.destination == "styles" and len(self.levels) < _MAX_ENTRIES:
            style = max(0, state.style)
            outline_level = state.outline + 1 if 0 <= state.outline < BODY_LEVEL else 0
            self.levels[style] = named_level(name.lower()) or outline_level
            if name.lower() == "title":
                self.title_style = style

    def set_default_font(self, number: int | None) -> None:
        """Set the number of the default font."""
        self.default_font = number or 0

    def set_charset(self, font_number: int, charset: int) -> None:
        """Set the encoding of a font by the number of its character set."""
        font = self.font(font_number)
        font.encoding = font.encoding or charset_encoding(charset)
        font.is_symbol = font.is_symbol or charset == SYMBOL_CHARSET

    def set_font_code_page(self, font_number: int, code_page: int) -> None:
        """Set the encoding of a font by a code page."""
        font = self.font(font_number)
        font.encoding = code_page_encoding(code_page) or font.encoding

    def set_code_page(self, number: int | None) -> None:
        """Set the encoding of the file by a code page."""
        self.encoding = code_page_encoding(number or 0) or self.encoding

    def set_machine(self, name: str, _: int | None) -> None:
        """Set the encoding of the file by one of MACHINES."""
        self.encoding = MACHINES[name]

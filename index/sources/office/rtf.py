"""Read RTF: what a reader of the pages sees, without headers, footers and comments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from index.errors import UnreadableFile
from index.limits import LoadLimits
from index.sources.archive import DAMAGED
from index.sources.document import InlineMark, ParsedDocument, TextBuilder, clean
from index.sources.office.fields import address_of, symbol_of
from index.sources.office.rtf_formula import RtfFormula
from index.sources.office.rtf_header import MACHINES, MAX_NAME_CHARS, RtfHeader
from index.sources.office.rtf_notes import RtfNotes
from index.sources.office.rtf_state import (
    BODY_LEVEL,
    DESTINATIONS,
    NUMBERS,
    POSITIONS,
    SPACES,
    TOGGLES,
    RtfState,
)
from index.sources.office.rtf_story import ParagraphLook, Piece, RowShape, Story
from index.sources.office.rtf_tokens import (
    SKIPPED,
    SPECIAL,
    STARRED,
    Token,
    decode_text,
    rtf_tokens,
)
from index.sources.office.symbols import plain_symbols, symbol_text
from index.sources.office.word_styles import is_code_font
from index.sources.plain_text import plain_text_headings
from index.sources.titles import written_title
from index.structure import MarkKind

_MAX_DEPTH = 10_000
_MAX_FALLBACK = 8
_MAX_STORIES = 20  # in each other, such as a box in a note
_MAX_INSTRUCTION_CHARS = 10_000
_BOX = -2  # in place of the mark of a note


def read_rtf(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of an RTF file, its notes at the end.

    If no style says which paragraphs are headings, they are found as in a plain text.

    Raises:
        TooLarge: It has too much text.
        UnreadableFile: Its end is missing, or its groups are nested too deeply.
    """
    reader = _RtfReader(limits)
    is_complete = reader.read(data[max(0, data.find(b"{\\rtf")) :])
    if not is_complete and not data.rstrip(b"\0 \r\n\t\x1a").endswith((b"}", b"\\par")):
        msg = f"The end of the RTF file is missing. {DAMAGED}"
        raise UnreadableFile(msg)
    found = reader.build()
    return found if found.headings else replace(found, headings=plain_text_headings(found.text))


@dataclass(slots=True)
class _OpenField:
    depth: int
    destination: str
    """What the result is part of."""
    instruction: str = ""


class _RtfReader:
    """Reads the tokens of an RTF file."""

    def __init__(self, limits: LoadLimits) -> None:
        self._builder, self._limits = TextBuilder(limits), limits
        self._state = RtfState()
        self._stack: list[RtfState] = []
        self._stories = [Story()]
        self._fields: list[_OpenField] = []
        self._notes = RtfNotes()
        self._note_mark_at = -1  # the piece that is the mark of the next note
        self._header = RtfHeader()
        self._titles = {"info": "", "style": ""}
        self._row = RowShape()
        self._bytes = bytearray()
        self._skip = 0
        self._is_starred = False
        self._chars = 0
        self._formula = RtfFormula()
        self._commands = self._make_commands()

    def read(self, source: bytes) -> bool:
        """Read a file to the end of its outermost group; return whether that is there."""
        for token in rtf_tokens(source):
            if token.data:
                self._take_bytes(token.data)
                continue
            self._flush_bytes()
            if token.brace == "{":
                self._open_group()
            elif token.brace:
                self._close_group()
                if not self._stack:
                    return True
            elif token.word == "*":
                self._is_starred = True
            else:
                self._take_word(token)
        self._flush_bytes()
        return False

    def build(self) -> ParsedDocument:
        """Return the document."""
        while len(self._stories) > 1:
            self._end_story()
        self._stories[0].end(self._look(), self._row, self._builder)
        self._notes.add_to(self._builder)
        title = clean(written_title(self._titles["info"]) or self._titles["style"])
        return self._builder.build(" ".join(title.split()))

    # Groups

    def _open_group(self) -> None:
        if len(self._stack) >= _MAX_DEPTH:
            msg = "It contains groups that are nested too deeply. Save its text as .txt."
            raise UnreadableFile(msg)
        self._stack.append(self._state)
        if self._state.destination == "math":
            self._formula.open_group()
        self._skip = 0
        self._is_starred = False

    def _close_group(self) -> None:
        if not self._stack:
            return
        self._header.end_name(self._state)
        depth = len(self._stack)
        while self._fields and self._fields[-1].depth == depth:
            self._fields.pop()
        while len(self._stories) > 1 and self._stories[-1].depth == depth:
            self._end_story()
        is_formula = self._state.destination == "math"
        self._state = self._stack.pop()
        if is_formula and self._state.destination == "math":
            self._formula.close_group()
        elif is_formula:
            self._show(self._formula.text())
        self._skip = 0
        self._is_starred = False

    def _set(self, **values: Any) -> None:  # noqa: ANN401 - of the fields of the state
        self._state = self._state._replace(**values)

    def _start_story(self, story: Story) -> None:
        self._stories.append(story)
        self._state = RtfState(font=self._state.font, fallback=self._state.fallback)

    def _end_story(self) -> None:
        story = self._stories[-1]
        story.end(self._look(), self._row, None)
        self._stories.pop()
        if story.mark_at == _BOX:
            self._stories[-1].boxes += story.paragraphs
        else:
            self._end_note(story)

    # Text

    def _take_bytes(self, data: bytes) -> None:
        used = min(self._skip, len(data))
        self._skip -= used
        data = data[used:]
        if self._state.destination not in ("skip", "info"):
            # An escaped byte may be one half of a character.
            self._bytes += data

    def _flush_bytes(self) -> None:
        if not self._bytes:
            return
        data, self._bytes = bytes(self._bytes), bytearray()
        font = self._header.font(self._state.font)
        if font.is_symbol and self._state.destination in ("text", "label"):
            self._take_text(symbol_text(data.decode("latin-1"), font.name))
        else:
            self._take_text(decode_text(data, font.encoding or self._header.encoding))

    def _take_text(self, text: str) -> None:
        match self._state.destination:
            case "text":
                self._show(text)
            case "math":
                self._formula.take_text(text)
            case "label":
                self._stories[-1].label.append(text)
            case "fonts" | "styles":
                self._header.take_name(text, self._state)
            case "title":
                room = MAX_NAME_CHARS - len(self._titles["info"])
                self._titles["info"] += text[:room]
            case "instruction":
                if self._fields and len(self._fields[-1].instruction) < _MAX_INSTRUCTION_CHARS:
                    self._fields[-1].instruction += text[:_MAX_INSTRUCTION_CHARS]

    def _show(self, text: str) -> None:
        state = self._state
        if state.is_hidden or state.is_deleted:
            return
        self._chars += len(text)
        self._limits.check_chars(self._chars)
        font = self._header.font(state.font)
        is_code = state.font not in (-1, self._header.default_font) and is_code_font(font.name)
        kinds = {
            MarkKind.STRONG: state.is_bold,
            MarkKind.EMPHASIS: state.is_italic,
            MarkKind.CODE: is_code,
        }
        marks = [InlineMark(MarkKind.LINK, state.link)] if state.link else []
        marks += [InlineMark(kind) for kind, is_set in kinds.items() if is_set]
        text = plain_symbols(text, font.name)
        self._stories[-1].pieces.append(Piece(text, tuple(marks), state.position))

    # Control words

    def _take_word(self, token: Token) -> None:
        word, number = token.word, token.number
        if self._is_starred and word not in STARRED:
            self._set(destination="skip")
        self._is_starred = False
        destination = self._state.destination
        if destination == "skip":
            if word == "ud" and len(self._stack) > 1:  # the Unicode text of a group given twice
                self._set(destination=self._stack[-2].destination)
        elif self._skip and (word in SPECIAL or word in ("'", "-", ":", "|")):
            self._skip -= 1
        elif word == "u" and number is not None:
            self._take_text(chr(number % 0x10000))
            self._skip = max(0, min(self._state.fallback, _MAX_FALLBACK))
        elif word in SPECIAL:
            self._take_text(SPECIAL[word])
        elif destination == "math":
            self._formula.take_word(word)
        elif word in SKIPPED or word in DESTINATIONS:
            self._set(destination=DESTINATIONS.get(word, "skip"))
        elif word in self._commands:
            self._commands[word](number)
        else:
            self._take_setting(word, number)

    def _take_setting(self, word: str, number: int | None) -> None:
        if word in TOGGLES:
            self._set(**{TOGGLES[word]: number != 0})
        elif word in POSITIONS:
            self._set(position="" if number == 0 else POSITIONS[word])
        elif word in NUMBERS:
            self._set(**{NUMBERS[word]: number or 0})
        elif word in SPACES:
            self._set(space=self._state.space or number or 0)
        else:
            self._notes.set_format(word)

    def _make_commands(self) -> dict[str, Callable[[int | None], None]]:
        """Return what the control words do that are more than a setting."""
        return {
            "plain": self._reset_letters,
            "pard": self._reset_paragraph,
            "par": self._end_paragraph,
            "sect": self._end_paragraph,
            "\n": self._end_paragraph,
            "\r": self._end_paragraph,
            "f": self._set_font,
            "deff": self._header.set_default_font,
            "fcharset": self._set_charset,
            "cpg": self._set_font_code_page,
            "ansicpg": self._header.set_code_page,
            "intbl": lambda _: self._set(is_in_table=True),
            "field": self._start_field,
            "fldrslt": self._start_result,
            "chftn": self._mark_note,
            "footnote": self._start_note,
            "ftnalt": self._mark_endnote,
            "moMath": self._start_formula,
            "shptxt": self._start_box,
            "dptxbxtext": self._start_box,
            "cell": self._end_cell,
            "nestcell": lambda _: self._stories[-1].end_cell(is_inner=True),
            "row": lambda _: self._stories[-1].end_row(self._row),
            "trowd": self._start_row,
            "trhdr": self._mark_header,
            "clvmgf": lambda _: self._row.set_cell(starts_below=True),
            "clvmrg": lambda _: self._row.set_cell(continues_above=True),
            "clmrg": lambda _: self._row.set_cell(continues_left=True),
            "cellx": lambda number: self._row.end_cell(number or 0),
            **{word: partial(self._header.set_machine, word) for word in MACHINES},
        }

    def _reset_letters(self, _: int | None) -> None:
        self._set(
            is_bold=False, is_italic=False, is_hidden=False, is_deleted=False, position="", font=-1
        )

    def _reset_paragraph(self, _: int | None) -> None:
        self._set(style=-1, outline=BODY_LEVEL, list_level=0, is_in_table=False, space=0)

    def _set_font(self, number: int | None) -> None:
        self._set(font=number or 0)
        if self._state.destination == "fonts":
            self._header.add_font(number or 0)

    def _set_charset(self, number: int | None) -> None:
        if self._state.destination == "fonts":
            self._header.set_charset(self._state.font, number or 0)

    def _set_font_code_page(self, number: int | None) -> None:
        if self._state.destination == "fonts":
            self._header.set_font_code_page(self._state.font, number or 0)

    # Fields, notes and boxes

    def _start_field(self, _: int | None) -> None:
        self._fields.append(_OpenField(len(self._stack), self._state.destination))

    def _start_result(self, _: int | None) -> None:
        if not self._fields:
            return
        instruction = self._fields[-1].instruction
        self._set(destination=self._fields[-1].destination)
        sign, address = symbol_of(instruction), address_of(instruction)
        if sign:
            self._take_text(sign)
            self._set(destination="skip")
        elif address:
            self._set(link=address)

    def _mark_note(self, _: int | None) -> None:
        """Show the mark of a note, whose number is known when the note ends."""
        story = self._stories[-1]
        if self._state.destination == "text" and len(self._stories) == 1:
            self._show(" ")
            self._note_mark_at = len(story.pieces) - 1

    def _start_note(self, _: int | None) -> None:
        is_hidden = self._state.is_hidden or self._state.is_deleted
        if is_hidden or self._state.destination != "text" or len(self._stories) >= _MAX_STORIES:
            self._set(destination="skip")
            return
        self._start_story(Story(len(self._stack), mark_at=self._note_mark_at))
        self._note_mark_at = -1

    def _mark_endnote(self, _: int | None) -> None:
        self._stories[-1].is_endnote = True

    def _end_note(self, note: Story) -> None:
        pieces = self._stories[-1].pieces
        has_mark = 0 <= note.mark_at < len(pieces)
        mark = self._notes.next_mark(is_endnote=note.is_endnote) if has_mark else ""
        if has_mark:
            pieces[note.mark_at] = Piece(mark)
        self._notes.add(mark, note.paragraphs)

    def _start_formula(self, _: int | None) -> None:
        if self._state.destination == "text":
            self._formula = RtfFormula()
            self._set(destination="math")

    def _start_box(self, _: int | None) -> None:
        if len(self._stories) < _MAX_STORIES:
            self._start_story(Story(len(self._stack), mark_at=_BOX))

    # Paragraphs and tables

    def _look(self) -> ParagraphLook:
        state = self._state
        level = self._header.levels.get(state.style, 0)
        if 0 <= state.outline < BODY_LEVEL:
            level = state.outline + 1
        return ParagraphLook(level, state.list_level + 1, state.space != 0, state.is_in_table)

    def _end_paragraph(self, _: int | None) -> None:
        state = self._state
        if state.destination != "text" or state.is_deleted or state.is_hidden:
            return
        story = self._stories[-1]
        if state.style == self._header.title_style and not self._titles["style"]:
            self._titles["style"] = "".join(piece.text for piece in story.pieces)
        story.end_paragraph(self._look(), self._builder if len(self._stories) == 1 else None)
        self._note_mark_at = -1

    def _end_cell(self, _: int | None) -> None:
        self._stories[-1].end_cell()
        self._note_mark_at = -1

    def _start_row(self, _: int | None) -> None:
        self._row = RowShape()

    def _mark_header(self, _: int | None) -> None:
        self._row.is_header = True

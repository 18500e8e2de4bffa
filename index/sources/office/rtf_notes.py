"""Number the notes of an RTF file, and add them at its end."""

from __future__ import annotations

from index.sources.document import Run, TextBuilder, collapsed
from index.sources.numbering import formatted_number, note_mark

_NOTE_FORMATS = {
    "nar": "decimal", "nalc": "lowerLetter", "nauc": "upperLetter", "nrlc": "lowerRoman",
    "nruc": "upperRoman", "nchi": "chicago",
}  # fmt: skip
"""The formats of the numbers of notes, by the end of the control words."""


class RtfNotes:
    """The footnotes and endnotes that have been read, each kind numbered by itself."""

    def __init__(self) -> None:
        self._notes: list[tuple[str, list[list[Run]]]] = []
        self._counts = {"ftn": 0, "aftn": 0}
        self._formats = {"ftn": "nar", "aftn": "nar"}

    def set_format(self, word: str) -> None:
        """Set the format of the numbers if this control word says one, such as ``aftnnrlc``."""
        kind, _, number_format = word.partition("ftn")
        if kind in ("", "a") and number_format in _NOTE_FORMATS:
            self._formats[f"{kind}ftn"] = number_format

    def next_mark(self, *, is_endnote: bool) -> str:
        """Return the mark of the next note of its kind."""
        kind = "aftn" if is_endnote else "ftn"
        self._counts[kind] += 1
        number_format = _NOTE_FORMATS[self._formats[kind]]
        return note_mark(formatted_number(self._counts[kind], number_format))

    def add(self, mark: str, paragraphs: list[list[Run]]) -> None:
        """Add a note; its mark is "" if it has none."""
        self._notes.append((mark, paragraphs))

    def add_to(self, builder: TextBuilder) -> None:
        """Add the notes to a document, each after its mark."""
        for mark, paragraphs in self._notes:
            start = [Run(f"{mark} ")] if mark else []
            for runs in paragraphs:
                builder.end_group()
                builder.add_paragraph(collapsed([*start, *runs]))
                start = []

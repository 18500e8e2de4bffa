"""PPTX → text: each slide a page, its title a heading, its notes below it; by python-pptx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from index.limits import LoadLimits
from index.sources.document import ParsedDocument, TextBuilder, check_pages
from index.sources.word import opened

_WRONG = "It is not a valid presentation. Open it in PowerPoint and save it as .pptx."


def read(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a presentation, slide by slide, in the order of their being shown.

    Raises:
        TooLarge: It is over a limit.
        UnreadableFile: It is damaged, protected, or no presentation.
    """
    # 300 ms to import.
    from pptx import Presentation

    presentation = opened(data, limits, Presentation, _WRONG)
    builder = TextBuilder(limits)
    check_pages(len(presentation.slides), limits)
    for slide in presentation.slides:
        builder.start_page()
        _add_slide(slide, builder)
    return builder.loaded(presentation.core_properties.title or "")


def _add_slide(slide: Any, builder: TextBuilder) -> None:  # noqa: ANN401 - python-pptx's
    title = slide.shapes.title
    if title is not None:
        builder.add_paragraph(title.text_frame.text, level=1)
    for shape in _flat(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if shape.has_text_frame:
            builder.add_paragraph(_lines(shape.text_frame))
        if shape.has_table:
            for cells in _rows(shape.table):
                builder.add_paragraph(" | ".join(cells).strip(" |"), gathered="row")
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        notes = _lines(slide.notes_slide.notes_text_frame)
        if notes:
            builder.add_paragraph(f"Notes: {notes}")


def _rows(table: Any) -> Iterator[list[str]]:  # noqa: ANN401 - python-pptx's
    """Yield the words of each row's cells."""
    from pptx.table import _Row

    # Not table.rows, which lists all the rows again for each one.
    for row in table._tbl.tr_lst:
        yield [" ".join(cell.text.split()) for cell in _Row(row, table).cells]


def _flat(shapes: Any) -> Iterator[Any]:  # noqa: ANN401 - python-pptx's
    """Yield the shapes, those of groups among them, in order."""
    from pptx.shapes.group import GroupShape

    for shape in shapes:
        if isinstance(shape, GroupShape):
            yield from _flat(shape.shapes)
        else:
            yield shape


def _lines(frame: Any) -> str:  # noqa: ANN401 - python-pptx's
    """Return the paragraphs of a frame, each on a line of its own; a bullet list is short lines."""
    lines = (" ".join(paragraph.text.split()) for paragraph in frame.paragraphs)
    return "\n".join(line for line in lines if line)

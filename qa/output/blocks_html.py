"""Write blocks as HTML: paragraphs and headings, nested lists, tables, quotations, code."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from index.structure import Cell
from index.types import Span
from qa.output.blocks import Block, BlockKind, group_of
from qa.output.inline_html import InlineWriter

# A title is the second heading of the page, so those of an article start at h3.
_HEADING_BELOW_TITLE = 2
_LOWEST_HEADING = 6
_DEEPEST_ITEM = 9
_MOST_COLUMNS = 1_000
"""A browser reads a larger number of columns as this one."""
_SPARSE = 0.5
"""Below which share of filled columns the cells of a table reach to the next."""
_GAP = '<p class="gap">…</p>'


def blocks_html(blocks: Iterable[Block | None], writer: InlineWriter) -> str:
    """Return blocks as HTML, an ellipsis for each None, in time linear in their number.

    The level of a heading is the number of headings that it is below, and itself.
    """
    pieces: list[str] = []
    for group, found in itertools.groupby(_with_gaps(blocks), key=_group):
        members = [block for block in found if block is not None]
        if group is None:
            pieces.append(_GAP)
        elif group[0] is BlockKind.ROW:
            pieces.append(_table(members, writer))
        elif group[0] is BlockKind.ITEM:
            pieces.append(_list(members, writer))
        elif group[0] is BlockKind.QUOTATION:
            quoted = "".join(_element("p", block, writer) for block in members)
            pieces.append(f"<blockquote>{quoted}</blockquote>")
        else:
            pieces += [_element(_tag(block), block, writer) for block in members]
    return "".join(pieces)


def _group(block: Block | None) -> tuple[BlockKind, int] | None:
    if block and block.kind is BlockKind.QUOTATION:
        return block.kind, -1
    return group_of(block) if block else None


def _with_gaps(blocks: Iterable[Block | None]) -> list[Block | None]:
    """Return the blocks, with a row without cells where rows of a table are left out."""
    found = list(blocks)
    for at in range(1, len(found) - 1):
        before, after = found[at - 1], found[at + 1]
        if found[at] is None and before and after and before.cells and after.cells:
            found[at] = before._replace(cells=()) if before.table == after.table else None
    return found


def _tag(block: Block) -> str:
    if block.kind is BlockKind.PREFORMATTED:
        return "pre"
    if block.kind is BlockKind.HEADING:
        return f"h{min(block.level + _HEADING_BELOW_TITLE, _LOWEST_HEADING)}"
    return "p"


def _element(tag: str, block: Block, writer: InlineWriter) -> str:
    # What scrolls must be in reach of the keyboard.
    focusable = ' tabindex="0"' if tag == "pre" else ""
    return f'<{tag} dir="auto"{focusable}>{writer.write(block.span)}</{tag}>'


def _list(items: Sequence[Block], writer: InlineWriter) -> str:
    """Return the items as nested lists. Their bullets and numbers are part of their text."""
    pieces: list[str] = []
    depths: list[int] = []
    for item in items:
        depth = min(item.level, _DEEPEST_ITEM)
        while depths and depths[-1] > depth:
            depths.pop()
            pieces.append("</li></ul>")
        if depths and depths[-1] == depth:
            pieces.append("</li>")
        else:
            depths.append(depth)
            pieces.append('<ul role="list">')
        pieces.append(f'<li dir="auto">{writer.write(item.span)}')
    return "".join([*pieces, "</li></ul>" * len(depths)])


def _table(rows: Sequence[Block], writer: InlineWriter) -> str:
    width = max(_end(row.cells[-1]) for row in rows if row.cells)
    filled = sum(cell.columns for row in rows for cell in row.cells)
    # The lines of a form are in few of its many columns, and need the room of those beside them.
    widened = _reaching_on if filled < _SPARSE * width * len(rows) else tuple
    shown = "".join(_row(widened(row.cells), width, writer) for row in rows)
    attributes = 'class="table" role="group" aria-label="Table" tabindex="0"'
    return f"<div {attributes}><table>{shown}</table></div>"


def _reaching_on(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    """Return the cells of a row, each with the blank columns up to the next."""
    return tuple(
        cell._replace(columns=max(cell.columns, other.column - cell.column))
        for cell, other in itertools.pairwise(cells)
    ) + tuple(cells[-1:])


def _row(cells: Sequence[Cell], width: int, writer: InlineWriter) -> str:
    """Return a row; without cells, one that says that rows are left out."""
    if not cells:
        return f'<tr class="gap"><td colspan="{width}">…</td></tr>'
    scope = "col" if all(cell.is_header for cell in cells) else "row"
    pieces: list[str] = []
    column = 0
    for cell in cells:
        pieces.append(_blank(column, min(cell.column, _MOST_COLUMNS)))
        span = f' colspan="{min(cell.columns, _MOST_COLUMNS)}"' if cell.columns > 1 else ""
        words = writer.write(Span(cell.start, cell.end))
        header = f' scope="{scope}"' if cell.is_header else ""
        tag = "th" if cell.is_header else "td"
        pieces.append(f'<{tag} dir="auto"{header}{span}>{words}</{tag}>')
        column = max(column, _end(cell))
    return f"<tr>{''.join([*pieces, _blank(column, width)])}</tr>"


def _blank(start: int, end: int) -> str:
    """Return one blank cell for the columns from ``start`` to ``end``."""
    span = f' colspan="{end - start}"' if end - start > 1 else ""
    return f"<td{span}></td>" if start < end else ""


def _end(cell: Cell) -> int:
    return min(cell.column + cell.columns, _MOST_COLUMNS)

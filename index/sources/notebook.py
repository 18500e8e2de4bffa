"""Read Jupyter notebooks: their notes as Markdown, their code and its printed output as code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from index.limits import LoadLimits
from index.sources.document import ParsedDocument, clean
from index.sources.markdown_text import read_markdown

_FENCE = re.compile(r"`{3,}")


def is_notebook(text: str) -> bool:
    """Return whether a text is the JSON of a notebook."""
    return _cells(text) is not None


def read_notebook(data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the text of a notebook in UTF-8; that of other JSON is empty."""
    parts = [part for cell in _cells(data.decode()) or () for part in _cell_parts(cell)]
    # JSON may contain halves of characters, which cannot be encoded.
    return read_markdown(clean("\n\n".join(parts)).encode(), limits)


def _cells(text: str) -> list[Any] | None:
    try:
        cells = json.loads(text).get("cells")
    except (ValueError, AttributeError, RecursionError):
        return None
    return cells if isinstance(cells, list) else None


def _cell_parts(cell: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    """Yield the Markdown of a cell and of the text that its code printed."""
    if not isinstance(cell, dict):
        return
    source = _joined(cell.get("source"))
    if cell.get("cell_type") == "markdown":
        yield source
    elif source.strip():
        yield _fenced(source)
    outputs = cell.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if isinstance(output, dict):
            shown = output.get("data")
            plain = shown.get("text/plain") if isinstance(shown, dict) else output.get("text")
            if printed := _joined(plain).strip("\n"):
                yield _fenced(printed)


def _joined(lines: Any) -> str:  # noqa: ANN401 - JSON
    """Return a text that is a string or a list of lines."""
    if isinstance(lines, list):
        return "".join(line for line in lines if isinstance(line, str))
    return lines if isinstance(lines, str) else ""


def _fenced(code: str) -> str:
    longest = max((len(fence) for fence in _FENCE.findall(code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}\n{code}\n{fence}"

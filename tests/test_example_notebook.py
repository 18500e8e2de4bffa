"""The example notebook: its code runs, in order, and it is stored without outputs."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

NOTEBOOK = Path(__file__).parent.parent / "docs" / "example.ipynb"


def test_the_example_notebook_runs() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    codes = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell for cell in codes if cell["outputs"] or cell["execution_count"]] == []
    names: dict[str, Any] = {}
    shown = [value_of("".join(cell["source"]), names) for cell in codes]
    assert shown[0] == "US urges India–Pakistan dialogue"
    assert "Shehbaz Sharif" in names["answer"].text
    assert not names["refusal"].answered
    assert names["sentences"]


def value_of(source: str, names: dict[str, Any]) -> object:
    """Run a cell and return the value of the expression at its end, which a notebook shows."""
    body = ast.parse(source).body
    last = body.pop()
    assert isinstance(last, ast.Expr)
    exec(compile(ast.Module(body, []), str(NOTEBOOK), "exec"), names)  # noqa: S102
    value: object = eval(compile(ast.Expression(last.value), str(NOTEBOOK), "eval"), names)  # noqa: S307
    return value

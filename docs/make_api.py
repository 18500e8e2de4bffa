"""Write docs/api.md from the docstrings of the public names: ``python -m docs.make_api``."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import qa

API_PAGE = Path(__file__).parent / "api.md"
_INTRODUCTION = """# Python reference

Everything that `from qa import …` offers. This page is made from the docstrings by
`python -m docs.make_api`; change them, not the page. How the parts are used together is in
[usage.md](usage.md).
"""
_SECTION = re.compile(r"^(Args|Raises|Returns|Yields|Example):$")
_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_ROLE = re.compile(r":\w+:`~?([^`]+)`")


def api_markdown() -> str:
    """Return the whole page, ending in a newline."""
    entries = [_entry(name, getattr(qa, name)) for name in sorted(qa.__all__, key=str.lower)]
    return "\n".join([_INTRODUCTION, *entries])


def _entry(name: str, public: object) -> str:
    if inspect.isclass(public):
        return "\n".join([f"## {name}\n", _prose(inspect.getdoc(public)), *_members(public)])
    node = _parsed(public)
    assert isinstance(node, _FUNCTION)
    return f"## {name}\n\n{_signature(node)}\n{_prose(ast.get_docstring(node))}"


def _members(public: type) -> Iterator[str]:
    """Yield the fields and public methods of a class; those of our base classes come last."""
    seen = set()
    for owner in public.__mro__:
        if owner.__module__.split(".")[0] not in ("qa", "index"):
            continue
        node = _parsed(owner)
        assert isinstance(node, ast.ClassDef)
        if fields := [line for line in _fields(node) if line not in seen]:
            seen.update(fields)
            yield "\n".join([*fields, ""])
        for method in node.body:
            if not isinstance(method, _FUNCTION) or _is_overload(method):
                continue
            if method.name not in seen:
                seen.add(method.name)
                if not method.name.startswith("_"):
                    prose = _prose(ast.get_docstring(method))
                    yield f"### {public.__name__}.{method.name}\n\n{_signature(method)}\n{prose}"


def _is_overload(node: _Function) -> bool:
    """Return whether it only types some arguments of the method below it, which has the text."""
    return any(ast.unparse(each) == "overload" for each in node.decorator_list)


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Yield a list item for each public field, with the string below it as its description."""
    for each, after in zip(node.body, [*node.body[1:], ast.Pass()], strict=True):
        if not isinstance(each, ast.AnnAssign | ast.Assign):
            continue
        code = ast.unparse(each)
        if code.startswith("_"):
            continue
        item = f"- `{code}`"
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            item += ": " + _inline(" ".join(str(after.value.value).split()))
        yield item


def _signature(node: _Function) -> str:
    decorators = [f"@{ast.unparse(each)}" for each in node.decorator_list]
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    word = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    line = f"{word}{node.name}({ast.unparse(node.args)}){returns}"
    return "\n".join(["```python", *decorators, line, "```", ""])


def _prose(docstring: str | None) -> str:
    """Return a Google-style docstring as Markdown, its sections as bold words and lists."""
    lines = []
    section = ""
    for line in (docstring or "").splitlines():
        if found := _SECTION.match(line):
            section = found[1]
            lines += [f"**{section}**", "", *(["```python"] if section == "Example" else [])]
        elif section == "Example" and not line:
            lines += ["```", ""]
            section = ""
        elif section == "Example":
            lines.append(line.removeprefix("    "))
        elif section and re.match(r" {4}\S", line):
            name, colon, rest = line.strip().partition(":")
            lines.append(_inline(f"- `{name}`{colon}{rest}" if colon else f"- {name}"))
        elif section and line:
            lines.append(f"  {_inline(line.strip())}")
        else:
            section = "" if line else section
            lines.append(_inline(line))
    return "\n".join([*lines, *(["```"] if section == "Example" else []), ""])


def _inline(text: str) -> str:
    return _ROLE.sub(r"`\1`", text).replace("``", "`")


def _parsed(public: object) -> ast.stmt:
    source = inspect.getsource(public)  # type: ignore[arg-type] # a class or a function
    return ast.parse(textwrap.dedent(source)).body[0]


if __name__ == "__main__":
    API_PAGE.write_text(api_markdown(), encoding="utf-8")

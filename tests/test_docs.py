from __future__ import annotations

import importlib
import importlib.util
import re
from pathlib import Path

import pytest

from docs.make_api import API_PAGE, api_markdown

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "bench" / "results").glob("*.md"),
        *(ROOT / "training").rglob("*.md"),
        *(ROOT / "qa").rglob("*.md"),
    ]
)
_CODE = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


_COMMAND = re.compile(r"python -m ((?:bench|docs|qa|training)[\w.]*\w)")
_IMPORT = re.compile(r"^ *from ((?:qa|index)[\w.]*) import ([\w, ]+)$", re.MULTILINE)
_PATH = re.compile(r"`((?:bench|docs|index|qa|tests|training)/[\w./-]*)`")
GENERATED = ("api.md", "cli.md")
WRITTEN = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in GENERATED),
]


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def words_of(page: Path) -> int:
    """Return how many words a page has, without the signs of tables and lists."""
    return sum(any(map(str.isalnum, word)) for word in page.read_text(encoding="utf-8").split())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_files_and_headings_resolve(page: Path) -> None:
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    for link in _LINK.findall(text):
        path, _, anchor = link.partition("#")
        if re.match(r"\w+:", link):
            continue
        target = page.parent / path if path else page
        assert target.is_file(), link
        assert not anchor or anchor in anchors_of(target), link


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_and_folders_that_are_named_exist(page: Path) -> None:
    named = _PATH.findall(page.read_text(encoding="utf-8"))
    assert [path for path in named if "NAME" not in path and not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_that_are_named_exist(page: Path) -> None:
    for module in _COMMAND.findall(page.read_text(encoding="utf-8")):
        spec = importlib.util.find_spec(module)
        assert spec is not None, module
        if spec.submodule_search_locations:  # a package is run by its __main__ module
            assert importlib.util.find_spec(f"{module}.__main__"), module


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_that_are_imported_in_examples_exist(page: Path) -> None:
    for module, names in _IMPORT.findall(page.read_text(encoding="utf-8")):
        imported = importlib.import_module(module)
        assert [name for name in names.split(", ") if not hasattr(imported, name)] == [], module


def test_documents_that_the_source_names_exist() -> None:
    sources = [
        path
        for folder in ("qa", "index", "bench", "training")
        for path in (ROOT / folder).rglob("*.py")
    ]
    named = {
        name
        for path in sources
        for name in re.findall(r"docs/[\w-]+\.md", path.read_text(encoding="utf-8"))
    }
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_python_reference_matches_the_docstrings() -> None:
    assert API_PAGE.read_text(encoding="utf-8") == api_markdown(), "run python -m docs.make_api"


def test_every_entry_of_the_python_reference_is_described() -> None:
    entries = re.split(r"^###? ", api_markdown(), flags=re.MULTILINE)[1:]
    described = [re.sub(r"```.*?```", "", entry, flags=re.DOTALL).split() for entry in entries]
    assert [name for name, *words in described if not words] == []


def test_the_readme_is_short() -> None:
    assert words_of(ROOT / "README.md") <= 1_000


def test_the_docs_are_short() -> None:
    pages = {page.name: words_of(page) for page in WRITTEN if page.parent.name == "docs"}
    assert pages.pop("scale.md") <= 1_350  # half of it about a cluster that could not be run
    assert sum(pages.values()) <= 7_000


def test_every_page_of_the_docs_is_linked_from_the_readme() -> None:
    linked = set(_LINK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert pages <= linked

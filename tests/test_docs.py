from __future__ import annotations

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


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def words_of(page: Path) -> int:
    return len(page.read_text(encoding="utf-8").split())


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


def test_the_python_reference_matches_the_docstrings() -> None:
    assert API_PAGE.read_text(encoding="utf-8") == api_markdown(), "run python -m docs.make_api"


def test_the_readme_is_short() -> None:
    assert words_of(ROOT / "README.md") <= 1_000


def test_the_docs_are_short() -> None:
    written = [page for page in (ROOT / "docs").glob("*.md") if page.name not in GENERATED]
    assert sum(map(words_of, written)) <= 7_000


GENERATED = ("api.md", "cli.md")


def test_every_page_of_the_docs_is_linked_from_the_readme() -> None:
    linked = set(_LINK.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    assert pages <= linked

"""Small libraries of a toy model, and processes that use them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from bench.crash_work import LIMITS, text_of
from bench.toys import ToyEmbedder
from index.search.backend import LibraryBackend
from index.search.passage_index import PassageIndex
from index.store.folder import STORE_FILE
from index.types import Article

ROOT = Path(__file__).parent.parent
TOY = ToyEmbedder()
# What stands before every script that a process runs.
_PRELUDE = """
import os, sys
from pathlib import Path
from index.errors import *
from tests.libraries import *
folder = Path(sys.argv[1])
"""


def opened(folder: Path) -> PassageIndex:
    return PassageIndex(folder, TOY, limits=LIMITS)


def article(number: int) -> Article:
    return Article.from_text(text_of(number), title=f"Title {number}")


def filled(folder: Path, count: int = 3, removed: int = 0) -> Path:
    """Make a library of some articles, of which the first few were removed again."""
    with opened(folder) as index:
        for number in range(count):
            index.add(article(number))
        for number in range(removed):
            index.remove(article(number).id)
    return folder


def titles(index: LibraryBackend) -> list[str]:
    return [info.title for info in index.store.catalogue()]


def found(index: LibraryBackend, number: int) -> list[str]:
    """Return the titles of what holds the words of an article, by words and by meaning."""
    word = f"Word{number}"
    candidates = index.candidates(word, TOY.encode_query(word), 50)
    holding = {c.stored.chunk.article_id for c in candidates if c.bm25 > 0 and c.similarity > 0}
    return sorted(caption.title for caption in index.store.passage_sources(holding).values())


def derived_files(folder: Path) -> list[Path]:
    """Return every file of a library that is not the record."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in files if not path.name.startswith(STORE_FILE))


def state(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Return time, mode and bytes of all that is in a folder, and of the folder."""
    return {
        str(path): (
            path.lstat().st_mtime_ns,
            path.lstat().st_mode,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in (folder, *sorted(folder.rglob("*")))
    }


def run(script: str, *arguments: object) -> str:
    """Return what a Python process prints; a crash of it fails the test."""
    result = subprocess.run(
        [sys.executable, "-c", _PRELUDE + script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
    )
    assert result.returncode == 0, (result.returncode, result.stdout, result.stderr)
    return result.stdout.strip()


def start(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Return a Python process that goes on by itself, whose output can be read."""
    return subprocess.Popen(
        [sys.executable, "-c", _PRELUDE + script, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
    )

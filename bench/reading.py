"""A reading model for benchmarks that caches its logits."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.types import Span
from qa.reading.model import Window, WindowLogits, WindowReader


class RememberingModel:
    """A reading model with a cache of its logits.

    Args:
        model: Reads what is not in the cache.
        sha256: Identifies the model in the cache.
        cache: An SQLite file, created if missing; None to cache in memory.
        has_context: Whether the model reads titles and earlier turns.
    """

    def __init__(
        self,
        model: WindowReader,
        sha256: str,
        cache: Path | None = None,
        *,
        has_context: bool = True,
    ) -> None:
        self.sha256, self._has_context = sha256, has_context
        self._model = model
        if cache:
            cache.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(cache or ":memory:", isolation_level=None)
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS readings (key BLOB PRIMARY KEY, logits BLOB) WITHOUT ROWID"
        )

    def read(
        self, question: str, texts: Sequence[str], titles: Sequence[str] = (), history: str = ""
    ) -> list[list[WindowLogits]]:
        """Return, for each text, the logits of its windows; see :class:`WindowReader`."""
        titles = titles or [""] * len(texts)
        pairs = zip(texts, titles, strict=True)
        return [self._read_one(question, text, title, history) for text, title in pairs]

    def _read_one(self, question: str, text: str, title: str, history: str) -> list[WindowLogits]:
        context = (title, history) if self._has_context else ()
        key = sha256("\0".join((self.sha256, question, text, *context)).encode()).digest()
        row = self._database.execute("SELECT logits FROM readings WHERE key = ?", (key,)).fetchone()
        if row:
            return _unpacked(row[0])
        (found,) = self._model.read(question, [text], [title], history)
        values = (key, _packed(found))
        self._database.execute("INSERT OR REPLACE INTO readings VALUES (?, ?)", values)
        return found


def _packed(windows: Sequence[WindowLogits]) -> bytes:
    """Serialise the windows, without the token ids, which only the model needs."""
    file = io.BytesIO()
    arrays: dict[str, NDArray[Any]] = {}
    for number, logits in enumerate(windows):
        window = logits.window
        inside = [] if logits.inside is None else [logits.inside]
        arrays[f"{number}.logits"] = np.stack([logits.start, logits.end, *inside])
        arrays[f"{number}.offsets"] = np.array(window.offsets, dtype=np.int32).reshape(-1, 2)
        arrays[f"{number}.scalars"] = np.array(
            [
                logits.no_answer,
                logits.has_answer,
                *(() if logits.verdict is None else logits.verdict),
            ]
        )
        arrays[f"{number}.places"] = np.array([window.passage_at, window.first])
    np.savez(file, allow_pickle=False, **arrays)
    return file.getvalue()


def _unpacked(data: bytes) -> list[WindowLogits]:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = dict(file)
    found = []
    for number in range(len(arrays) // 4):
        start, end, *inside = arrays[f"{number}.logits"]
        no_answer, has_answer, *verdict = arrays[f"{number}.scalars"].tolist()
        passage_at, first = arrays[f"{number}.places"].tolist()
        offsets = tuple(Span(*pair) for pair in arrays[f"{number}.offsets"].tolist())
        window = Window((), passage_at, first, offsets)
        more = (inside[0], np.array(verdict)) if inside else (None, None)
        found.append(WindowLogits(window, start, end, no_answer, has_answer, *more))
    return found

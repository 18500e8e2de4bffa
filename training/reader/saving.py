"""Write the files of a run atomically: checkpoints, an epoch's windows, the log."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch

from index.types import Span
from training.reader.features import Window


def write_whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write ``path`` so that a kill at any instant leaves the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".tmp")
    with draft.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write tensors and plain values to ``path`` atomically."""
    write_whole(path, lambda file: torch.save(state, file))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Load what :func:`save_checkpoint` wrote, without executing anything in it."""
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state


def save_batches(path: Path, batches: Sequence[Sequence[Window]]) -> None:
    """Write the batches of an epoch, so that a resumed run reads the same ones."""
    windows = [window for batch in batches for window in batch]
    # For each span: its window, whether it is a member, and its first and last token.
    places = [
        (number, is_member, *span)
        for number, window in enumerate(windows)
        for is_member, spans in enumerate((window.spans, window.members))
        for span in spans
    ]
    arrays = {
        "ids": np.concatenate([np.array(w.ids, dtype=np.int32) for w in windows]),
        "lengths": np.array([len(w.ids) for w in windows]),
        "passages": np.array([w.passage_at for w in windows]),
        "kinds": np.array([w.kind for w in windows]),
        "verdicts": np.array([-1 if w.verdict is None else w.verdict for w in windows]),
        "decides_where": np.array([w.decides_where for w in windows]),
        "places": np.array(places, dtype=np.int32).reshape(-1, 4),
        "batches": np.array([len(batch) for batch in batches]),
    }
    write_whole(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type] # its stub


def load_batches(path: Path) -> list[list[Window]]:
    """Load what :func:`save_batches` wrote."""
    with np.load(path, allow_pickle=False) as file:
        stored = {name: file[name] for name in file.files}
    spans: defaultdict[tuple[int, int], list[Span]] = defaultdict(list)
    for number, is_member, first, last in stored["places"].tolist():
        spans[number, is_member].append(Span(first, last))
    parts = np.split(stored["ids"], np.cumsum(stored["lengths"])[:-1])
    columns = (stored[name].tolist() for name in ("passages", "kinds", "verdicts", "decides_where"))
    windows = iter(
        Window(
            tuple(ids.tolist()),
            passage_at,
            tuple(spans[number, 0]),
            kind,
            tuple(spans[number, 1]),
            None if verdict < 0 else verdict,
            decides_where,
        )
        for number, (ids, passage_at, kind, verdict, decides_where) in enumerate(
            zip(parts, *columns, strict=True)
        )
    )
    return [[next(windows) for _ in range(size)] for size in stored["batches"].tolist()]


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class RunLog:
    """A log with one JSON object a line: the event, its time and its metrics."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def write(self, event: str, **values: object) -> None:
        """Append and print one event."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        line = json.dumps({"event": event, "at": at, **values}, ensure_ascii=False)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
        print(line, flush=True)

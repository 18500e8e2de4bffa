"""A Milvus that is simulated in memory, whose clients can be stopped, delayed and killed.

Writes of a collection go to its shards, each of which applies them in order. A read that is not
strong sees each shard as it was up to five seconds ago, another time for each shard and each read,
as a cluster's may. The clock is simulated, too.
"""

from __future__ import annotations

import json
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from typing import Any

import numpy as np
import pytest

import index.milvus.articles
import index.milvus.chunk_rows
import index.milvus.library
import index.milvus.parts
from bench.crash_work import LIMITS
from index.library_address import MilvusAccess, MilvusAddress
from index.milvus.chunk_search import ChunkSearch
from index.milvus.library import MilvusLibrary
from index.milvus.schema import BM25, TITLE_BM25, VECTOR, Collection
from tests.libraries import TOY

ADDRESS = MilvusAddress("simulated:1")
STALE_SECONDS = 5.0
_OWN_SECONDS = 10.0
_WRITE_SECONDS = 0.01
_TERMS = {BM25: "terms", TITLE_BM25: "title_terms"}
_CONDITION = re.compile(r"(\w+) (==|!=|>=|in|not in) (.+)")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b),
    "!=": lambda a, b: bool(a != b),
    ">=": lambda a, b: bool(a >= b),
    "in": lambda a, b: a in b,
    "not in": lambda a, b: a not in b,
}
Row = dict[str, Any]


class Dead(BaseException):
    """The process that makes this call has been killed."""


class Clock:
    """Stands for the module ``time``."""

    def __init__(self) -> None:
        self.seconds = 1_000_000_000.0

    def time(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds

    def time_ns(self) -> int:
        return int(self.seconds * 1e9)


class Shards:
    """The rows of all collections, and what they were before."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock()
        self._log: dict[str, dict[int, list[tuple[float, str, Row | None]]]] = {}
        for module in ("articles", "library", "chunk_rows", "parts"):
            monkeypatch.setattr(getattr(index.milvus, module), "time", self.clock)

    def create(self, name: str) -> None:
        shards = 1 if name.endswith("_articles") else 2
        self._log.setdefault(name, {shard: [] for shard in range(shards)})

    def collections(self) -> list[str]:
        return list(self._log)

    def by_shard(self, name: str, rows: Mapping[str, Row | None]) -> list[dict[str, Row | None]]:
        parts: dict[int, dict[str, Row | None]] = {}
        for row_id, row in rows.items():
            parts.setdefault(self._shard_of(name, row_id), {})[row_id] = row
        return [*parts.values()]

    def write(self, name: str, rows: Mapping[str, Row | None]) -> None:
        self.clock.seconds += _WRITE_SECONDS
        for row_id, row in rows.items():
            shard = self._log[name][self._shard_of(name, row_id)]
            shard.append((self.clock.seconds, row_id, row))

    def _shard_of(self, name: str, row_id: str) -> int:
        return zlib.crc32(row_id.encode()) % len(self._log[name])

    def rows(self, name: str, lag: Callable[[], float]) -> dict[str, Row]:
        """Return the rows that a read sees whose shards are so many seconds behind."""
        seen: dict[str, Row | None] = {}
        for shard in self._log[name].values():
            until = self.clock.seconds - lag()
            seen |= {row_id: row for when, row_id, row in shard if when <= until}
        return {row_id: row for row_id, row in seen.items() if row is not None}


class SimulatedConnection:
    """As :class:`index.milvus.connection.Connection`.

    Args:
        shards: The data.
        before: Called before every call, with its name.
        lag: Returns how many seconds a shard is behind for a read that is not strong.
    """

    def __init__(
        self,
        shards: Shards,
        before: Callable[[str], None] = lambda _name: None,
        lag: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._shards, self._before, self._lag = shards, before, lag
        self._written = -_OWN_SECONDS

    def close(self) -> None:
        pass

    def collections(self) -> list[str]:
        return self._shards.collections()

    def create(self, collection: Collection, _index_type: str) -> None:
        self._shards.create(collection.name)

    def load(self, _name: str) -> None:
        pass

    def upsert(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        self._write("upsert", name, {row["id"]: dict(row) for row in rows})

    def delete(self, name: str, ids: Sequence[str]) -> None:
        self._write("delete", name, dict.fromkeys(ids))

    def _write(self, call: str, name: str, rows: Mapping[str, Row | None]) -> None:
        """Write rows; those of one call reach the shards one after the other."""
        for some in self._shards.by_shard(name, rows):
            self._before(call)
            self._shards.write(name, some)
            self._written = self._shards.clock.seconds

    def get(
        self, name: str, ids: Sequence[str], _fields: Sequence[str], *, strong: bool = False
    ) -> list[Row]:
        rows = self._read(name, strong=strong)
        return [rows[each] for each in ids if each in rows]

    def scan(self, name: str, condition: str, _fields: Sequence[str]) -> Iterator[Row]:
        rows = self._read(name, strong=True)
        yield from (row for row in rows.values() if meets(row, condition))

    def count(self, name: str, condition: str) -> int:
        return sum(meets(row, condition) for row in self._read(name, strong=True).values())

    def nearest(  # noqa: PLR0913 - as the real one
        self,
        name: str,
        field: str,
        asked: Any,  # noqa: ANN401 - a vector or terms
        limit: int,
        *,
        condition: str,
        fields: Sequence[str],  # noqa: ARG002 - as the real one
        strong: bool = False,
    ) -> list[tuple[Row, float]]:
        found = []
        for row in self._read(name, strong=strong).values():
            if meets(row, condition):
                if field == VECTOR:
                    found.append((row, float(np.dot(row[VECTOR], asked))))
                elif score := len(set(asked.split()) & set(row[_TERMS[field]].split())):
                    found.append((row, float(score)))
        return sorted(found, key=lambda each: (-each[1], each[0]["id"]))[:limit]

    def _read(self, name: str, *, strong: bool) -> dict[str, Row]:
        self._before("read")
        own = self._shards.clock.seconds - self._written < _OWN_SECONDS
        return self._shards.rows(name, (lambda: 0.0) if strong or own else self._lag)


def meets(row: Row, condition: str) -> bool:
    """Return whether a row meets a filter of the kinds that our code makes."""
    for part in condition.split(" and "):
        match = _CONDITION.fullmatch(part)
        assert match, part
        name, sign, value = match[1], match[2], json.loads(match[3])
        if not _COMPARISONS[sign](row[name], value):
            return False
    return True


class Inline(Executor):
    """Runs each call at once, in the thread that submits it."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **given: Any) -> Future[Any]:  # noqa: ANN401
        future: Future[Any] = Future()
        try:
            future.set_result(call(*args, **given))
        except Exception as error:
            future.set_exception(error)
        return future


def library_of(connection: SimulatedConnection) -> MilvusLibrary:
    library = MilvusLibrary(
        ADDRESS,
        MilvusAccess(),
        TOY,
        limits=LIMITS,
        connection=connection,  # type: ignore[arg-type]
    )
    library._search = ChunkSearch(connection, library._chunks_name, Inline())  # type: ignore[arg-type]
    return library


class Writer:
    """Makes changes in a thread, which goes on by one call of Milvus at a time.

    Args:
        shards: The data.
        work: The changes.
    """

    def __init__(self, shards: Shards, work: Callable[[MilvusLibrary], object]) -> None:
        self._may_go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)
        self._dead = False
        self.done = False
        self.calls = 0
        self.error: BaseException | None = None
        library = library_of(SimulatedConnection(shards, self._pause))  # opening makes no call
        self._thread = threading.Thread(target=self._run, args=(library, work), daemon=True)
        self._thread.start()
        self._stopped.acquire()

    def _pause(self, _name: str) -> None:
        if self._dead:
            raise Dead
        self._stopped.release()
        self._may_go.acquire()
        if self._dead:
            raise Dead
        self.calls += 1

    def _run(self, library: MilvusLibrary, work: Callable[[MilvusLibrary], object]) -> None:
        try:
            work(library)
        except Dead:
            pass
        except BaseException as error:
            self.error = error
        finally:
            self.done = True
            self._stopped.release()

    def step(self) -> None:
        """Let it make its next call, and wait until it would make another."""
        if not self.done:
            self._may_go.release()
            self._stopped.acquire()

    def kill(self) -> None:
        """Let it make no other call."""
        self._dead = True
        self.step()
        self._thread.join()

    def finish(self) -> None:
        while not self.done:
            self.step()
        self._thread.join()

"""Talk to Milvus: the one module that imports pymilvus."""

from __future__ import annotations

import functools
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

from index.embedding.embedder import Vectors
from index.errors import (
    LibraryError,
    LibraryLocked,
    LibraryMissing,
    LibraryUnwritable,
    ModelUnavailable,
)
from index.library_address import MilvusAccess, MilvusAddress
from index.milvus.schema import VECTOR, Collection, search_parameters

Row: TypeAlias = dict[str, Any]

_ROWS_PER_CALL = 500
"""At most some 30 MB a call; a server takes 64."""
_IDS_PER_CALL = 1_000
_SETTLING_SECONDS = 10.0
"""Bounded staleness is five seconds: for longer than that, our own writes are read strongly."""
# pymilvus asks every ten seconds whether the other side is there, even when idle. The server of
# Milvus Lite then ends the connection ("too many pings"). Every call has a time limit instead.
_KEEPALIVE = {"grpc.keepalive_time_ms": 600_000, "grpc.keepalive_permit_without_calls": False}
_NOT_REACHED, _NOT_LOADED = 2, 101
"""Codes of errors."""
_WAITS = (0.1, 1.0, 2.0)
"""Seconds to wait before a call is tried again."""
_MISSING = (
    "A library on Milvus needs the package pymilvus. Install it: pip install 'article-qa[milvus]'"
)

_LITE_NOT_OPENED = "Open local milvus failed"
_CREATION_WAITS = (0.1, 0.3, 1.0)
"""Seconds to wait for another process that creates the same collection or index."""

_Call = TypeVar("_Call", bound=Callable[..., Any])


def _reported(call: _Call) -> _Call:
    """Make a call to Milvus raise LibraryError if it fails, also when it is tried again.

    Every call can be repeated: what is written has its id.
    """

    @functools.wraps(call)
    def reporting(self: Connection, *args: object, **kwargs: object) -> object:
        for wait in (*_WAITS, None):
            try:
                return call(self, *args, **kwargs)
            except Exception as error:
                if wait is None or not self.mends(error, args):
                    with self.errors():
                        raise
                time.sleep(wait)
        return None  # not reached

    return cast("_Call", reporting)


_lite_locks: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


def _writing_to(address: MilvusAddress) -> AbstractContextManager[object]:
    """Return what to hold while writing.

    Milvus Lite writes its log without a lock. Of three threads that wrote at once until their
    process was killed, up to all of the log could not be read afterwards; of one, all could.
    """
    return _lite_locks[address.file.absolute()] if address.file else nullcontext()


class Connection:
    """Calls of one Milvus database. Thread-safe.

    Args:
        address: Where it is.
        access: How to reach it.
        create: Whether to create the database if it does not exist.

    Raises:
        ModelUnavailable: pymilvus is not installed.
        LibraryMissing: The database does not exist, and ``create`` is False.
        LibraryError: It cannot be reached.
    """

    def __init__(
        self, address: MilvusAddress, access: MilvusAccess, *, create: bool = True
    ) -> None:
        try:
            import pymilvus
        except ImportError as error:
            raise ModelUnavailable(_MISSING) from error
        # Its log repeats every error that it raises, with the rows.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
        if address.file:  # it says at length which calls Milvus Lite does not have
            logging.getLogger("grpc._server").setLevel(logging.CRITICAL)
        self._address, self._access = address, access
        self._error: type[Exception] = pymilvus.MilvusException
        self._client: Any = None
        self._written = -_SETTLING_SECONDS
        self._unsealed = 0
        self._lock = threading.Lock()
        self._writing = _writing_to(address)
        if address.file:
            if not create and not address.file.exists():
                msg = f"There is no library at {address}. Add an article to create it."
                raise LibraryMissing(msg)
            with self.errors():
                address.file.absolute().parent.mkdir(parents=True, exist_ok=True)
        with self.errors():
            self._client = self._connected(create=create)

    def _connected(self, *, create: bool) -> Any:  # noqa: ANN401 - a client of pymilvus
        from pymilvus import MilvusClient

        address, access = self._address, self._access
        if address.file:
            return MilvusClient(str(address.file.absolute()), grpc_options=_KEEPALIVE)
        scheme = "https" if access.tls or access.ca_file else "http"
        tls = {"server_pem_path": access.ca_file} if access.ca_file else {}
        client = MilvusClient(
            f"{scheme}://{address.host}",
            token=access.token or "",
            timeout=access.seconds,
            secure=scheme == "https",
            grpc_options=_KEEPALIVE,
            **tls,
        )
        if address.database not in client.list_databases():
            if not create:
                msg = f"There is no library at {address}. Add an article to create it."
                raise LibraryMissing(msg)
            with suppress(self._error):  # another process may have created it
                client.create_database(address.database)
        client.use_database(address.database)
        return client

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise LibraryError for any error of Milvus, or of its connection."""
        try:
            yield
        except (self._error, OSError, AttributeError, ValueError) as error:
            if isinstance(error, AttributeError) and self._client is not None:
                raise
            raise self._named(error) from error

    def mends(self, error: Exception, arguments: Sequence[object]) -> bool:
        """Return whether a call that failed so is worth another try, and prepare it.

        So it is when the server was started again. Milvus Lite then has no collection loaded.
        """
        code = getattr(error, "code", None)
        if code == _NOT_LOADED and arguments and isinstance(arguments[0], str):
            with suppress(self._error):
                self._client.load_collection(arguments[0], timeout=self._access.seconds)
            return True
        return isinstance(error, self._error) and code == _NOT_REACHED

    def _named(self, error: Exception) -> LibraryError:
        if self._client is None and isinstance(error, AttributeError):
            return LibraryError("The library is closed.")
        said = " ".join(str(getattr(error, "message", "") or error).split())[:300]
        if said.startswith(_LITE_NOT_OPENED):
            msg = (
                f"{self._address} cannot be opened. If another process uses it, close that first: "
                "Milvus Lite is for one process, which holds it until it ends."
            )
            return LibraryLocked(msg)
        if "disk" in said.lower() or "no space" in said.lower():
            msg = f"Milvus at {self._address} cannot write: {said}. Make room, then try again."
            return LibraryUnwritable(msg)
        msg = (
            f"Milvus at {self._address} cannot be used: {said}. Check that it runs, and the "
            "settings milvus_token and milvus_tls."
        )
        return LibraryError(msg)

    def close(self) -> None:
        """Close the connection; calls afterwards raise LibraryError."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                client.close()

    @property
    def reads_strongly(self) -> bool:
        """Whether all reads see every write before them.

        Those of Milvus Lite do. On a server they are bounded otherwise: up to five seconds old,
        without waiting for the latest writes of others. Soon after a write of this connection,
        reads are strong, so that it sees what it wrote.
        """
        is_lite = self._address.file is not None
        return is_lite or time.monotonic() - self._written < _SETTLING_SECONDS

    def _level(self, *, strong: bool) -> str:
        return "Strong" if strong or self.reads_strongly else "Bounded"

    @_reported
    def seal(self, name: str) -> None:
        """Have Milvus index what was written last."""
        with self._writing:
            self._client.flush(name)
        self._unsealed = 0

    def seal_if_lite(self, name: str, *, at_least: int) -> None:
        """Have Milvus Lite index what was written since the last time, if it is so many rows.

        Until then, it compares a question with each of these rows. A server seals on its own.
        """
        if self._address.file is not None and self._unsealed >= at_least:
            self.seal(name)

    @_reported
    def collections(self) -> list[str]:
        """Return the names of all collections of the database."""
        return list(self._client.list_collections())

    @_reported
    def create(self, collection: Collection) -> None:
        """Create a collection, unless another process has done so meanwhile."""

        def create() -> None:
            if not self._client.has_collection(collection.name):
                collection.create(self._client)

        self._beside_others(create)

    @_reported
    def load(self, collection: Collection, index_type: str) -> None:
        """Make a collection searchable: create its indexes, unless it has them, and load it."""
        self._beside_others(lambda: self._load(collection, index_type))

    def _beside_others(self, call: Callable[[], None]) -> None:
        """Try a call again which may have failed because another process is doing the same."""
        for wait in _CREATION_WAITS:
            with suppress(self._error):
                return call()
            time.sleep(wait)
        return call()

    def _load(self, collection: Collection, index_type: str) -> None:
        name = collection.name
        missing = [f for f in collection.indexed if not self._client.list_indexes(name, f)]
        if missing:
            # There is nothing to index yet, and pymilvus would wait for half a second.
            indexes = collection.indexes(self._client, index_type, missing)
            self._client.create_index(name, indexes, sync=False)
        self._client.load_collection(name)

    @_reported
    def index_type(self, name: str, field: str) -> str:
        """Return the type of the index of a field."""
        (index,) = self._client.list_indexes(name, field)
        return str(self._client.describe_index(name, index).get("index_type"))

    @_reported
    def replace_index(self, collection: Collection, field: str, index_type: str) -> None:
        """Build another index of a field; the collection cannot be searched meanwhile."""
        name = collection.name
        self._client.release_collection(name)
        for index in self._client.list_indexes(name, field):
            self._client.drop_index(name, index)
        self._client.create_index(name, collection.indexes(self._client, index_type, [field]))
        self._client.load_collection(name)

    @_reported
    def upsert(self, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, or replace those with the same ids. Up to 500 rows are written as one."""
        for first in range(0, len(rows), _ROWS_PER_CALL):
            some = [dict(row) for row in rows[first : first + _ROWS_PER_CALL]]
            with self._writing:
                self._client.upsert(name, some, timeout=self._access.seconds)
            self._written = time.monotonic()
            self._unsealed += len(some)

    @_reported
    def delete(self, name: str, ids: Sequence[str]) -> None:
        """Delete rows; ids that do not exist are ignored."""
        for first in range(0, len(ids), _IDS_PER_CALL):
            some = list(ids[first : first + _IDS_PER_CALL])
            with self._writing:
                self._client.delete(name, ids=some, timeout=self._access.seconds)
            self._written = time.monotonic()

    @_reported
    def get(
        self, name: str, ids: Sequence[str], fields: Sequence[str], *, strong: bool = False
    ) -> list[Row]:
        """Return the rows with these ids that exist, in any order."""
        rows: list[Row] = []
        for first in range(0, len(ids), _IDS_PER_CALL):
            rows += self._client.query(
                name,
                filter=f"id in {quoted(ids[first : first + _IDS_PER_CALL])}",
                output_fields=list(fields),
                consistency_level=self._level(strong=strong),
                timeout=self._access.seconds,
            )
        return rows

    def scan(self, name: str, condition: str, fields: Sequence[str]) -> Iterator[Row]:
        """Yield the rows that meet a condition, read strongly."""
        with self.errors():
            pages = self._client.query_iterator(
                name,
                batch_size=_IDS_PER_CALL,
                filter=condition,
                output_fields=list(fields),
                consistency_level="Strong",
                timeout=self._access.seconds,
            )
        try:
            while True:
                with self.errors():
                    page = pages.next()
                if not page:
                    return
                yield from page
        finally:
            pages.close()

    @_reported
    def count(self, name: str, condition: str) -> int:
        """Return the number of rows that meet a condition."""
        rows = self._client.query(
            name,
            filter=condition,
            output_fields=["count(*)"],
            consistency_level="Strong",
            timeout=self._access.seconds,
        )
        return int(rows[0]["count(*)"])

    @_reported
    def nearest(  # noqa: PLR0913 - by name
        self,
        name: str,
        field: str,
        asked: Vectors | str,
        limit: int,
        *,
        condition: str,
        fields: Sequence[str],
        strong: bool = False,
    ) -> list[tuple[Row, float]]:
        """Return up to ``limit`` rows, best first, with a score that is higher for better ones.

        Args:
            name: The collection.
            field: Its field of vectors to search.
            asked: A vector, ``(dimension,)``, or for BM25 terms between spaces.
            limit: The most rows to return.
            condition: What the rows must meet.
            fields: The fields of each row to return, besides ``id``.
            strong: Whether to see every write before this call.
        """
        (hits,) = self._client.search(
            name,
            data=[asked],
            anns_field=field,
            limit=limit,
            filter=condition,
            output_fields=list(fields),
            consistency_level=self._level(strong=strong),
            search_params={"params": search_parameters(limit)} if field == VECTOR else None,
            timeout=self._access.seconds,
        )
        # Milvus Lite gives BM25 as a distance, which is negative.
        return [({"id": hit["id"], **hit["entity"]}, abs(float(hit["distance"]))) for hit in hits]


def quoted(values: Iterable[str]) -> str:
    """Return texts as a list in a filter of Milvus."""
    escaped = (value.replace("\\", "\\\\").replace('"', '\\"') for value in values)
    return "[" + ", ".join(f'"{value}"' for value in escaped) + "]"

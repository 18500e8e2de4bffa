"""Add many sources to a library on Milvus with Ray Data: the one module that imports ray.

Readers and encoders are processes of their own. Ray Data starts them, gives them work, keeps the
readers from running ahead, and repeats what was under way in a process or on a machine that died.
The articles' ids are the hashes of their texts and an article becomes visible by its last write,
so it is harmless to add a source twice, or half.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from index.embedding.int8 import usable_cores
from index.errors import LibraryError, LibraryMissing, ModelUnavailable, SettingsError
from index.library_address import milvus_address
from qa.encoding.workers import (
    ArticleEncoder,
    Source,
    SourceResult,
    read_source,
    sendable,
)
from qa.library import backend_of, embedder_of
from qa.settings import Settings

if TYPE_CHECKING:
    from ray.data import Dataset

_READER_CPUS, _ENCODER_CPUS = 0.25, 0.75
"""A reader and an encoder share a core: reading takes a small part of the time of embedding."""
_MOST_BLOCKS = 10_000
"""Ray Data keeps some kilobytes for each block. With fewer sources, each is a block of its own."""
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # It prints what happens to workers on standard output, where programs read JSON.
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".*",
}
_LOCAL = {
    "RAY_AUTH_MODE": "token",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    # Switched off, its processes listen on the loopback address alone.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}
"""What Ray reads at its import, the latter if it is to be started here."""
_ADDRESS_VARIABLE = "RAY_ADDRESS"
_MISSING = "--encode-with ray needs the package ray. Install it: pip install 'article-qa[ray]'"
_ONE_WRITER = (
    "A library in a folder has one writer. Encoding with Ray needs one on a Milvus server: "
    "milvus://host:19530/database"
)
_ONE_PROCESS = (
    "Milvus Lite in a file has one writer. Encoding with Ray needs a server. Run that of Milvus "
    "Lite, milvus-lite server --data-dir DIR --host 127.0.0.1, and use milvus://127.0.0.1:19530"
)
_DIED = "The processes that worked on it died; they may have run out of memory."
_STOPPED = (
    "{} {:,} of {:,} sources are done. Run the command again to continue: what is in the library "
    "is not embedded again."
)
_RAY_FAILED = (
    "Ray failed: {}. Run the command again to continue: what is in the library is not embedded "
    "again. On a cluster, article-qa must be installed on every machine in the same version."
)
_MAX_ERROR_CHARS = 300


def add_with_ray(
    library: str,
    sources: Sequence[str],
    settings: Settings | None = None,
    *,
    workers: int | None = None,
) -> Generator[SourceResult]:
    """Add files and web addresses to a library on Milvus, and yield the result of each when done.

    It runs on the cluster that the environment variable RAY_ADDRESS names, whose machines must
    reach the files by the same paths; if Ray is already running in this process, there; otherwise
    on this machine, with processes that end with the iterator.

    Args:
        library: The address of the library, ``milvus://host:19530/database``.
        sources: Paths of files, not of folders, and web addresses.
        settings: None for the settings of the environment.
        workers: The number of encoders; None for one for each core, or on a cluster as many as
            have work.

    Raises:
        SettingsError: The library is not on a Milvus server.
        ModelUnavailable: An extra is not installed.
        LibraryError: The library cannot be used, or Ray fails.
    """
    check_shareable(library)
    settings = settings or Settings.load()
    _import_ray()
    _check_usable(library, settings)
    if not sources:
        return
    given = [Source.of(number, name) for number, name in enumerate(sources)]
    with running_ray(workers), closing(_results(given, library, settings, workers)) as results:
        yield from results


def check_shareable(library: str) -> None:
    """Raise SettingsError unless many processes can write to the library at once."""
    address = milvus_address(library)
    if address is None or address.file:
        raise SettingsError(_ONE_PROCESS if address else _ONE_WRITER)


def _check_usable(library: str, settings: Settings) -> None:
    """Raise what is wrong with the library, if it exists: the first article creates it."""
    with suppress(LibraryMissing):
        backend_of(library, embedder_of(settings), settings, create=False).close()


def _results(
    sources: Sequence[Source], library: str, settings: Settings, workers: int | None
) -> Generator[SourceResult]:
    from ray.exceptions import RayError

    left = {source.number: source for source in sources}
    try:
        for row in _dataset(sources, library, settings, workers).iter_rows():
            result: SourceResult = row["item"]
            if result.stops:
                done = len(sources) - len(left)
                raise LibraryError(_STOPPED.format(result.error, done, len(sources)))
            if left.pop(result.source.number, None):
                yield result
    except RayError as error:
        raise LibraryError(_RAY_FAILED.format(_said(error))) from error
    for source in left.values():  # their blocks were given up
        yield SourceResult(source, error=_DIED)


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:_MAX_ERROR_CHARS]


def _dataset(
    sources: Sequence[Source], library: str, settings: Settings, workers: int | None
) -> Dataset:
    """Return the results of the sources, which Ray Data computes when they are asked for."""
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.CRITICAL)  # results say what failed
    sent = sendable(settings)
    if workers is None and not _is_remote():
        found: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call] # Ray's
        workers = max(1, int(found.get("CPU", 1)))
    pool = ray.data.ActorPoolStrategy(size=workers)  # None: it grows and shrinks with the work
    data = ray.data.from_items(list(sources), override_num_blocks=min(len(sources), _MOST_BLOCKS))
    data.context.enable_progress_bars = False
    data.context.max_errored_blocks = -1
    encoder: Any = _Encoder  # Ray's types have functions alone
    return data.map(partial(_read, settings=sent), num_cpus=_READER_CPUS).map(
        encoder, fn_constructor_args=(library, sent), compute=pool, num_cpus=_ENCODER_CPUS
    )


def _read(row: dict[str, Any], settings: Settings) -> dict[str, Any]:
    return {"item": read_source(row["item"], settings)}


class _Encoder(ArticleEncoder):
    """An ArticleEncoder of rows. Ray gives its process the number of its cores to use, one."""

    def __call__(self, row: dict[str, Any]) -> dict[str, SourceResult]:
        return {"item": self.add(row["item"])}


def _import_ray() -> Any:  # noqa: ANN401 - a module
    """Return the module ray.

    Raises:
        ModelUnavailable: It is not installed.
    """
    if "ray" not in sys.modules:
        os.environ.update(_QUIET)
        if not _is_remote():
            os.environ.update(_LOCAL, RAY_AUTH_TOKEN=secrets.token_hex(32))
    try:
        import ray.data
    except ImportError as error:
        raise ModelUnavailable(_MISSING) from error
    return ray


def _is_remote() -> bool:
    return bool(os.environ.get(_ADDRESS_VARIABLE))


@contextmanager
def running_ray(workers: int | None = None) -> Iterator[None]:
    """Connect to Ray, or start it here, and end that afterwards; nothing if it is running.

    What is started here listens on 127.0.0.1 alone, demands a new random token from whoever
    connects, and reports nothing about its use.

    Raises:
        ModelUnavailable: It is not installed.
        LibraryError: It cannot be reached or started.
    """
    ray = _import_ray()
    if ray.is_initialized():
        yield
        return
    # The names of its sockets may have 107 bytes, and those of TMPDIR can be long.
    place = None if sys.platform == "win32" else "/tmp"  # noqa: S108 - in it, a folder of our own
    with tempfile.TemporaryDirectory(
        prefix="article-qa-ray-", dir=place, ignore_cleanup_errors=True
    ) as folder:
        try:
            _start(ray, workers or usable_cores(), folder)
            yield
        finally:
            ray.shutdown()


def _start(ray: Any, cores: int, folder: str) -> None:  # noqa: ANN401 - a module
    here: dict[str, object] = {
        "num_cpus": cores,
        "include_dashboard": False,
        "_temp_dir": f"{folder}/ray",  # Ray lets everybody write to it, but not to ours around it
    }
    try:
        with _silent_standard_error():
            ray.init(
                None if _is_remote() else "local",  # None: the cluster of RAY_ADDRESS
                log_to_driver=False,
                logging_level=logging.ERROR,
                **({} if _is_remote() else here),
            )
    except Exception as error:  # Ray raises bare ones
        raise LibraryError(_RAY_FAILED.format(_said(error))) from error


@contextmanager
def _silent_standard_error() -> Iterator[None]:
    """Drop what the C++ of Ray writes to standard error while it starts; errors are raised."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)

"""A process of its own for reading a PDF, e-book or office document.

Their parsers are large, one is not written in Python, and what they are given may be
made to harm. In a process apart, a crash, an endless loop or a swelling heap becomes an
error that says so. It costs the start of an interpreter, some tenths of a second.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import asdict
from typing import Any

from index import errors
from index.errors import InputError, TooLarge, UnreadableFile
from index.limits import LoadLimits
from index.loaded import Loaded
from index.types import Heading

_PROGRAM = "from index.reading_process import main; main()"
_BROKE = (
    "It could not be read: it is damaged, or of a make that is not known. Open it in the program "
    "it comes from, and save it anew or as .txt."
)
_DIED = (
    "Reading it broke off: it is damaged, or takes more memory than the limit of {:,} bytes. Give "
    "a part of it, or save its text as .txt."
)


_CHECK_SECONDS = 0.2

_check: ContextVar[Callable[[], None]] = ContextVar("check", default=lambda: None)


@contextlib.contextmanager
def checked_by(check: Callable[[], None]) -> Iterator[None]:
    """Have ``check`` called some times a second while this thread reads a file apart.

    What it raises ends the other process, and comes out of :func:`read_apart`.
    """
    token = _check.set(check)
    try:
        yield
    finally:
        _check.reset(token)


def read_apart(module: str, data: bytes, limits: LoadLimits) -> Loaded:
    """Return what ``index.<module>.read(data, limits)`` returns in another process.

    Raises:
        InputError: As that does.
        TooLarge: It took longer than ``limits.max_seconds``.
        UnreadableFile: The process died, or was refused more memory.
    """
    request = json.dumps({"module": module, **asdict(limits)})
    # Its modules are found where this process found its own.
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)  # noqa: PTH100 - "" too
    with subprocess.Popen(  # noqa: S603 - this interpreter and our own program
        [sys.executable, "-P", "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,  # a Ctrl-C is for us, not to be taken for a broken file
    ) as process:
        try:
            answer = _talk(process, request.encode() + b"\n" + data, limits.max_seconds)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise UnreadableFile(_DIED.format(limits.max_memory_bytes))
    return _result(json.loads(answer))


def _talk(process: subprocess.Popen[bytes], request: bytes, seconds: float) -> bytes:
    """Return what the process answers, looking now and then whether it is still wanted."""
    until = time.monotonic() + seconds
    sent: bytes | None = request
    while True:
        left = until - time.monotonic()
        try:
            return process.communicate(sent, timeout=max(0.0, min(left, _CHECK_SECONDS)))[0]
        except subprocess.TimeoutExpired as error:
            sent = None  # what was not written yet is, as the conversation goes on
            _check.get()()
            if left <= _CHECK_SECONDS:
                msg = (
                    f"It was not read within the limit of {seconds:,.0f} seconds. Give a part "
                    "of it, or save its text as .txt."
                )
                raise TooLarge(msg) from error


def main() -> None:
    """Read a request and a file from standard input, and write what comes of them."""
    request = json.loads(sys.stdin.buffer.readline())
    module, limits = request.pop("module"), LoadLimits(**request)
    _bound_memory(limits.max_memory_bytes)
    read = importlib.import_module(f"index.{module}").read
    answer = _attempt(read, sys.stdin.buffer.read(), limits)
    sys.stdout.buffer.write(json.dumps(answer).encode())


def _attempt(
    read: Callable[[bytes, LoadLimits], Loaded], data: bytes, limits: LoadLimits
) -> dict[str, Any]:
    try:
        return asdict(read(data, limits))
    except InputError as error:
        return {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        msg = (
            f"It takes more memory than the limit of {limits.max_memory_bytes:,} bytes. Give a "
            "part of it, or save its text as .txt."
        )
        return {"error": "TooLarge", "message": msg}
    # Parsers raise whatever comes to pass in them when a file is broken, and here is
    # where that ends.
    except Exception:
        return {"error": "UnreadableFile", "message": _BROKE}


def _result(answer: dict[str, Any]) -> Loaded:
    if "error" in answer:
        kind: type[InputError] = getattr(errors, answer["error"])
        raise kind(answer["message"])
    headings = tuple(Heading(**heading) for heading in answer["headings"])
    return Loaded(answer["text"], answer["title"], headings, tuple(answer["pages"]))


def _bound_memory(most: int) -> None:
    # Windows has no such module, and macOS no such bound.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))

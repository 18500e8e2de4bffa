"""Read a file in a subprocess.

The parsers of documents and web pages are large, some are not written in Python, and the files
may be hostile. In a subprocess, a crash, an endless loop or a growing heap becomes an error
message, and the caller can cancel at any time. Starting it takes some tenths of a second.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, BinaryIO, TypeAlias

from index import errors
from index.errors import InputError, TooLarge, UnreadableFile
from index.limits import LoadLimits, check_cancelled, page_starts
from index.sources.document import ParsedDocument

Reader: TypeAlias = Callable[[bytes, LoadLimits], ParsedDocument]
"""Reads the bytes of a file; raises InputError."""

_SHORTEN = "Split the file, or save its text as .txt and add that."
_DAMAGED = (
    "The file is damaged or of an unknown variant. Open it in the program it comes from and save "
    "it again, or save its text as .txt."
)
_CRASHED = (
    "Reading it failed: it is damaged, or needs more memory than the limit of {:,} bytes. "
    + _SHORTEN
)
_NOT_STARTED = (
    "The program that reads files did not start within {:,.0f} seconds. The computer is busy; "
    "close other programs and add the file again."
)
_PAGE_TOO_SLOW = (
    "Page {} of the scan could not be recognised within the limit of {:,.0f} seconds. Leave the "
    "page out, or scan it again with less detail."
)
_TOO_SLOW = "It could not be read within the limit of {:,.0f} seconds. " + _SHORTEN

# The subprocess writes this when it begins to read, before its answer. Libraries may have written
# other things before.
_READY = b"\0ready\0"
# It writes this when it begins to recognise a page. Its answer, in JSON, has no such byte.
_PAGE = b"\1"
_MAX_BYTES_BEFORE = 1_000_000
_CHECK_SECONDS = 0.2
_EXIT_SECONDS = 10.0
_PIPE_BYTES = 1 << 16
# An answer is JSON in ASCII, where a character takes up to 12 bytes, plus headings, marks and the
# places of the words.
_BYTES_PER_CHAR = 24
_OTHER_BYTES = 64_000_000


def read_in_subprocess(read: Reader, data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return the result of ``read(data, limits)``, a function of a module, in a subprocess.

    Raises:
        InputError: As raised by ``read``.
        TooLarge: Reading took longer than ``limits.max_seconds``, or recognising a page longer
            than ``limits.max_page_seconds``.
        UnreadableFile: The process did not start in ``limits.max_start_seconds``, crashed, ran
            out of memory or gave an invalid answer.
    """
    names = {"module": read.__module__, "function": read.__name__}
    request = json.dumps({**names, **asdict(limits)}).encode() + b"\n"
    with start_process(__name__) as process:
        answer = _ProcessOutput(process, (request, data), limits).answer()
    if process.returncode:
        raise UnreadableFile(_CRASHED.format(limits.max_memory_bytes))
    return _parse_answer(answer)


def start_process(module: str) -> subprocess.Popen[bytes]:
    """Return a new process that runs ``main()`` of a module, with pipes for input and output."""
    # It finds modules where this process finds them.
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)  # noqa: PTH100 - "" too
    return subprocess.Popen(  # noqa: S603 - this interpreter and our own program
        [sys.executable, "-P", "-c", f"from {module} import main; main()"],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,  # on Ctrl-C, this process ends it
    )


class _ProcessOutput:
    """Sends a request to a process and collects its answer, in two threads.

    A pipe holds only 64 KiB, so one thread could block. (``Popen.communicate`` cannot be used:
    when it is called again after a timeout, CPython 3.11 does not send the rest of the input.)
    """

    def __init__(
        self, process: subprocess.Popen[bytes], request: tuple[bytes, ...], limits: LoadLimits
    ) -> None:
        self._process, self._request, self._limits = process, request, limits
        self._output = bytearray()
        self._events: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._pages = 0

    def answer(self) -> bytes:
        """Return what the process wrote after it was ready, when it has ended."""
        threads = [threading.Thread(target=work) for work in (self._send, self._receive)]
        for thread in threads:
            thread.start()
        try:
            if self._wait(self._limits.max_start_seconds, UnreadableFile, _NOT_STARTED) == "ready":
                self._wait(self._limits.max_seconds, TooLarge, _TOO_SLOW)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_EXIT_SECONDS)
        finally:
            self._process.kill()
            for thread in threads:  # before the pipes are closed and their numbers reused
                thread.join()
        return bytes(self._output).partition(_READY)[2].lstrip(_PAGE)

    def _wait(self, seconds: float, error: type[InputError], message: str) -> str:
        """Return the next event; raises ``error`` if it is late, or what cancels the work."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            with contextlib.suppress(queue.Empty):
                event = self._events.get(timeout=max(0.0, min(left, _CHECK_SECONDS)))
                if event != "page":
                    return event
                self._pages += 1
                deadline = max(deadline, time.monotonic() + self._limits.max_page_seconds)
            check_cancelled()
            if left <= 0 and deadline <= time.monotonic():
                if self._pages:
                    message, seconds = _PAGE_TOO_SLOW, self._limits.max_page_seconds
                raise error(message.format(*[self._pages] * bool(self._pages), seconds))

    def _send(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        # A crash shows in the exit status.
        with contextlib.suppress(OSError), self._process.stdin as pipe:
            for part in self._request:
                rest = memoryview(part)
                while rest:
                    rest = rest[pipe.write(rest[:_PIPE_BYTES]) :]

    def _receive(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        max_bytes = _BYTES_PER_CHAR * self._limits.max_chars + _OTHER_BYTES
        is_ready = False
        with contextlib.suppress(OSError):
            while piece := self._process.stdout.read(_PIPE_BYTES):
                self._output += piece
                if not is_ready and _READY in self._output:
                    is_ready = True
                    self._events.put("ready")
                for _ in range(piece.count(_PAGE) if is_ready else 0):
                    self._events.put("page")
                if len(self._output) > (max_bytes if is_ready else _MAX_BYTES_BEFORE):
                    self._process.kill()
        self._events.put("end")


def _parse_answer(answer: bytes) -> ParsedDocument:
    try:
        found = json.loads(answer)
        if "error" not in found:
            return ParsedDocument.from_dict(found)
        kind, message = getattr(errors, found["error"]), str(found["message"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UnreadableFile(_DAMAGED) from error
    if isinstance(kind, type) and issubclass(kind, InputError):
        raise kind(message)
    raise UnreadableFile(_DAMAGED)


def main() -> None:
    """Read a request and a file from standard input; write the answer to standard output."""
    answers = take_standard_output()
    request = json.loads(sys.stdin.buffer.readline())
    module, function = request.pop("module"), request.pop("function")
    limits = LoadLimits(**request)
    limit_memory(limits.max_memory_bytes)
    read = getattr(importlib.import_module(module), function)
    data = sys.stdin.buffer.read()
    answers.write(_READY)
    answers.flush()

    def start_page() -> None:
        answers.write(_PAGE)
        answers.flush()

    with page_starts(start_page):
        answer = _attempt(read, data, limits)
    answers.write(json.dumps(answer).encode())
    answers.flush()
    os._exit(0)  # freeing the memory of a large file would take seconds


def _attempt(read: Reader, data: bytes, limits: LoadLimits) -> dict[str, Any]:
    try:
        return read(data, limits).to_dict()
    except InputError as error:
        return {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        message = f"It needs more memory than the limit of {limits.max_memory_bytes:,} bytes. "
        return {"error": "TooLarge", "message": message + _SHORTEN}
    # Parsers raise any exception on a damaged file.
    except Exception:
        return {"error": "UnreadableFile", "message": _DAMAGED}


def take_standard_output() -> BinaryIO:
    """Return standard output as a file of our own; what C libraries write to it is dropped."""
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output


def limit_memory(max_bytes: int) -> None:
    """Limit the address space of this process, on systems that can."""
    # Windows lacks the module, and macOS the limit.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))

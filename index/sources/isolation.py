"""Reading a file in a process of its own.

The parsers of documents and web pages are large, some are not written in Python, and the
files may be hostile. In a separate process a crash, an endless loop or a growing heap
becomes an error message, and the caller can stop the reading at any time. It costs the
start of an interpreter, some tenths of a second.
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
from typing import Any

from index import errors
from index.errors import InputError, TooLarge, UnreadableFile
from index.interruption import check_interruption
from index.limits import LoadLimits
from index.sources.document import ParsedDocument
from index.types import Heading

_PROGRAM = "from index.sources.isolation import main; main()"
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
_TOO_SLOW = "It could not be read within the limit of {:,.0f} seconds. " + _SHORTEN

# What the other process writes before its answer, once the file is there and the limit on
# seconds begins to count. Libraries may have written other things before it.
_READY = b"\0ready\0"
_MOST_BYTES_BEFORE = 1_000_000
_CHECK_SECONDS = 0.2
_EXIT_SECONDS = 10.0
_PIPE_BYTES = 1 << 16
# An answer is JSON in ASCII, where a character takes 12 bytes at most; the rest is for
# headings and pages.
_BYTES_PER_CHAR = 12
_OTHER_BYTES = 64_000_000


def read_in_subprocess(module: str, data: bytes, limits: LoadLimits) -> ParsedDocument:
    """Return what ``index.<module>.read(data, limits)`` returns in another process.

    Raises:
        InputError: As raised by that function.
        TooLarge: Reading took longer than ``limits.max_seconds``.
        UnreadableFile: The process did not start in ``limits.max_start_seconds``, died, ran
            out of memory, or answered with something else.
    """
    request = json.dumps({"module": module, **asdict(limits)}).encode() + b"\n"
    with _started_process() as process:
        answer = _Exchange(process, (request, data), limits).answer()
    if process.returncode:
        raise UnreadableFile(_CRASHED.format(limits.max_memory_bytes))
    found = _parsed(answer)
    if isinstance(found, InputError):
        raise found
    return found


def _started_process() -> subprocess.Popen[bytes]:
    # Its modules are found where this process found its own.
    path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)  # noqa: PTH100 - "" too
    return subprocess.Popen(  # noqa: S603 - this interpreter and our own program
        [sys.executable, "-P", "-c", _PROGRAM],
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,  # Ctrl-C ends this process, which then ends the other
    )


class _Exchange:
    """Sends a request to a process and collects its answer, each in a thread of its own.

    Neither side can then block the other, however much there is to send: a pipe holds only
    64 KiB. (``Popen.communicate`` with a timeout is no help: called again after a timeout,
    CPython 3.11 does not send the rest of the input.)
    """

    def __init__(
        self, process: subprocess.Popen[bytes], request: tuple[bytes, ...], limits: LoadLimits
    ) -> None:
        self._process, self._request, self._limits = process, request, limits
        self._output = bytearray()
        self._events: queue.SimpleQueue[str] = queue.SimpleQueue()

    def answer(self) -> bytes:
        """Return what the process wrote after it was ready; it has ended then.

        Raises:
            TooLarge: Reading took too long.
            UnreadableFile: The process did not start in time.
        """
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
            for thread in threads:  # before the pipes are closed, whose numbers are used again
                thread.join()
        return bytes(self._output).partition(_READY)[2]

    def _wait(self, seconds: float, error: type[InputError], message: str) -> str:
        """Return the next event, checking now and then whether the answer is still wanted."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            with contextlib.suppress(queue.Empty):
                return self._events.get(timeout=max(0.0, min(left, _CHECK_SECONDS)))
            check_interruption()
            if left <= 0:
                raise error(message.format(seconds))

    def _send(self) -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        # A process that has died is noticed by its exit status.
        with contextlib.suppress(OSError), self._process.stdin as pipe:
            for part in self._request:
                rest = memoryview(part)
                while rest:
                    rest = rest[pipe.write(rest[:_PIPE_BYTES]) :]

    def _receive(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        most = _BYTES_PER_CHAR * self._limits.max_chars + _OTHER_BYTES
        is_ready = False
        with contextlib.suppress(OSError):
            while piece := self._process.stdout.read(_PIPE_BYTES):
                self._output += piece
                if not is_ready and _READY in self._output:
                    is_ready = True
                    self._events.put("ready")
                if len(self._output) > (most if is_ready else _MOST_BYTES_BEFORE):
                    self._process.kill()
        self._events.put("end")


def _parsed(answer: bytes) -> ParsedDocument | InputError:
    """Return what an answer says; one that says nothing is an error, too."""
    try:
        found = json.loads(answer)
        if "error" in found:
            kind = getattr(errors, found["error"])
            if isinstance(kind, type) and issubclass(kind, InputError):
                return kind(str(found["message"]))
            return UnreadableFile(_DAMAGED)
        headings = tuple(Heading(**heading) for heading in found["headings"])
        return ParsedDocument(
            str(found["text"]), str(found["title"]), headings, tuple(found["pages"])
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return UnreadableFile(_DAMAGED)


def main() -> None:
    """Read a request and a file from standard input, and write the answer to standard output."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # libraries in C may write to it
    request = json.loads(sys.stdin.buffer.readline())
    module, limits = request.pop("module"), LoadLimits(**request)
    _bound_memory(limits.max_memory_bytes)
    read = importlib.import_module(f"index.sources.{module}").read
    data = sys.stdin.buffer.read()
    answers.write(_READY)
    answers.flush()
    answers.write(json.dumps(_attempt(read, data, limits)).encode())
    answers.flush()
    os._exit(0)  # at once: to free what a large file took, piece by piece, takes seconds


def _attempt(
    read: Callable[[bytes, LoadLimits], ParsedDocument], data: bytes, limits: LoadLimits
) -> dict[str, Any]:
    try:
        return asdict(read(data, limits))
    except InputError as error:
        return {"error": type(error).__name__, "message": str(error)}
    except MemoryError:
        message = f"It needs more memory than the limit of {limits.max_memory_bytes:,} bytes. "
        return {"error": "TooLarge", "message": message + _SHORTEN}
    # Parsers raise anything at all on a broken file, and this is the edge of its process.
    except Exception:
        return {"error": "UnreadableFile", "message": _DAMAGED}


def _bound_memory(most: int) -> None:
    # Windows has no such module, and macOS no such bound.
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (most, most))

"""Draw pages of PDFs and scans as pictures, in a process that is kept for the next page.

PDFium and Pillow read untrusted files in native code. In a process of their own, a crash, an
endless loop or a growing heap costs one picture. Starting it takes some tenths of a second and a
page some hundredths, so the process and the files that it read last are kept while pages are
asked for.
"""

from __future__ import annotations

import io
import json
import math
import os
import queue
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from index.errors import TooLarge, UnreadableFile
from index.sources.isolation import limit_memory, start_process, take_standard_output

WIDTHS = (500, 800, 1200, 1800, 2600)
"""The widths of pictures, in pixels."""
MAX_PIXELS = 16_000_000
"""A picture of a very high page has fewer pixels a row than asked for."""
MEDIA_TYPE = "image/webp"

_MAX_FILES = 4
_MAX_FILE_BYTES = 150_000_000
_MAX_PICTURE_BYTES = 64_000_000
_WRITE_BYTES = 1 << 20
# Half the bytes of a PNG, and no letter differs to the eye.
_QUALITY = 80
_PDF_MARK, _PDF_MARK_WITHIN = b"%PDF-", 1_024
_PICTURE_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP")

CANNOT_DRAW = "This page cannot be drawn: its part of the file is damaged."
TOO_SLOW = "This page cannot be drawn within the limit of {:,.0f} seconds."


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingLimits:
    """Limits on the process that draws."""

    max_seconds: float = 20.0
    """Drawing one page."""
    max_start_seconds: float = 60.0
    max_memory_bytes: int = 2_000_000_000
    """Its address space, on systems that can limit it."""
    idle_seconds: float = 60.0
    """It ends when no page was asked for in this time."""


class PageDrawer:
    """Draws pages in a process that is started when needed. Safe to use from several threads.

    One page is drawn at a time.
    """

    def __init__(self, limits: DrawingLimits | None = None) -> None:
        self._limits = limits or DrawingLimits()
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._timer: threading.Timer | None = None

    def draw(self, key: str, load: Callable[[], bytes], page: int, width: int) -> bytes:
        """Return a page as a picture of type ``MEDIA_TYPE``.

        Args:
            key: Identifies the content of the file.
            load: Returns that content; called only if the process does not have it.
            page: From 1.
            width: In pixels; a scan is never enlarged.

        Raises:
            UnreadableFile: The page cannot be drawn.
            TooLarge: It takes too long, or too much memory.
        """
        with self._lock:
            self._cancel_timer()
            try:
                return self._running().draw(key, load, page, width, self._limits)
            except BaseException:
                if self._worker and not self._worker.is_usable:
                    self._stop()
                raise
            finally:
                self._start_timer()

    def close(self) -> None:
        """End the process, also while it draws."""
        if worker := self._worker:
            worker.kill()
        with self._lock:
            self._cancel_timer()
            self._stop()

    @property
    def is_running(self) -> bool:
        """Whether there is a process at the moment."""
        return self._worker is not None

    def _running(self) -> _Worker:
        if self._worker and not self._worker.is_alive:
            self._stop()
        if self._worker is None:
            self._worker = _Worker(self._limits)
        return self._worker

    def _stop(self) -> None:
        worker, self._worker = self._worker, None
        if worker:
            worker.end()

    def _start_timer(self) -> None:
        if self._worker:
            self._timer = threading.Timer(self._limits.idle_seconds, self._end_if_idle)
            self._timer.daemon = True
            self._timer.start()

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _end_if_idle(self) -> None:
        # If a page is being drawn at this moment, its end starts the timer again.
        if self._lock.acquire(blocking=False):
            try:
                if self._timer is threading.current_thread():
                    self._stop()
            finally:
                self._lock.release()


class _Worker:
    """A running process, and the files that it has."""

    def __init__(self, limits: DrawingLimits) -> None:
        self.is_usable = True
        self._process = start_process(__name__)
        self._held: OrderedDict[str, int] = OrderedDict()
        """Their keys and sizes, the least recently used first."""
        self._answers: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._receive, daemon=True).start()
        try:
            self._send({"max_memory_bytes": limits.max_memory_bytes})
            self._answer(limits.max_start_seconds)
        except BaseException:
            self.end()
            raise

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def draw(
        self, key: str, load: Callable[[], bytes], page: int, width: int, limits: DrawingLimits
    ) -> bytes:
        """Return a picture; see :meth:`PageDrawer.draw`."""
        data = b"" if key in self._held else load()
        forgotten = self._make_room(key, len(data))
        request = {
            "key": key,
            "bytes": len(data),
            "forget": forgotten,
            "page": page,
            "width": width,
        }
        # Writing to a process that hangs would block, so a thread writes.
        self.is_usable = False
        threading.Thread(target=self._send, args=[request, data], daemon=True).start()
        answer = self._answer(limits.max_seconds)
        self.is_usable = True
        if not answer:
            raise UnreadableFile(CANNOT_DRAW)
        return answer

    def kill(self) -> None:
        """Kill the process, so that what waits for it ends."""
        self.is_usable = False
        self._process.kill()

    def end(self) -> None:
        """Kill the process and free what belongs to it."""
        self.kill()
        self._process.wait()
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        self._process.stdin.close()

    def _make_room(self, key: str, size: int) -> list[str]:
        """Note that the process has a file, and return the keys of those that it must forget."""
        self._held[key] = self._held.pop(key, size)
        forgotten = []
        while len(self._held) > 1 and (
            len(self._held) > _MAX_FILES or sum(self._held.values()) > _MAX_FILE_BYTES
        ):
            forgotten.append(self._held.popitem(last=False)[0])
        return forgotten

    def _send(self, request: dict[str, Any], data: bytes = b"") -> None:
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            for part in (json.dumps(request).encode() + b"\n", data):
                rest = memoryview(part)
                while rest:
                    rest = rest[self._process.stdin.write(rest[:_WRITE_BYTES]) :]
        except (OSError, ValueError):
            return  # it has ended, which its output shows

    def _answer(self, seconds: float) -> bytes:
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            raise TooLarge(TOO_SLOW.format(seconds)) from None
        if answer is None:
            raise UnreadableFile(CANNOT_DRAW)
        return answer

    def _receive(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        with self._process.stdout as pipe:
            while (answer := _read_answer(pipe)) is not None:
                self._answers.put(answer)
        self._answers.put(None)


def _read_answer(pipe: Any) -> bytes | None:  # noqa: ANN401 - a raw or buffered pipe
    """Return the next answer; None at the end of the output, or if it is invalid."""
    size = int.from_bytes(_read_exactly(pipe, 4), "little")
    if size > _MAX_PICTURE_BYTES:
        return None
    answer = _read_exactly(pipe, size + 1)  # with the byte that follows each answer
    return answer[:-1] if len(answer) == size + 1 else None


def _read_exactly(pipe: Any, size: int) -> bytes:  # noqa: ANN401 - as above
    read = bytearray()
    while len(read) < size and (piece := pipe.read(size - len(read))):
        read += piece
    return bytes(read)


def main() -> None:
    """Answer the requests on standard input until it ends."""
    answers = take_standard_output()
    requests = sys.stdin.buffer
    limit_memory(int(json.loads(requests.readline())["max_memory_bytes"]))
    documents = _Documents()
    _write_answer(answers, b"ready")
    while line := requests.readline():
        request = json.loads(line)
        for key in request["forget"]:
            documents.forget(key)
        if request["bytes"]:
            documents.add(request["key"], requests.read(request["bytes"]))
        _write_answer(answers, _attempt(documents, request))
    os._exit(0)


def _write_answer(answers: BinaryIO, answer: bytes) -> None:
    answers.write(len(answer).to_bytes(4, "little") + answer + b"\n")
    answers.flush()


def _attempt(documents: _Documents, request: dict[str, Any]) -> bytes:
    """Return the picture; nothing if the page cannot be drawn."""
    try:
        picture = documents.page(request["key"], request["page"], request["width"])
        buffer = io.BytesIO()
        picture.save(buffer, "WEBP", quality=_QUALITY, method=0)
        return buffer.getvalue()
    # The libraries raise any exception on a damaged file.
    except Exception:
        return b""


class _Documents:
    """The files that the process has, opened when needed."""

    def __init__(self) -> None:
        self._data: dict[str, bytes] = {}
        self._pdfs: dict[str, Any] = {}

    def add(self, key: str, data: bytes) -> None:
        self._data[key] = data

    def forget(self, key: str) -> None:
        self._data.pop(key, None)
        pdf = self._pdfs.pop(key, None)
        if pdf:
            pdf.close()

    def page(self, key: str, page: int, width: int) -> Any:  # noqa: ANN401 - a Pillow image
        data = self._data[key]
        if _PDF_MARK in data[:_PDF_MARK_WITHIN]:
            return self._pdf_page(key, page, width)
        return _scan_page(data, page, width)

    def _pdf_page(self, key: str, number: int, width: int) -> Any:  # noqa: ANN401
        import pypdfium2

        if key not in self._pdfs:
            self._pdfs[key] = pypdfium2.PdfDocument(self._data[key])
            self._pdfs[key].init_forms()  # so that what is filled in is drawn
        page = self._pdfs[key][number - 1]
        try:
            scale = _scale(page.get_width(), page.get_height(), width)
            return page.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
        finally:
            page.close()


def _scan_page(data: bytes, number: int, width: int) -> Any:  # noqa: ANN401 - a Pillow image
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data), formats=_PICTURE_FORMATS) as opened:
        opened.seek(number - 1)
        scale = min(1.0, _scale(*opened.size, width))
        opened.draft("RGB", (round(opened.width * scale), round(opened.height * scale)))
        picture = ImageOps.exif_transpose(opened)
        scale = min(1.0, _scale(*picture.size, width))
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        return _on_white(picture).resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _on_white(picture: Any) -> Any:  # noqa: ANN401 - Pillow images
    """Return a picture in RGB; what is transparent becomes white, and 16 bits 8."""
    from PIL import Image

    if picture.mode.startswith("I"):
        picture = picture.point(lambda value: value / 256).convert("L")
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        layer = picture.convert("RGBA")
        ground = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(ground, layer).convert("RGB")
    return picture.convert("RGB")


def _scale(page_width: float, page_height: float, width: int) -> float:
    """Return how many pixels a unit of the page becomes."""
    page_width, page_height = max(page_width, 1e-3), max(page_height, 1e-3)
    most = math.sqrt(MAX_PIXELS / (page_width * page_height))
    # WebP has at most 16,383 pixels a side.
    return min(width / page_width, most, 16_000 / page_height)

"""Run the server of Milvus Lite in a process of its own, on the loopback address."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.serving import free_port

_STARTING_SECONDS = 60
_STOPPING_SECONDS = 15
_POLL_SECONDS = 0.05


class MilvusServer:
    """A server of Milvus Lite.

    Args:
        folder: Its data.

    Attributes:
        address: The address of a library on it, ``milvus://127.0.0.1:PORT``. It stays the same
            when the server is started again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, free_port()
        self.address = f"milvus://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return as soon as it takes connections."""
        place = ("--host", "127.0.0.1", "--port", str(self._port), "--data-dir", str(self._folder))
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-m", "milvus_lite", "server", *place],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        latest = time.monotonic() + _STARTING_SECONDS
        while not self._listens():
            assert self._process.poll() is None, "The Milvus server's process ended."
            assert time.monotonic() < latest, "The Milvus server did not start in time."
            time.sleep(_POLL_SECONDS)

    @property
    def pid(self) -> int:
        """The id of its process."""
        assert self._process, "The Milvus server is not started."
        return self._process.pid

    def kill(self) -> None:
        """Kill it, so that it saves nothing."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Let it save its data and end."""
        if self._process:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_STOPPING_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0


@contextmanager
def milvus_server(folder: Path) -> Iterator[str]:
    """Yield the address of a server of Milvus Lite with its data in ``folder``."""
    server = MilvusServer(folder)
    try:
        server.start()
        yield server.address
    finally:
        server.stop()

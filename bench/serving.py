"""Serve the page in a separate process on the loopback address."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_SECONDS = 300
_POLL_SECONDS = 0.02


@contextmanager
def served(*arguments: str) -> Iterator[tuple[int, str]]:
    """Run this interpreter with ``arguments`` and a port, and yield its process id and address.

    They are yielded as soon as the page answers. The address ends with a slash.
    """
    port = free_port()
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    process = subprocess.Popen(  # noqa: S603 - this interpreter and our own programs
        [sys.executable, *arguments, str(port)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        address, latest = f"http://127.0.0.1:{port}/", time.monotonic() + LONGEST_SECONDS
        while not _answers(address):
            assert process.poll() is None, "The page's process ended."
            assert time.monotonic() < latest, "The page did not answer in time."
            time.sleep(_POLL_SECONDS)
        yield process.pid, address
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(address: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(address, timeout=LONGEST_SECONDS):
            return True
    except urllib.error.URLError:
        return False

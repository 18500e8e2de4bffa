"""What the benches that open a browser share: Chromium, and a port for the page."""

from __future__ import annotations

import shutil
import socket

from playwright.sync_api import Browser, Playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 90_000


def chromium(playwright: Playwright) -> Browser:
    """Return a headless Chromium, which must be on the path."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "No Chromium is on the path."
    # No sandbox: containers run this as root.
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""What the benches that open a browser share: Chromium, and how long it may take."""

from __future__ import annotations

import shutil

from playwright.sync_api import Browser, Playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PATIENCE_MS = 90_000


def chromium(playwright: Playwright) -> Browser:
    """Return a headless Chromium, which must be on the path."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert path, "No Chromium is on the path."
    # No sandbox: containers run this as root.
    return playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])

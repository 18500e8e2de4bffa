"""Keep onnxruntime from reporting its use.

From 1.32 on its wheels for Linux collect events, with an id of the machine, in the user's cache
folder, and send them to its maker. The variable must be set before onnxruntime is imported.
"""

from __future__ import annotations

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

"""Read server-sent events as a client does."""

from __future__ import annotations

import json
from typing import Any


def events_of(text: str) -> list[tuple[str, Any]]:
    """Return the name and the value of each event; comments are left out."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(
            line.split(": ", 1) for line in block.split("\n") if line[:1] not in ("", ":")
        )
        if fields:
            found.append((fields["event"], json.loads(fields["data"])))
    return found


def as_json(value: object) -> Any:  # noqa: ANN401 - of JSON
    """Return a value as it is after a transfer in JSON."""
    return json.loads(json.dumps(value))

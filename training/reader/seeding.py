"""Seed random choices and held-out shares by names, the same on every machine."""

from __future__ import annotations

import hashlib
import random

HELD_OUT_SHARE = 0.06
"""Share of the articles, of the claims' passages and of the dialogues that is held out."""


def seeded(*parts: object) -> random.Random:
    """Return a generator that depends only on ``parts``."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - data, not secrets


def sha1_of(text: str) -> str:
    """Return the SHA-1 of a text, in hexadecimal."""
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def is_held_out(name: str) -> bool:
    """Return whether the item of this name is held out, as HELD_OUT_SHARE of all names are."""
    return int(sha1_of(name)[:8], 16) < HELD_OUT_SHARE * 16**8

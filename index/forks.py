"""What a process made by ``fork`` must not share with its parent is made anew there."""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import Protocol


class Renewable(Protocol):
    """Something with locks or open files that a child process cannot take over."""

    def renew_in_child(self) -> None:
        """Replace them; runs in the child, before anything else of it. Must not raise."""


_living: weakref.WeakSet[Renewable] = weakref.WeakSet()


def renew_in_children(one: Renewable) -> None:
    """Have ``one`` renewed in every child that this process forks, for as long as it lives."""
    _living.add(one)


def never_free(one: object) -> None:
    """Keep ``one`` until the process ends, and while it does.

    For what is the parent's alone, and is not let go of without harm: files that are to stay
    locked, threads that would be waited for.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(one))


def _renew() -> None:
    for one in list(_living):
        one.renew_in_child()


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_renew)

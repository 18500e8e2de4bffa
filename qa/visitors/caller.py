"""Who makes a request, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from index.errors import NotAllowed

READ_ONLY = "This token may only read. Use one that may write."


class Role(StrEnum):
    """What an account may do; its value is used in files and JSON."""

    READER = "reader"
    """Asks, and adds and removes articles on a shelf of their own."""
    EDITOR = "editor"
    """Also adds, renames and removes the articles that everybody shares."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request: an account, or whoever reaches a server without accounts."""

    name: str = ""
    """The name of the account; empty without accounts."""
    role: Role = Role.EDITOR
    can_write: bool = True
    """False for a token that may only read."""
    visitor: str = ""
    """Whose conversations it sees: the account's name, the id in a browser's cookie, or empty
    for the one user of this machine."""
    address: str = ""
    """Where the request comes from, by which callers without an account are limited."""

    @property
    def key(self) -> str:
        """By what the caller's questions and uploads are counted."""
        return f"account {self.name}" if self.name else f"address {self.address}"

    def check_may_write(self) -> None:
        """Raise NotAllowed if the caller may only read."""
        if not self.can_write:
            raise NotAllowed(READ_ONLY)

    def may_edit_shared(self) -> bool:
        """Return whether the caller may change the articles that everybody shares."""
        return self.can_write and self.role is Role.EDITOR


LOCAL = Caller()
"""The one user of a server without accounts on this machine."""
NOBODY = Caller(role=Role.READER, can_write=False)
"""Who has not logged in to a server with accounts."""

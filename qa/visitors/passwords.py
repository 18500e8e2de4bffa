"""Hash passwords and check them, with Argon2id."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_PASSWORD_CHARS = 10
MAX_PASSWORD_CHARS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HashingCost:
    """What one hash costs; the defaults are the first choice of RFC 9106 for less memory."""

    passes: int = 3
    kilobytes: int = 65_536
    lanes: int = 4


class Passwords:
    """Hashes passwords. Safe to use from several threads, of which one hashes at a time."""

    def __init__(self, cost: HashingCost | None = None) -> None:
        self._cost = cost or HashingCost()
        self._hasher: PasswordHasher | None = None
        self._nobody = ""
        """The hash of a password that nobody knows."""
        self._lock = threading.Lock()
        self.checks = 0
        """How many passwords were checked."""

    def hash(self, password: str) -> str:
        """Return the salted hash of a password, with its parameters."""
        with self._lock:
            return self._argon2().hash(password)

    def matches(self, password: str, hashed: str | None) -> bool:
        """Return whether a password has this hash.

        None, for an account that does not exist, takes as long as a wrong password.
        """
        from argon2.exceptions import InvalidHashError, VerificationError

        with self._lock:
            argon2 = self._argon2()
            self._nobody = self._nobody or argon2.hash(secrets.token_urlsafe())
            self.checks += 1
            try:
                argon2.verify(hashed or self._nobody, password)
            except (VerificationError, InvalidHashError):
                return False
            return hashed is not None

    def _argon2(self) -> PasswordHasher:
        from argon2 import PasswordHasher

        if self._hasher is None:
            cost = self._cost
            self._hasher = PasswordHasher(cost.passes, cost.kilobytes, cost.lanes)
        return self._hasher

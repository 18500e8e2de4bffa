"""The accounts of a server, in a file that the program ``article-qa accounts`` keeps."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self, TypeAlias

from index.errors import SettingsError
from qa.visitors.caller import Role

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?")
_FIELDS = 4
_FOR_OTHERS = 0o077
_HEADER = "# Accounts of article-qa, one a line: name, role, when it was added, password hash.\n"
_Version: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may log in."""

    name: str
    role: Role
    added_at: str
    """As in ISO 8601, in UTC. Tokens that are older belonged to another account of the name."""
    password_hash: str

    @classmethod
    def new(cls, name: str, role: Role, password_hash: str) -> Self:
        """Return an account that is added now.

        Raises:
            SettingsError: The name has other characters than an account's may have.
        """
        name = name.casefold()
        if not _NAME.fullmatch(name):
            msg = (
                f"{name!r} cannot be the name of an account. Use up to 64 letters a-z, digits and "
                "the characters . _ @ - between them."
            )
            raise SettingsError(msg)
        return cls(name, role, datetime.now(UTC).isoformat(), password_hash)


class Accounts:
    """The accounts in a file, which is read again when it has changed. Thread-safe.

    Args:
        path: The file. Only its owner may read it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._version: _Version | None = None
        self._accounts: Mapping[str, Account] = {}

    def all(self) -> list[Account]:
        """Return the accounts in order of their names.

        Raises:
            SettingsError: The file is missing or damaged, or others may read it.
        """
        return [account for _, account in sorted(self._read().items())]

    def find(self, name: str) -> Account | None:
        """Return the account of this name, in any case of letters; None if there is none.

        Raises:
            SettingsError: As :meth:`all`.
        """
        return self._read().get(name.casefold())

    def add(self, account: Account) -> None:
        """Add an account, and create the file if there is none.

        Raises:
            SettingsError: There is an account of the name, or the file cannot be used.
        """
        accounts = self._read() if self.path.exists() else {}
        if account.name in accounts:
            msg = (
                f"There is an account {account.name!r} already. To change its password, run: "
                f"article-qa accounts password {account.name}"
            )
            raise SettingsError(msg)
        self._write([*accounts.values(), account])

    def replace(self, account: Account) -> None:
        """Store another password or role of an account.

        Raises:
            SettingsError: There is no account of the name, or the file cannot be used.
        """
        self._write([*self._others(account.name), account])

    def remove(self, name: str) -> None:
        """Remove an account, which ends its sessions and its tokens.

        Raises:
            SettingsError: There is no account of the name, or the file cannot be used.
        """
        self._write(self._others(name.casefold()))

    def _others(self, name: str) -> list[Account]:
        accounts = self._read()
        if name not in accounts:
            msg = f"There is no account {name!r} in {self.path}."
            raise SettingsError(msg)
        return [account for account in accounts.values() if account.name != name]

    def _read(self) -> Mapping[str, Account]:
        with self._lock:
            try:
                stat = self.path.stat()
                version = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                if version != self._version:
                    _check_mode(self.path, stat.st_mode)
                    self._accounts = _parsed(self.path, self.path.read_text(encoding="utf-8"))
                    self._version = version
            except (OSError, UnicodeDecodeError) as error:
                msg = (
                    f"The accounts in {self.path} cannot be read ({error}). Add the first one "
                    f"with: article-qa accounts add NAME --file {self.path}"
                )
                raise SettingsError(msg) from error
            return self._accounts

    def _write(self, accounts: Iterable[Account]) -> None:
        """Replace the file in one step, so that no reader sees half of it."""
        lines = [
            f"{each.name} {each.role} {each.added_at} {each.password_hash}\n"
            for each in sorted(accounts, key=lambda account: account.name)
        ]
        try:
            # mkstemp lets only the owner read it.
            handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.writelines([_HEADER, *lines])
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(self.path)
            except BaseException:
                with suppress(OSError):
                    Path(name).unlink()
                raise
        except OSError as error:
            msg = f"The accounts cannot be written to {self.path} ({error})."
            raise SettingsError(msg) from error


def _check_mode(path: Path, mode: int) -> None:
    if os.name == "posix" and mode & _FOR_OTHERS:
        msg = f"Others may read or write the accounts in {path}. Run: chmod 600 {path}"
        raise SettingsError(msg)


def _parsed(path: Path, text: str) -> dict[str, Account]:
    accounts = {}
    for number, line in enumerate(text.splitlines(), start=1):
        fields = line.split()
        if not fields or line.startswith("#"):
            continue
        is_whole = len(fields) == _FIELDS and _NAME.fullmatch(fields[0])
        if not is_whole or fields[1] not in set(Role) or fields[0] in accounts:
            msg = (
                f"Line {number} of {path} is not an account. Restore the file, or remove the line."
            )
            raise SettingsError(msg)
        name, role, added_at, password_hash = fields
        accounts[name] = Account(name, Role(role), added_at, password_hash)
    return accounts

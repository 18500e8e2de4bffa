"""What a request proves an account with: tokens of programs, and sessions of browsers.

Both are 256 random bits, so that a plain SHA-256 of them can be stored: nobody can guess them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from index.errors import SettingsError
from qa.visitors.accounts import Account, Accounts
from qa.visitors.caller import Caller
from qa.visitors.state_database import StateDatabase

TOKEN_PREFIX = "aqa_"  # noqa: S105 - by which a leaked token is recognised
IDLE = timedelta(hours=12)
"""A session ends when it is not used for so long,"""
LONGEST = timedelta(days=7)
"""and after so long in any case."""
_NOTED_EVERY = timedelta(minutes=5)
_BYTES = 32
_MAX_SECRET_CHARS = 200


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is listed, without its secret."""

    id: str
    account: str
    name: str
    can_write: bool
    created_at: str
    """As in ISO 8601, in UTC."""
    expires_at: str | None


class Tokens:
    """The tokens of a library. Safe to use from several threads.

    Args:
        state: Where they are kept.
        clock: Returns the time.
    """

    def __init__(
        self, state: StateDatabase, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._state, self._clock = state, clock

    def create(self, account: str, name: str, *, can_write: bool, days: int | None) -> str:
        """Return a new token, which cannot be shown again; ``days`` is None for no end.

        Raises:
            LibraryError: It cannot be stored.
        """
        token = f"{TOKEN_PREFIX}{secrets.token_urlsafe(_BYTES)}"
        now = self._clock()
        expires_at = (now + timedelta(days=days)).isoformat() if days else None
        values = (account.casefold(), name, _hashed(token), can_write, now.isoformat(), expires_at)
        with self._state.transaction() as db:
            row = (secrets.token_hex(4), *values)
            db.execute("INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return token

    def all(self) -> list[Token]:
        """Return the tokens in order of their creation.

        Raises:
            LibraryError: They cannot be read.
        """
        with self._state.reading() as db:
            rows = db.execute(
                "SELECT id, account, name, can_write, created_at, expires_at FROM tokens "
                "ORDER BY created_at, id"
            ).fetchall()
        return [
            Token(token_id, account, name, bool(can_write), created_at, expires_at)
            for token_id, account, name, can_write, created_at, expires_at in rows
        ]

    def revoke(self, token_id: str) -> None:
        """Delete the token of this id.

        Raises:
            SettingsError: There is none.
            LibraryError: It cannot be deleted.
        """
        with self._state.transaction() as db:
            if not db.execute("DELETE FROM tokens WHERE id = ?", [token_id]).rowcount:
                msg = (
                    f"There is no token with the id {token_id!r}. List them: article-qa tokens list"
                )
                raise SettingsError(msg)

    def caller(self, token: str, accounts: Accounts, address: str) -> Caller | None:
        """Return who shows this token; None if it is unknown, expired or of a removed account.

        Raises:
            LibraryError: The tokens cannot be read.
            SettingsError: The accounts cannot be read.
        """
        if len(token) > _MAX_SECRET_CHARS:
            return None
        with self._state.reading() as db:
            row = db.execute(
                "SELECT account, can_write, created_at, expires_at FROM tokens WHERE sha256 = ?",
                [_hashed(token)],
            ).fetchone()
        if row is None:
            return None
        name, can_write, created_at, expires_at = row
        account = accounts.find(name)
        is_over = expires_at is not None and expires_at <= self._clock().isoformat()
        if account is None or is_over or created_at < account.added_at:
            return None
        return _caller(account, address, can_write=bool(can_write))


class Sessions:
    """The sessions of browsers that are logged in. Safe to use from several threads.

    A session ends when its account is removed or gets another password.

    Args:
        state: Where they are kept.
        clock: Returns the time.
    """

    def __init__(
        self, state: StateDatabase, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._state, self._clock = state, clock

    def begin(self, account: Account) -> str:
        """Return the secret of a new session, for the browser's cookie.

        Raises:
            LibraryError: It cannot be stored.
        """
        session = secrets.token_urlsafe(_BYTES)
        now = self._clock()
        with self._state.transaction() as db:
            # Those that nobody ended would pile up otherwise.
            db.execute("DELETE FROM sessions WHERE expires_at <= ?", [now.isoformat()])
            row = (
                _hashed(session),
                account.name,
                _hashed(account.password_hash),
                now.isoformat(),
                (now + LONGEST).isoformat(),
            )
            db.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?)", row)
        return session

    def end(self, session: str) -> None:
        """End a session, if there is one.

        Raises:
            LibraryError: It cannot be deleted.
        """
        with self._state.transaction() as db:
            db.execute("DELETE FROM sessions WHERE sha256 = ?", [_hashed(session)])

    def caller(self, session: str, accounts: Accounts, address: str) -> Caller | None:
        """Return who is logged in with this session; None if it is unknown or over.

        Raises:
            LibraryError: The sessions cannot be read or written.
            SettingsError: The accounts cannot be read.
        """
        if len(session) > _MAX_SECRET_CHARS:
            return None
        key = _hashed(session)
        with self._state.reading() as db:
            row = db.execute(
                "SELECT account, password, used_at, expires_at FROM sessions WHERE sha256 = ?",
                [key],
            ).fetchone()
        if row is None:
            return None
        name, password, used_at, expires_at = row
        account, now = accounts.find(name), self._clock()
        idle = now - datetime.fromisoformat(used_at)
        is_over = idle > IDLE or now.isoformat() >= expires_at
        if account is None or is_over or password != _hashed(account.password_hash):
            return None
        if idle > _NOTED_EVERY:
            with self._state.transaction() as db:
                values = [now.isoformat(), key]
                db.execute("UPDATE sessions SET used_at = ? WHERE sha256 = ?", values)
        return _caller(account, address)


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def _caller(account: Account, address: str, *, can_write: bool = True) -> Caller:
    return Caller(account.name, account.role, can_write, visitor=account.name, address=address)

"""The cookies by which browsers are recognised."""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.datastructures import Headers

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that scripts cannot read and that other websites' requests do not carry.

    Over https its name has the prefix that lets browsers accept it from this host alone, and
    over a secure connection. The port is in the name, as cookies are not kept apart by it.
    """

    purpose: str
    port: int
    is_https: bool

    @property
    def name(self) -> str:
        """Its name."""
        return f"{'__Host-' if self.is_https else ''}article-qa-{self.purpose}-{self.port}"

    def value(self, headers: Headers) -> str:
        """Return its value in a request; empty if there is none, or several that differ."""
        pairs = (
            pair.strip().partition("=")
            for header in headers.getlist("cookie")
            for pair in header.split(";")
        )
        values = {value for name, _, value in pairs if name == self.name}
        value = values.pop() if len(values) == 1 else ""
        return value if _SECRET.fullmatch(value) else ""

    def header(self, value: str, seconds: int = _YEAR) -> str:
        """Return the ``Set-Cookie`` header that stores a value; 0 seconds delete the cookie."""
        secure = "; Secure" if self.is_https else ""
        return f"{self.name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"

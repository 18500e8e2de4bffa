"""Tell a library on Milvus from one in a folder, by its address."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from index.errors import SettingsError

_SERVER, _LITE = "milvus", "milvus-lite"
_LITE_SUFFIX = ".db"
_DEFAULT_PORT = 19530
_DEFAULT_DATABASE = "default"
_DEFAULT_SHELF = "main"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
"""What Milvus takes as a name, and what needs no quoting in its filters."""


@dataclass(frozen=True, slots=True)
class MilvusAddress:
    """Where a library on Milvus is."""

    host: str
    """Host and port of the server; "" for Milvus Lite."""
    database: str = _DEFAULT_DATABASE
    shelf: str = _DEFAULT_SHELF
    """The part of the database that is this library. Shelves share no article."""
    file: Path | None = None
    """The data of Milvus Lite, which runs in this process."""

    def __str__(self) -> str:
        """Return it as users write it."""
        at = f"{_LITE}:{self.file}" if self.file else f"{_SERVER}://{self.host}/{self.database}"
        return at if self.shelf == _DEFAULT_SHELF else f"{at}?shelf={self.shelf}"


@dataclass(frozen=True, slots=True)
class MilvusAccess:
    """How to reach and use a Milvus server."""

    token: str | None = field(default=None, repr=False)
    """``user:password`` or an API key."""
    tls: bool = False
    ca_file: str | None = None
    """The certificates to trust, as PEM; None for the system's."""
    seconds: float = 30.0
    """The longest time to wait for one call."""
    index: str = "auto"
    """The type of the index of vectors; ``auto`` chooses by the number of passages."""


def is_milvus(library: Path | str) -> bool:
    """Return whether a library is on Milvus."""
    scheme, colon, _ = str(library).partition(":")
    return bool(colon) and scheme.lower() in {_SERVER, _LITE}


def milvus_address(library: Path | str) -> MilvusAddress | None:
    """Return the address of a library on Milvus; None for a folder.

    Raises:
        SettingsError: It is an address of Milvus with something wrong in it.
    """
    if not is_milvus(library):
        return None
    if isinstance(library, Path):
        msg = f"{library} is a path. Give the address of a library on Milvus as a text."
        raise SettingsError(msg)
    try:
        parts = urlsplit(library)
        shelf = _shelf_of(parts)
        if parts.scheme.lower() == _LITE:
            return MilvusAddress("", shelf=shelf, file=_file_of(parts))
        return MilvusAddress(_host_of(parts), _database_of(parts), shelf)
    except ValueError as error:
        msg = (
            f"{_without_password(library)!r} is no address of a library: {error}. Write it as "
            "milvus://host:19530/database, or milvus-lite:PATH.db for Milvus Lite, with "
            "?shelf=NAME for a part of it."
        )
        raise SettingsError(msg) from None


def local_path(library: Path | str) -> Path | None:
    """Return where a library has its files on this machine; None for one on a server.

    Raises:
        SettingsError: It is an address of Milvus with something wrong in it.
    """
    address = milvus_address(library)
    return Path(library) if address is None else address.file


def _host_of(parts: SplitResult) -> str:
    if parts.username is not None or parts.password is not None:
        msg = "a user and password belong in the setting milvus_token"
        raise ValueError(msg)
    if not parts.hostname:
        msg = "the host is missing"
        raise ValueError(msg)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or _DEFAULT_PORT}"


def _database_of(parts: SplitResult) -> str:
    return _checked(parts.path.strip("/") or _DEFAULT_DATABASE, "database")


def _file_of(parts: SplitResult) -> Path:
    path = unquote(f"//{parts.netloc}{parts.path}" if parts.netloc else parts.path)
    if not path:
        msg = "the path is missing"
        raise ValueError(msg)
    if not path.endswith(_LITE_SUFFIX):
        msg = f"the path of Milvus Lite ends in {_LITE_SUFFIX}"
        raise ValueError(msg)
    return Path(path)


def _shelf_of(parts: SplitResult) -> str:
    options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    shelves = options.pop("shelf", [_DEFAULT_SHELF])
    if options or parts.fragment or len(shelves) > 1:
        msg = "only one shelf can follow it"
        raise ValueError(msg)
    return _checked(shelves[0], "shelf")


def _checked(name: str, what: str) -> str:
    if not _NAME.fullmatch(name):
        msg = f"the name of a {what} has only letters, digits and _, and begins with a letter"
        raise ValueError(msg)
    return name


def _without_password(library: str) -> str:
    return re.sub(r"//[^/@]*@", "//…@", library)

"""Keep long texts and files on Milvus, in pieces below the limit of a field."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from index.errors import LibraryDamaged
from index.milvus.connection import Connection
from index.milvus.schema import PIECE_BYTES, UNUSED

_CHARS = PIECE_BYTES // 4  # a code point takes up to four bytes
_PIECES_PER_CALL = 200


class Parts:
    """The pieces of one shelf. What is written once is never changed.

    Args:
        connection: The database.
        name: The collection of the pieces.
        shelf: The shelf.
    """

    def __init__(self, connection: Connection, name: str, shelf: str) -> None:
        self._connection, self._name, self._shelf = connection, name, shelf

    def write(self, token: str, kind: str, text: str) -> int:
        """Store a text, and return the number of its pieces."""
        size = PIECE_BYTES if text.isascii() else _CHARS
        pieces = [text[first : first + size] for first in range(0, len(text), size)]
        now = int(time.time())
        for first in range(0, len(pieces), _PIECES_PER_CALL):
            some = pieces[first : first + _PIECES_PER_CALL]
            self._connection.upsert(
                self._name,
                [
                    {
                        "id": self._id(token, kind, number),
                        "shelf": self._shelf,
                        "written": now,
                        "text": piece,
                        UNUSED: [0.0, 0.0],
                    }
                    for number, piece in enumerate(some, start=first)
                ],
            )
        return len(pieces)

    def read(self, token: str, kind: str, pieces: int) -> str | None:
        """Return the text; None if pieces of it are missing, as when it is being removed."""
        ids = [self._id(token, kind, number) for number in range(pieces)]
        found: dict[str, str] = {}
        for first in range(0, len(ids), _PIECES_PER_CALL):
            some = ids[first : first + _PIECES_PER_CALL]
            rows = self._connection.get(self._name, some, ["text"], strong=True)
            found |= {row["id"]: row["text"] for row in rows}
        if len(found) < len(ids):
            return None
        return "".join(found[each] for each in ids)

    def delete(self, token: str, kind: str, pieces: int) -> None:
        """Delete the pieces of a text."""
        ids = [self._id(token, kind, number) for number in range(pieces)]
        self._connection.delete(self._name, ids)

    def _id(self, token: str, kind: str, number: int) -> str:
        return f"{self._shelf}:{token}:{kind}:{number:06}"


def token_of(part_id: str) -> str:
    """Return the token in the id of a piece."""
    return part_id.split(":")[1]


def text_of(data: bytes) -> str:
    """Return bytes as ASCII; :func:`bytes_of` is the inverse."""
    return base64.b64encode(data).decode("ascii")


def bytes_of(text: str) -> bytes:
    """Return the bytes that :func:`text_of` was given.

    Raises:
        LibraryDamaged: The text is something else.
    """
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise damaged(error) from error


def parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    """Return what a JSON text holds.

    Raises:
        LibraryDamaged: It is none.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise damaged(error) from error


def compact(value: object) -> str:
    """Return a value as compact JSON."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def damaged(why: object) -> LibraryDamaged:
    """Return the error for rows that cannot be read."""
    msg = (
        f"The library is damaged: a row on Milvus cannot be read ({why}). "
        "Run article-qa check with its address to see what to do."
    )
    return LibraryDamaged(msg)

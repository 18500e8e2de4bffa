"""The files of a tantivy index: whether they are whole, and how to read where none can be made.

tantivy maps its files into memory and trusts them. Each ends with a footer that holds
the CRC-32 of the rest, which it does not look at by itself.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import struct
import tempfile
import zlib
from pathlib import Path

_META = "meta.json"
_FOOTER_END = struct.Struct("<II")  # length of the footer's JSON, magic
_MAGIC = 1337
_READ_BYTES = 1 << 18


def check_files(folder: Path) -> None:
    """Check every file that the index in ``folder`` consists of; one of no index is no error.

    Raises:
        ValueError: One is damaged, which the message names.
        OSError: One is missing, or cannot be read.
    """
    for path in sorted(_parts(folder)):
        _check_file(path)


def remove_orphans(folder: Path) -> None:
    """Remove files of which the index does not know, as a writer that was killed leaves them.

    tantivy numbers its writes anew then, and does not overwrite a file of the same number.
    The caller holds the write lock.
    """
    try:
        known, files = _parts(folder), list(folder.iterdir())
    except (OSError, ValueError):  # whoever opens it next makes it anew
        return
    for path in files:
        if path not in known and not path.name.startswith(".") and path.name != _META:
            with contextlib.suppress(OSError):
                path.unlink()


def _parts(folder: Path) -> set[Path]:
    """Return the files that meta.json speaks of.

    Raises:
        ValueError: It is damaged.
    """
    try:
        meta = json.loads((folder / _META).read_bytes())
    except FileNotFoundError:
        return set()
    try:
        segments = [(s["segment_id"].replace("-", ""), s["deletes"]) for s in meta["segments"]]
        deletes = {f"{name}.{gone['opstamp']}.del" for name, gone in segments if gone}
    except (AttributeError, KeyError, TypeError) as error:
        msg = f"{_META} is not as it was written"
        raise ValueError(msg) from error
    names = {name for name, _ in segments}
    parts = {path for path in folder.iterdir() if path.stem in names and path.suffix != ".temp"}
    return parts | {folder / name for name in deletes}


def _check_file(path: Path) -> None:
    damaged = ValueError(f"{path.name} is damaged")
    size = path.stat().st_size
    with path.open("rb") as file:
        if size < _FOOTER_END.size:
            raise damaged
        file.seek(size - _FOOTER_END.size)
        length, magic = _FOOTER_END.unpack(file.read())
        payload = size - _FOOTER_END.size - length
        if magic != _MAGIC or payload < 0:
            raise damaged
        file.seek(payload)
        expected = _crc_in(file.read(length))
        file.seek(0)
        crc = 0
        # The same memory for all blocks: to get new for each takes as long as to check it.
        memory = memoryview(bytearray(min(payload, _READ_BYTES)))
        while payload > 0:
            block = memory[: file.readinto(memory[:payload])]
            crc = zlib.crc32(block, crc)
            payload -= len(block) or payload
    if crc != expected:
        raise damaged


def _crc_in(footer: bytes) -> int | None:
    try:
        return int(json.loads(footer)["crc"])
    except (KeyError, TypeError, ValueError):
        return None


def borrowed_copy(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a folder of links to the files in ``folder``, for which that need not be writable.

    tantivy makes lock files even to read.

    Raises:
        OSError: It cannot be made.
    """
    copy = tempfile.TemporaryDirectory(prefix="article-qa-", ignore_cleanup_errors=True)
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            # Those that tantivy writes are copied; the others never change once written.
            if path.name.startswith(".") or path.name == _META:
                shutil.copyfile(path, Path(copy.name) / path.name)
            else:
                _link(path, Path(copy.name) / path.name)
    except OSError:
        copy.cleanup()
        raise
    return copy


def _link(path: Path, to: Path) -> None:
    try:
        to.symlink_to(path.absolute())
    except OSError:  # Windows allows it to few
        shutil.copyfile(path, to)

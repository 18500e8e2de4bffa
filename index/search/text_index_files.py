"""Check and clean the files of a tantivy index, and open them in read-only folders.

tantivy memory-maps its files without checking them. Each ends with a footer that has the
CRC-32 of the rest.
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
    """Check the CRC of every file of the index in ``folder``, if there is one.

    Raises:
        ValueError: A file is damaged.
        OSError: A file is missing or cannot be read.
    """
    for path in sorted(_listed_files(folder)):
        _check_file(path)


def remove_orphans(folder: Path) -> None:
    """Delete files that a killed writer left and the index does not list.

    tantivy would reuse their numbers, and does not overwrite files. The caller holds the
    write lock.
    """
    try:
        listed, files = _listed_files(folder), list(folder.iterdir())
    except (OSError, ValueError):  # the next opening rebuilds it
        return
    for path in files:
        if path not in listed and not path.name.startswith(".") and path.name != _META:
            with contextlib.suppress(OSError):
                path.unlink()


def _listed_files(folder: Path) -> set[Path]:
    """Return the files that meta.json lists.

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
        msg = f"{_META} is damaged"
        raise ValueError(msg) from error
    names = {name for name, _ in segments}
    files_of_segments = {
        path for path in folder.iterdir() if path.stem in names and path.suffix != ".temp"
    }
    return files_of_segments | {folder / name for name in deletes}


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
        expected = _footer_crc(file.read(length))
        file.seek(0)
        crc = 0
        # One buffer for all blocks: allocating one for each takes as long as checking it.
        memory = memoryview(bytearray(min(payload, _READ_BYTES)))
        while payload > 0:
            block = memory[: file.readinto(memory[:payload])]
            crc = zlib.crc32(block, crc)
            payload -= len(block) or payload
    if crc != expected:
        raise damaged


def _footer_crc(footer: bytes) -> int | None:
    try:
        return int(json.loads(footer)["crc"])
    except (KeyError, TypeError, ValueError):
        return None


def linked_copy(folder: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a temporary folder of links to the files in ``folder``.

    tantivy creates lock files even to read, which a read-only folder does not allow.

    Raises:
        OSError: The folder or a link cannot be created.
    """
    copy = tempfile.TemporaryDirectory(prefix="article-qa-", ignore_cleanup_errors=True)
    try:
        for path in folder.iterdir() if folder.is_dir() else ():
            # Files that tantivy may rewrite are copied; the others never change.
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
    except OSError:  # Windows requires a privilege
        shutil.copyfile(path, to)

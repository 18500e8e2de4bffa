"""What a library's folder holds before it is opened: a record, traces of a lost one, or neither."""

from __future__ import annotations

from pathlib import Path

from index.errors import LibraryDamaged, LibraryError, LibraryMissing

STORE_FILE = "library.sqlite"
VECTOR_FILE = "vectors.faiss"
TEXT_FOLDER = "lexical"
_WAL = f"{STORE_FILE}-wal"


def check_folder(folder: Path, *, create: bool) -> bool:
    """Return whether a library may be made in ``folder``, having looked at what is in it.

    Nothing is written. A folder that does not exist, is empty or holds only other files may
    become a library if ``create`` is set. One that holds the files derived from a record may
    not: its record was lost, and a new one would hide that.

    Raises:
        LibraryMissing: There is no library in ``folder``, and ``create`` is not set.
        LibraryDamaged: The record of a library is missing or is not a file.
        LibraryError: The folder cannot be read.
    """
    try:
        return _may_create(folder, create=create)
    except OSError as error:
        msg = f"The folder {folder} cannot be read ({error.strerror}). Check its permissions."
        raise LibraryError(msg) from error


def _may_create(folder: Path, *, create: bool) -> bool:
    # Looked at before the record: whoever makes a library makes the record first.
    traces = [name for name in (VECTOR_FILE, TEXT_FOLDER, _WAL) if (folder / name).exists()]
    record = folder / STORE_FILE
    problem = _problem_with(record)
    if problem is None:
        return create and not {VECTOR_FILE, TEXT_FOLDER}.intersection(traces)
    if traces:
        raise LibraryDamaged(
            f"The library in {folder} has lost its articles: {problem}, although "
            f"{' and '.join(traces)} {'is' if len(traces) == 1 else 'are'} there. Put {STORE_FILE} "
            "back from a backup. To start a new library, name another folder."
        )
    if _is_new(record):
        if create:
            return True
        raise LibraryMissing(
            f"There is no library in {folder}. Make one with: "
            f"article-qa add FILE --library {folder}"
        )
    raise LibraryDamaged(
        f"There is no usable library in {folder}: {problem}. Put {STORE_FILE} back from a backup, "
        "or name another folder."
    )


def _is_new(record: Path) -> bool:
    """Return whether nothing was ever recorded: the file is absent, or empty as it is made."""
    return not record.is_symlink() and (not record.exists() or record.is_file())


def _problem_with(record: Path) -> str | None:
    """Return what is wrong with the record's file, as far as can be seen from outside."""
    if record.is_file():
        return None if record.stat().st_size else f"{STORE_FILE} is empty"
    if record.is_symlink() and not record.exists():
        return f"{STORE_FILE} is a link to {record.readlink()}, which does not exist"
    if record.exists():
        kind = "a folder" if record.is_dir() else "not a file"
        return f"{STORE_FILE} is {kind}"
    return f"{STORE_FILE} is missing"

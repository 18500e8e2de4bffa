"""Check what a folder holds before a library in it is opened or created."""

from __future__ import annotations

from pathlib import Path

from index.errors import LibraryDamaged, LibraryError, LibraryMissing

STORE_FILE = "library.sqlite"
VECTOR_FILE = "vectors.faiss"
TEXT_FOLDER = "lexical"
_WAL = f"{STORE_FILE}-wal"


def check_folder(folder: Path, *, create: bool) -> bool:
    """Return whether a library may be created in ``folder``. Nothing is written.

    With ``create``, a folder that is absent, empty or holds only other files may become a
    library. One with index files but no database may not: its articles were lost, and a new
    database would hide that.

    Raises:
        LibraryMissing: There is no library in ``folder``, and ``create`` is not set.
        LibraryDamaged: The database of a library is missing or is not a file.
        LibraryError: The folder cannot be read.
    """
    try:
        return _may_create(folder, create=create)
    except OSError as error:
        msg = f"The folder {folder} cannot be read ({error.strerror}). Check its permissions."
        raise LibraryError(msg) from error


def _may_create(folder: Path, *, create: bool) -> bool:
    # List these before the database, which a process that creates a library writes first.
    remains = [name for name in (VECTOR_FILE, TEXT_FOLDER, _WAL) if (folder / name).exists()]
    database = folder / STORE_FILE
    problem = _problem_with(database)
    if problem is None:
        return create and not {VECTOR_FILE, TEXT_FOLDER}.intersection(remains)
    if remains:
        raise LibraryDamaged(
            f"The library in {folder} has lost its articles: {problem}, although "
            f"{' and '.join(remains)} {'is' if len(remains) == 1 else 'are'} there. Put "
            f"{STORE_FILE} back from a backup. To start a new library, name another folder."
        )
    if _is_new(database):
        if create:
            return True
        raise LibraryMissing(
            f"There is no library in {folder}. Create one with: "
            f"article-qa add FILE --library {folder}"
        )
    raise LibraryDamaged(
        f"There is no usable library in {folder}: {problem}. Put {STORE_FILE} back from a backup, "
        "or name another folder."
    )


def _is_new(database: Path) -> bool:
    """Return whether nothing was ever stored: the file is absent, or empty."""
    return not database.is_symlink() and (not database.exists() or database.is_file())


def _problem_with(database: Path) -> str | None:
    """Return what is wrong with the database file, judging by its type and size."""
    if database.is_file():
        return None if database.stat().st_size else f"{STORE_FILE} is empty"
    if database.is_symlink() and not database.exists():
        return f"{STORE_FILE} is a link to {database.readlink()}, which does not exist"
    if database.exists():
        kind = "a folder" if database.is_dir() else "not a file"
        return f"{STORE_FILE} is {kind}"
    return f"{STORE_FILE} is missing"

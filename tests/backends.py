"""Places for libraries of every kind, for the tests that hold for all of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from bench.crash_work import LIMITS
from bench.toys import ToyEmbedder
from index.embedding.embedder import Embedder
from index.library_address import MilvusAccess, MilvusAddress
from index.milvus.library import MilvusLibrary
from index.search.backend import LibraryBackend
from index.search.passage_index import PassageIndex
from tests.libraries import TOY

_number = itertools.count()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a library of some kind is, or will be."""

    kind: str
    """``folder``, ``memory``, ``lite`` or ``server``."""
    open_library: Callable[[Embedder, bool, bool], LibraryBackend]
    """Takes the embedder, ``create`` and ``read_only``."""

    def opened(
        self, embedder: Embedder = TOY, *, create: bool = True, read_only: bool = False
    ) -> LibraryBackend:
        return self.open_library(embedder, create, read_only)

    @property
    def is_milvus(self) -> bool:
        return self.kind in {"lite", "server"}


def memory() -> Place:
    return Place("memory", lambda embedder, _c, _r: PassageIndex(None, embedder, limits=LIMITS))


def folder(path: Path) -> Place:
    return Place(
        "folder",
        lambda embedder, create, read_only: PassageIndex(
            path, embedder, limits=LIMITS, create=create, read_only=read_only
        ),
    )


def milvus(address: MilvusAddress) -> Place:
    return Place(
        "lite" if address.file else "server",
        lambda embedder, create, read_only: MilvusLibrary(
            address,
            MilvusAccess(),
            embedder,
            limits=LIMITS,
            create=create,
            read_only=read_only,
        ),
    )


def own_shelf(address: MilvusAddress) -> MilvusAddress:
    """Return an address in the same database, of a library that nobody else uses."""
    return replace(address, shelf=f"shelf{next(_number)}")


def toy(name: str) -> ToyEmbedder:
    return ToyEmbedder(name=name)

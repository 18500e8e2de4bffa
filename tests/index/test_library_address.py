"""Addresses of libraries: a folder, or Milvus."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import SettingsError
from index.library_address import MilvusAddress, is_milvus, milvus_address


@pytest.mark.parametrize("folder", ["library/", "C:\\library", "milvus", Path("a/b"), "./a:b"])
def test_a_folder_is_no_address(folder: str | Path) -> None:
    assert milvus_address(folder) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("milvus://db.example:19531/news", MilvusAddress("db.example:19531", "news")),
        ("milvus://db.example", MilvusAddress("db.example:19530")),
        ("MILVUS://10.0.0.1/a?shelf=politics", MilvusAddress("10.0.0.1:19530", "a", "politics")),
        ("milvus://[::1]:7/a", MilvusAddress("[::1]:7", "a")),
        ("milvus-lite:shelf/lib.db", MilvusAddress("", file=Path("shelf/lib.db"))),
        ("milvus-lite:/data/a b.db", MilvusAddress("", file=Path("/data/a b.db"))),
    ],
)
def test_an_address_is_read_and_written(text: str, address: MilvusAddress) -> None:
    assert is_milvus(text)
    assert milvus_address(text) == address
    assert milvus_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("milvus://", "host"),
        ("milvus://me:secret@host/a", "milvus_token"),
        ("milvus://host/a/b", "name of a database"),
        ("milvus://host/a?shelf=x%20or%201", "name of a shelf"),
        ("milvus://host/a?shelf=x&token=y", "only one shelf"),
        ("milvus://host:notaport/a", "port"),
        ("milvus-lite:", "path is missing"),
        ("milvus-lite:library", "ends in .db"),
        (Path("milvus:/host/a"), "as a text"),
    ],
)
def test_a_wrong_address_says_what_is_wrong(text: str | Path, why: str) -> None:
    with pytest.raises(SettingsError, match=why) as caught:
        milvus_address(text)
    assert "secret" not in str(caught.value)

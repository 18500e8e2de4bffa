"""Adding many sources with Ray, which is started once: that takes some seconds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from index.errors import LibraryError, ModelUnavailable, SettingsError
from qa.article_qa import ArticleQA
from qa.encoding.on_ray import add_with_ray, check_shareable
from qa.settings import Settings
from tests.milvus_server import milvus_server

ROOT = Path(__file__).parents[2]
USER = "root:hunter2"
TOWNS = ("Aberdeen", "Bergen", "Cadiz", "Dover", "Esbjerg", "Funchal")
SCRIPT = """
import glob, json, os, pathlib, sys
from qa.cli.commands import app
from qa.encoding.on_ray import add_with_ray, running_ray
library, folder = sys.argv[1:]
with running_ray(2):
    import ray
    try:
        app(["add", folder, "--library", library, "--encode-with", "ray", "--json"])
    except SystemExit as end:
        code = end.code
    again = list(add_with_ray(library, sorted(glob.glob(folder + "/*"))))
    addresses = [node["NodeManagerAddress"] for node in ray.nodes()]
    (logs,) = pathlib.Path("/tmp").glob(f"article-qa-ray-*/*/session_*_{os.getpid()}")
    shown = [str(f) for f in logs.rglob("*") if f.is_file() and b"hunter2" in f.read_bytes()]
print(json.dumps([code, [r.passages for r in again], [r.error for r in again], addresses, shown]))
"""


@pytest.mark.parametrize("library", ["library/", "milvus-lite:library.db"])
def test_a_library_that_has_one_writer_is_refused(library: str) -> None:
    with pytest.raises(SettingsError, match="has one writer"):
        check_shareable(library)


def test_an_error_of_the_library_is_raised_before_ray_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("ray")
    monkeypatch.setattr("qa.encoding.on_ray._start", lambda *_: pytest.fail("it was started"))
    with pytest.raises(LibraryError, match="cannot be used"):
        list(add_with_ray("milvus://127.0.0.1:1", ["a.txt"], Settings(milvus_seconds=1.0)))


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray.data", None)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ModelUnavailable, match=r"pip install 'article-qa\[ray\]'"):
        list(add_with_ray("milvus://127.0.0.1:1", ["a.txt"]))


@pytest.mark.slow
@pytest.mark.flaky(reruns=1)  # Ray gives its own processes 30 seconds to start
def test_a_folder_is_added_by_two_workers_and_not_embedded_again(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra ray")
    folder = tmp_path / "towns"
    folder.mkdir()
    for town in TOWNS:
        text = f"{town} has a lighthouse. The lighthouse of {town} was built of granite."
        (folder / f"{town}.txt").write_text(text, encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 broken")
    with milvus_server(tmp_path / "data") as address:
        ended = subprocess.run(
            [sys.executable, "-c", SCRIPT, address, str(folder)],
            env={**os.environ, "ARTICLE_QA_MILVUS_TOKEN": USER, "RAY_worker_niceness": "0"},
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert ended.returncode == 0, ended.stderr
        *listed, last = ended.stdout.splitlines()
        code, passages, errors, addresses, shown = json.loads(last)
        assert code == 1
        assert [each["title"] for each in json.loads("\n".join(listed))] == list(TOWNS)
        assert "6 of 7 added. Not added: " in ended.stderr
        assert "broken.pdf" in ended.stderr
        assert passages == [0] * 7
        assert sorted(map(bool, errors)) == [False] * 6 + [True]
        assert addresses == ["127.0.0.1"]
        assert not shown
        with ArticleQA.open(address, read_only=True) as shelf:
            assert sorted(shelf.titles().values()) == list(TOWNS)
            assert shelf.retrieve("lighthouse of Bergen")[0].title == "Bergen"

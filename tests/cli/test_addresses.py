"""Libraries that are named by an address instead of a folder, on the command line."""

from __future__ import annotations

import importlib
import importlib.util
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bench.serving import free_port
from index.errors import LibraryError, SettingsError
from qa.article_qa import ArticleQA
from qa.cli.commands import app
from qa.settings import Settings
from qa.visitors.accounts import Account, Accounts
from qa.visitors.caller import Role
from qa.visitors.state_database import STATE_FILE, StateDatabase

WITH_USER = "milvus://anna@milvus.example/db"
ON_MILVUS = "milvus://milvus.example/db"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "bridge.txt").write_text("The bridge opened in 1932.", encoding="utf-8")
    return str(tmp_path / "notes" / "bridge.txt")


@pytest.mark.parametrize(
    "command",
    [
        ["add", "FILE"],
        ["add", "FOLDER"],
        ["add", "FOLDER", "--watch"],
        ["ask", "Who?"],
        ["chat"],
        ["check"],
        ["list"],
        ["mcp"],
        ["remove", "3f2a"],
        ["rename", "3f2a", "Title"],
        ["retrieve", "bridge"],
        ["serve", "--port", "PORT"],
        ["suggest"],
    ],
)
@pytest.mark.parametrize("way", ["option", "variable"])
def test_an_address_reaches_the_library_as_it_was_given(
    command: list[str], way: str, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"FILE": file, "FOLDER": str(Path(file).parent), "PORT": str(free_port())}
    command = [names.get(each, each) for each in command]
    if way == "variable":
        monkeypatch.setenv("ARTICLE_QA_LIBRARY", WITH_USER)
    else:
        command += ["--library", WITH_USER]
    error = run(*command).exception
    assert isinstance(error, SettingsError)
    assert "'milvus://…@milvus.example/db' is no address of a library" in str(error)


def test_a_library_on_milvus_is_copied_instead_of_embedded_again_in_place() -> None:
    result = run("reembed", "--library", ON_MILVUS)
    assert isinstance(result.exception, LibraryError)
    assert "article-qa copy FROM TO --model NAME" in str(result.exception)
    with pytest.raises(LibraryError, match="article-qa copy"):
        ArticleQA.reembed(ON_MILVUS)


@pytest.mark.parametrize(
    ("library", "new"), [(ON_MILVUS, "new"), ("library", ON_MILVUS), (ON_MILVUS, ON_MILVUS)]
)
def test_salvaging_is_for_folders(
    library: str, new: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("check", "--library", library, "--salvage", new)
    assert result.exit_code == 2
    assert "article-qa copy FROM TO" in " ".join(result.output.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


def test_tokens_of_a_library_on_milvus_are_in_the_folder_that_is_named(tmp_path: Path) -> None:
    state = tmp_path / "state"
    result = run("tokens", "create", "notebook", "--account", "anna", "--library", ON_MILVUS)
    assert result.exit_code == 2
    assert "--state" in result.output
    command = ["tokens", "create", "notebook", "--account", "anna", "--state", str(state)]
    assert run(*command).exit_code == 0
    assert (state / STATE_FILE).is_file()
    listed = run("tokens", "list", "--library", ON_MILVUS, "--state", str(state))
    assert "notebook  anna" in listed.output


def test_the_folder_of_the_state_can_be_named_by_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARTICLE_QA_STATE", str(tmp_path / "state"))
    Settings.load()  # which raises for the name of no setting
    assert run("tokens", "list").exit_code == 0
    assert (tmp_path / "state" / STATE_FILE).is_file()


def test_a_folder_for_the_state_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(LibraryError, match="Name another one with --state"):
        StateDatabase(tmp_path / "file" / "state")


def test_accounts_over_milvus_need_a_folder_for_whose_articles_are_whose(tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.txt"
    Accounts(accounts).add(Account.new("anna", Role.READER, "hash"))
    result = run("serve", "--auth", str(accounts), "--library", ON_MILVUS)
    assert result.exit_code == 2
    assert "--state" in result.output


def test_a_watched_folder_remembers_its_files_where_the_state_is(file: str, tmp_path: Path) -> None:
    state, library = tmp_path / "state", tmp_path / "library"
    command = ["add", str(Path(file).parent), "--library", str(library), "--state", str(state)]
    assert run(*command).exit_code == 0
    assert (state / STATE_FILE).is_file()
    assert not (library / STATE_FILE).exists()


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("milvus_lite"), reason="no Milvus Lite")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_library_on_milvus_lite_is_used_like_one_in_a_folder(
    file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = ["--library", f"milvus-lite:{tmp_path / 'notes' / 'library.db'}"]  # must not be read
    folder = str(Path(file).parent)
    assert "There is no library" in str(run("list", *on).exception)
    assert run("add", folder, *on).exit_code == 0
    (listed,) = json.loads(run("list", *on, "--json").output)
    assert listed["title"] == "Bridge"
    again = run("add", folder, *on, "--json")
    assert [each["id"] for each in json.loads(again.output)] == [listed["id"]]
    assert "1932" in run("ask", "When did the bridge open?", *on).output
    assert run("rename", listed["id"][:6], "The span", *on).exit_code == 0
    assert "The span" in run("retrieve", "bridge", *on).output
    checked = json.loads(run("check", *on, "--json").output)
    assert (checked["verdict"], checked["articles"], checked["passages"]) == ("sound", 1, 1)
    monkeypatch.setenv("ARTICLE_QA_MILVUS_INDEX", "FLAT")
    assert "The index of vectors is FLAT now" in run("check", *on, "--reindex").output
    copied = run("copy", on[1], str(tmp_path / "copy"))
    assert "The same in both: articles 1, passages 1." in copied.output
    assert run("remove", listed["id"][:6], *on).exit_code == 0
    assert json.loads(run("list", *on, "--json").output) == []
    servers = importlib.import_module("milvus_lite.server_manager").server_manager_instance
    servers.release_server(str(tmp_path / "notes" / "library.db"))


def test_an_index_is_replaced_on_milvus_alone(tmp_path: Path) -> None:
    result = run("check", "--library", str(tmp_path), "--reindex")
    assert result.exit_code == 2
    assert "--reindex" in result.output

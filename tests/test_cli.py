from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import termios
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from index.errors import ArticleNotFound
from qa import Answer, cli
from qa.cli import app, main
from qa.options import (
    EXIT_DAMAGED,
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_REEMBED,
    EXIT_REFUSED,
)

ROOT = Path(__file__).parent.parent
TEXT = "The Harbour Bridge opened in 1932. It is 1,149 metres long."


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


@pytest.fixture
def library(tmp_path: Path) -> str:
    (tmp_path / "bridge.txt").write_text(TEXT, encoding="utf-8")
    folder = str(tmp_path / "library")
    assert run("add", str(tmp_path / "bridge.txt"), "--library", folder).exit_code == 0
    return folder


def test_without_a_library_it_answers_over_the_article_that_comes_along() -> None:
    result = run("ask", "Who did Marco Rubio call?")
    assert result.exit_code == 0
    assert "Shehbaz Sharif" in result.output
    assert "[1]" in result.output
    assert "in that share of such cases" in result.output


def test_a_refusal_has_an_exit_code_of_its_own() -> None:
    result = run("ask", "How many soldiers died at Galwan?")
    assert result.exit_code == EXIT_REFUSED
    assert "The article does not say." in result.output


def test_json_holds_the_whole_answer(library: str) -> None:
    result = run("ask", "When did the bridge open?", "--library", library, "--json")
    answer = Answer.from_dict(json.loads(result.output))
    assert answer.citations[0].quote == "The Harbour Bridge opened in 1932."


def test_articles_are_listed_and_removed_by_the_start_of_their_id(library: str) -> None:
    listed = json.loads(run("list", "--library", library, "--json").output)
    assert [article["title"] for article in listed] == ["Bridge"]
    assert "Bridge" in run("list", "-l", library).output
    assert (listed[0]["characters"], listed[0]["pages"]) == (len(TEXT), 0)
    assert "text" not in listed[0]
    assert run("remove", listed[0]["id"][:6], "--library", library).exit_code == 0
    assert json.loads(run("list", "--library", library, "--json").output) == []


def test_an_article_is_renamed_by_the_start_of_its_id(library: str) -> None:
    (listed,) = json.loads(run("list", "--library", library, "--json").output)
    result = run("rename", listed["id"][:6], "The\nspan", "--library", library)
    assert result.output == "Renamed “Bridge” to “The span”.\n"
    answer = run("ask", "When did the bridge open?", "--library", library)
    assert "The span, characters 0–34" in answer.output


def test_an_article_can_come_from_standard_input(tmp_path: Path) -> None:
    folder = str(tmp_path / "library")
    result = run("add", "-", "--title", "Piped", "--library", folder, "--json", stdin=TEXT)
    assert json.loads(result.output)[0]["title"] == "Piped"
    assert json.loads(result.output)[0]["text"] == TEXT


def test_questions_are_suggested(library: str) -> None:
    asked = run("suggest", "--library", library).output.splitlines()
    assert "What is this about?" in asked
    assert json.loads(run("suggest", "-l", library, "--json").output) == asked
    assert run("suggest", "-l", library, "-n", "1").output.splitlines() == asked[:1]


def test_retrieve_prints_ranked_passages(library: str) -> None:
    result = run("retrieve", "bridge", "--library", library, "--k", "3", "--json")
    assert [passage["rank"] for passage in json.loads(result.output)] == [1]
    assert "1. Bridge, characters 0–59" in run("retrieve", "bridge", "-l", library).output


def test_chat_answers_line_after_line_until_an_empty_one(library: str) -> None:
    result = run("chat", "-l", library, stdin="When did the bridge open?\nHow long is it?\n\n")
    assert result.exit_code == 0
    assert "opened in 1932" in result.output


def test_chat_keeps_the_thread(library: str) -> None:
    result = run("chat", "-l", library, stdin="When did the bridge open?\nWhere did it open?\n\n")
    assert "Understood as: Where did the bridge open?" in result.output


def test_chat_goes_on_after_a_question_it_cannot_take(library: str) -> None:
    result = run("chat", "-l", library, stdin="x" * 3_000 + "\nWhen did the bridge open?\n\n")
    assert "Shorten it" in result.output
    assert "opened in 1932" in result.output


def test_a_library_can_be_re_embedded(library: str) -> None:
    assert run("reembed", "--library", library).exit_code == 0
    assert run("ask", "When did the bridge open?", "-l", library).exit_code == 0


@pytest.mark.parametrize(
    "command",
    [["add", "x.txt"], ["list"], ["remove", "x"], ["rename", "x", "y"], ["reembed"], ["check"]],
)
def test_a_missing_library_is_wrong_usage(command: list[str]) -> None:
    result = run(*command)
    assert result.exit_code == 2
    assert "--library" in result.output


def test_help_shows_examples_and_exit_codes() -> None:
    assert "Exit codes" in run("--help").output
    for command in (
        "add",
        "list",
        "remove",
        "rename",
        "ask",
        "suggest",
        "retrieve",
        "chat",
        "check",
        "reembed",
    ):
        assert "Example: article-qa" in " ".join(run(command, "--help").output.split())


def test_ctrl_c_ends_an_addition_and_leaves_the_library_as_it_was(
    library: str, tmp_path: Path
) -> None:
    (tmp_path / "long.txt").write_text("Some words of a sentence. " * 40_000, encoding="utf-8")
    before = run("list", "--library", library, "--json").output
    terminal, its_end = pty.openpty()  # the progress bar is for terminals alone
    termios.tcsetwinsize(its_end, (24, 80))  # of no width it would show nothing
    with subprocess.Popen(
        [sys.executable, "-m", "qa.cli", "add", str(tmp_path / "long.txt"), "-l", library],
        stderr=its_end,
        cwd=ROOT,
    ) as process:
        os.read(terminal, 1)  # the progress bar: the work has begun
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == EXIT_INTERRUPTED
    os.close(its_end)
    os.close(terminal)
    assert run("list", "--library", library, "--json").output == before


def test_an_error_is_one_sentence_and_an_exit_code(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "qa.cli", "add", "absent.txt", "--library", str(tmp_path / "l")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert result.returncode == EXIT_ERROR
    assert result.stderr.startswith("Error: ")
    assert "absent.txt" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_commands_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        msg = "The article \x1b[31mred is not there."
        raise ArticleNotFound(msg)

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err == "Error: The article \ufffd[31mred is not there.\n"


def test_evaluate_measures_the_questions_of_a_file(tmp_path: Path) -> None:
    article = {
        "title": "Bridge", "text": "The bridge was opened by Queen Maud in 1932.",
        "questions": [
            {"question": "Who opened the bridge?", "answers": ["Queen Maud"],
             "evidence": [{"start": 25, "end": 35}]},
            {"question": "How do bees make honey?", "answers": []},
        ],
    }  # fmt: skip
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps(article) + "\n", encoding="utf-8")
    row = json.loads(run("evaluate", str(file), "--json").stdout)
    assert (row["questions"], row["answerable"]) == (2, 1)
    assert row["exact_match"]["mean"] == row["first_citation"]["mean"] == 1
    assert row["refused"] == {"span": 0, "unanswerable": 1}
    assert "refused: unanswerable" in run("evaluate", str(file)).stdout


def test_a_library_is_checked_and_mended(library: str) -> None:
    result = run("check", "--library", library)
    assert result.exit_code == 0
    assert result.output == "1 articles and 1 passages are in order.\nAll of it agrees.\n"
    (Path(library) / "vectors.faiss").unlink()
    mended = json.loads(run("check", "-l", library, "--json").output)
    assert (mended["verdict"], mended["articles"]) == ("mended", 1)
    assert mended["found"] == ["vectors.faiss was missing."]
    assert json.loads(run("check", "-l", library, "--json").output)["verdict"] == "sound"


def damage(library: str, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(Path(library) / "library.sqlite")) as db, db:
        db.execute(sql)


def test_passages_that_are_wrong_are_told_with_the_command_that_mends_them(library: str) -> None:
    damage(library, "UPDATE chunks SET text = 'other'")
    result = run("check", "-l", library)
    assert result.exit_code == EXIT_REEMBED
    assert f"article-qa reembed --library {library}" in result.output
    assert run("reembed", "-l", library).exit_code == 0
    assert run("check", "-l", library).exit_code == 0


def test_what_can_be_read_of_a_damaged_library_is_saved(library: str, tmp_path: Path) -> None:
    run("add", "-", "--title", "Second", "-l", library, stdin="A second text.")
    damage(library, "UPDATE texts SET text = 'changed' WHERE article = 2")
    result = run("check", "-l", library)
    assert result.exit_code == EXIT_DAMAGED
    assert "--salvage NEW_DIR" in result.output
    new = str(tmp_path / "saved")
    result = run("check", "-l", library, "--salvage", new)
    assert "1 articles are in" in result.output
    assert "1 could not be read" in result.output
    (saved,) = json.loads(run("list", "-l", new, "--json").output)
    assert (saved["title"], saved["source"]) == ("Bridge", "bridge.txt")


def test_a_folder_without_a_library_cannot_be_checked(tmp_path: Path) -> None:
    result = run("check", "-l", str(tmp_path))
    assert "There is no library" in str(result.exception)
    assert list(tmp_path.iterdir()) == []

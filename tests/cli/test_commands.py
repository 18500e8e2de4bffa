from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import qa
from docs.make_cli import CLI_PAGE, cli_markdown
from index.embedding.embedder import Progress
from index.errors import ArticleNotFound, LibraryError, LibraryMissing, LibraryUnwritable
from index.sources.web import Fetched, parse_url
from index.types import Article
from qa import Answer, ArticleQA
from qa.cli import commands as cli
from qa.cli.commands import app, main
from qa.cli.terminal import (
    EXIT_DAMAGED,
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_REEMBED,
    EXIT_REFUSED,
    PROMPT,
    in_brackets,
)
from tests.libraries import state

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
TEXT = "The Harbour Bridge opened in 1932. It is 1,149 metres long."


def run(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=stdin)


@pytest.fixture
def library(tmp_path: Path) -> str:
    (tmp_path / "bridge.txt").write_text(TEXT, encoding="utf-8")
    folder = str(tmp_path / "library")
    assert run("add", str(tmp_path / "bridge.txt"), "--library", folder).exit_code == 0
    return folder


def test_without_a_library_the_bundled_article_is_asked() -> None:
    result = run("ask", "Who did Marco Rubio call?")
    assert result.exit_code == 0
    assert "Shehbaz Sharif" in result.output
    assert "[1]" in result.output
    assert "Perhaps right (in tests, " in result.output


def test_a_refusal_has_an_exit_code_of_its_own() -> None:
    result = run("ask", "How many soldiers died at Galwan?")
    assert result.exit_code == EXIT_REFUSED
    assert "No sentence says how many soldiers died at Galwan." in result.output


def test_a_question_without_a_letter_is_blank() -> None:
    assert "The question is blank" in str(run("ask", "?").exception)


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
    assert "The span, paragraph 1" in answer.output


def test_an_article_can_come_from_standard_input(tmp_path: Path) -> None:
    folder = str(tmp_path / "library")
    result = run("add", "-", "--title", "Piped", "--library", folder, "--json", stdin=TEXT)
    assert json.loads(result.output)[0]["title"] == "Piped"
    assert json.loads(result.output)[0]["text"] == TEXT


@pytest.mark.parametrize("typed", ["site.example/page", "https://site.example/page"])
def test_an_address_without_its_scheme_is_fetched(
    typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def brought(url: str, **_: object) -> Fetched:
        asked.append(parse_url(url).geturl())
        return Fetched(asked[-1], TEXT.encode(), "text/plain", "page")

    monkeypatch.setattr("index.sources.web.fetch", brought)
    assert run("add", typed, "--library", str(tmp_path / "library")).exit_code == 0
    assert asked == ["https://site.example/page"]


def test_a_file_named_like_an_address_is_added_as_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "site.example").mkdir()
    (tmp_path / "site.example" / "page").write_text(TEXT, encoding="utf-8")
    result = run("add", "site.example/page", "--library", "library", "--json")
    assert json.loads(result.output)[0]["source"] == "page"


def test_questions_are_suggested(library: str) -> None:
    asked = run("suggest", "--library", library).output.splitlines()
    assert "What is this about?" in asked
    assert json.loads(run("suggest", "-l", library, "--json").output) == asked
    assert run("suggest", "-l", library, "-n", "1").output.splitlines() == asked[:1]


def test_retrieve_prints_ranked_passages(library: str) -> None:
    result = run("retrieve", "bridge", "--library", library, "--k", "3", "--json")
    assert [passage["rank"] for passage in json.loads(result.output)] == [1]
    assert "1. Bridge, paragraph 1" in run("retrieve", "bridge", "-l", library).output


def test_chat_answers_line_after_line_until_an_empty_one(library: str) -> None:
    result = run("chat", "-l", library, stdin="When did the bridge open?\nHow long is it?\n\n")
    assert result.exit_code == 0
    assert "opened in 1932" in result.output


def test_chat_understands_follow_ups(library: str) -> None:
    result = run("chat", "-l", library, stdin="When did the bridge open?\nExactly?\n\n")
    assert "Understood as: Exactly? (after “When did the bridge open?”)" in result.output


def test_chat_continues_after_a_rejected_question(library: str) -> None:
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
        "copy",
        "reembed",
    ):
        assert "Example: article-qa" in " ".join(run(command, "--help").output.split())


def test_the_command_line_reference_is_up_to_date() -> None:
    assert CLI_PAGE.read_text(encoding="utf-8") == cli_markdown(), (
        "docs/cli.md is out of date. Run: python -m docs.make_cli"
    )


def test_the_reference_has_every_command_with_defaults_and_exit_codes() -> None:
    written = cli_markdown()
    for command in ("add", "list", "ask", "retrieve", "chat", "check", "serve"):
        assert f"## `article-qa {command}`" in written
    assert "default: 7860" in written
    assert "Exit codes: 0 success" in written


def test_a_list_shows_whole_titles(tmp_path: Path) -> None:
    title = "A title of many words that no narrow column could hold " * 4
    folder = str(tmp_path / "library")
    run("add", "-", "--title", title, "--library", folder, stdin=TEXT)
    assert title.strip() in run("list", "-l", folder).output


def test_the_chat_prompt_says_what_to_type(library: str) -> None:
    result = run("chat", "-l", library, stdin="\n")
    assert result.output.startswith("Answering from “Bridge”.\n")
    assert result.output.endswith(PROMPT)


def test_an_explanation_becomes_an_aside() -> None:
    assert in_brackets("In tests, 8 of 10.") == "(in tests, 8 of 10)"


def test_the_short_answer_is_bold_on_a_terminal(library: str) -> None:
    terminal, its_end = pty.openpty()
    termios.tcsetwinsize(its_end, (24, 80))
    environment = os.environ | {"TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    subprocess.run(
        [sys.executable, "-m", "qa", "ask", "When did the bridge open?", "-l", library],
        stdout=its_end,
        stderr=subprocess.DEVNULL,
        check=True,
        cwd=ROOT,
        env=environment,
    )
    os.close(its_end)
    shown = b""
    with contextlib.suppress(OSError):  # at its end
        while part := os.read(terminal, 10_000):
            shown += part
    os.close(terminal)
    assert b"\x1b[1m1932\x1b[0m" in shown


def test_ctrl_c_ends_an_addition_and_leaves_the_library_as_it_was(
    library: str, tmp_path: Path
) -> None:
    (tmp_path / "long.txt").write_text("Some words of a sentence. " * 40_000, encoding="utf-8")
    before = run("list", "--library", library, "--json").output
    terminal, its_end = pty.openpty()  # the progress bar is for terminals alone
    termios.tcsetwinsize(its_end, (24, 80))  # of no width it would show nothing
    with subprocess.Popen(
        [sys.executable, "-m", "qa", "add", str(tmp_path / "long.txt"), "-l", library],
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
        [sys.executable, "-m", "qa", "add", "absent.txt", "--library", str(tmp_path / "l")],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert result.returncode == EXIT_ERROR
    assert result.stderr.startswith("Error: ")
    assert "absent.txt" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_error_sends_no_control_character_to_a_terminal(
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


def test_a_library_is_checked_and_repaired(library: str) -> None:
    result = run("check", "--library", library)
    assert result.exit_code == 0
    assert result.output == "Articles: 1. Passages: 1.\nThe library is in order.\n"
    (Path(library) / "vectors.faiss").unlink()
    repaired = json.loads(run("check", "-l", library, "--json").output)
    assert (repaired["verdict"], repaired["articles"]) == ("repaired", 1)
    assert repaired["found"] == ["vectors.faiss was missing."]
    assert json.loads(run("check", "-l", library, "--json").output)["verdict"] == "sound"


def damage(library: str, sql: str) -> None:
    with contextlib.closing(sqlite3.connect(Path(library) / "library.sqlite")) as db, db:
        db.execute(sql)


def test_wrong_passages_are_reported_with_the_command_that_repairs_them(library: str) -> None:
    damage(library, "UPDATE chunks SET text = 'other'")
    result = run("check", "-l", library)
    assert result.exit_code == EXIT_REEMBED
    assert f"article-qa reembed --library {library}" in result.output
    assert run("reembed", "-l", library).exit_code == 0
    assert run("check", "-l", library).exit_code == 0


def test_readable_articles_of_a_damaged_library_are_salvaged(library: str, tmp_path: Path) -> None:
    run("add", "-", "--title", "Second", "-l", library, stdin="A second text.")
    damage(library, "UPDATE texts SET text = 'changed' WHERE article = 2")
    result = run("check", "-l", library)
    assert result.exit_code == EXIT_DAMAGED
    assert "--salvage NEW_DIR" in result.output
    new = str(tmp_path / "saved")
    result = run("check", "-l", library, "--salvage", new)
    assert "Copied 1 articles to" in result.output
    assert "1 could not be read" in result.output
    (saved,) = json.loads(run("list", "-l", new, "--json").output)
    assert (saved["title"], saved["source"]) == ("Bridge", "bridge.txt")


COMMANDS = [
    ["list"],
    ["ask", "Who?"],
    ["retrieve", "bridge"],
    ["suggest"],
    ["chat"],
    ["rename", "x", "y"],
    ["remove", "x"],
    ["reembed"],
    ["check"],
    ["check", "--salvage", "saved"],
]


@pytest.mark.parametrize("command", COMMANDS)
def test_only_add_creates_a_library(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*command, "--library", "typo")
    assert isinstance(result.exception, LibraryMissing)
    advice = "There is no library in typo. Create one with: article-qa add FILE --library typo"
    assert advice in str(result.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [["list"], ["ask", "When?"], ["retrieve", "bridge"], ["suggest"], ["chat"], ["check"]],
)
def test_reading_commands_leave_the_folder_unchanged(command: list[str], library: str) -> None:
    before = state(Path(library))
    run(*command, "--library", library, stdin="When did the bridge open?\n\n")
    assert state(Path(library)) == before


def test_a_bad_file_among_several_is_reported_and_the_others_are_added(tmp_path: Path) -> None:
    for name, text in (("one.txt", "Some words."), ("two.txt", "  "), ("three.txt", "More.")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    names = ("one.txt", "two.txt", "absent.txt", "three.txt")
    sources = [str(tmp_path / name) for name in names]
    folder = str(tmp_path / "library")
    result = run("add", *sources, "--library", folder, "--json")
    assert result.exit_code == EXIT_ERROR
    assert [article["title"] for article in json.loads(result.stdout)] == ["One", "Three"]
    first, *reasons = result.stderr.splitlines()
    assert first == "2 of 4 added. Not added:"
    assert ["two.txt" in reasons[0], "absent.txt" in reasons[1]] == [True, True]
    listed = json.loads(run("list", "--library", folder, "--json").stdout)
    assert [info["title"] for info in listed] == ["One", "Three"]


def test_the_summary_names_a_single_bad_file_with_the_reason(tmp_path: Path, library: str) -> None:
    result = run("add", str(tmp_path / "bridge.txt"), "absent.txt", "--library", library)
    assert result.exit_code == EXIT_ERROR
    assert "Bridge" in result.stdout
    assert result.stderr.startswith("1 of 2 added. Not added: 'absent.txt' cannot be read: ")


def test_no_library_is_created_if_nothing_can_be_added(tmp_path: Path) -> None:
    result = run("add", "absent.txt", "gone.txt", "--library", str(tmp_path / "library"))
    assert result.exit_code == EXIT_ERROR
    assert "0 of 2 added" in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_articles_added_before_the_library_fails_are_reported(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = ArticleQA.add_article

    def fails(qa: ArticleQA, article: Article, progress: Progress | None = None) -> Article:
        if article.title == "Second":
            msg = "The disk is full."
            raise LibraryUnwritable(msg)
        return added(qa, article, progress)

    monkeypatch.setattr(ArticleQA, "add_article", fails)
    sources = [tmp_path / f"{name}.txt" for name in ("first", "second", "third")]
    for source in sources:
        source.write_text(f"The {source.name}.", encoding="utf-8")
    result = run("add", *map(str, sources), "--library", library)
    assert "1 of 3 added" in result.stderr
    assert "The disk is full." in result.stderr
    assert "third.txt: not tried" in result.stderr
    assert "First" in result.stdout


def test_an_existing_file_is_not_mistaken_for_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("example.org").mkdir()
    Path("example.org/page").write_text(TEXT, encoding="utf-8")
    result = run("add", "example.org/page", "--library", "library", "--json")
    assert json.loads(result.stdout)[0]["text"] == TEXT


def test_a_name_too_long_for_a_file_is_still_an_address_or_an_error(tmp_path: Path) -> None:
    result = run("add", "x" * 5_000, "--library", str(tmp_path / "library"))
    assert result.exit_code == EXIT_ERROR
    assert "cannot be read" in result.stderr


def test_the_version_is_that_of_the_package() -> None:
    assert run("--version").stdout == f"article-qa {qa.__version__}\n"
    assert qa.__version__ == importlib.metadata.version("article-qa")


def process(*command: str, script: str = "", **options: Any) -> subprocess.CompletedProcess[str]:  # noqa: ANN401
    """Run the command line in a process of its own, after ``script``."""
    code = f"import sys, os, signal\n{script}\nfrom qa.__main__ import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", code, *command],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
        **options,
    )


AT_IMPORT = """
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            {action}
sys.meta_path.insert(0, Finder())
"""


@pytest.mark.parametrize("module", ["typer", "qa.article_qa", "numpy", "faiss", "onnxruntime"])
def test_ctrl_c_during_an_import_prints_one_line(module: str) -> None:
    script = AT_IMPORT.format(name=module, action="os.kill(os.getpid(), signal.SIGINT)")
    result = process("ask", "Who did Marco Rubio call?", script=script)
    assert (result.returncode, result.stderr) == (EXIT_INTERRUPTED, "Interrupted.\n")


def test_ctrl_c_at_the_very_end_prints_one_line() -> None:
    script = "import atexit; atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))"
    result = process("--version", script=script)
    assert (result.returncode, result.stderr) == (EXIT_INTERRUPTED, "Interrupted.\n")


def test_a_closed_pipe_ends_the_command_quietly(library: str) -> None:
    for arguments in (["list", "-l", library], ["list", "-l", library, "--json"], ["--help"]):
        reading, writing = os.pipe()
        os.close(reading)
        result = subprocess.run(
            [sys.executable, "-m", "qa", *arguments],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            cwd=ROOT,
        )
        os.close(writing)
        assert result.stderr == b""


def test_nothing_but_the_answer_is_written_to_a_pipe() -> None:
    result = process("ask", "Who did Marco Rubio call?")
    assert result.stderr == ""
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize(
    ("module", "activity"), [("typer", b"Starting..."), ("qa.article_qa", b"Reading the articles")]
)
def test_a_terminal_shows_activity_before_slow_imports(module: str, activity: bytes) -> None:
    terminal, its_end = pty.openpty()
    termios.tcsetwinsize(its_end, (24, 80))
    action = "os.write(2, b'IMPORTED'); os._exit(0)"
    script = AT_IMPORT.format(name=module, action=action)
    code = f"import sys, os\n{script}\nfrom qa.__main__ import main\nmain()"
    subprocess.run(
        [sys.executable, "-c", code, "ask", "Who?"], stderr=its_end, check=True, cwd=ROOT
    )
    os.close(its_end)
    shown = b""
    with contextlib.suppress(OSError):  # at its end
        while part := os.read(terminal, 10_000):
            shown += part
    os.close(terminal)
    assert activity in shown.split(b"IMPORTED")[0]


def test_a_salvage_of_nothing_readable_creates_no_library(library: str, tmp_path: Path) -> None:
    (Path(library) / "library.sqlite").write_bytes(b"no database at all" * 1000)
    result = run("check", "-l", library, "--salvage", str(tmp_path / "saved"))
    assert isinstance(result.exception, LibraryError)
    assert not (tmp_path / "saved").exists()

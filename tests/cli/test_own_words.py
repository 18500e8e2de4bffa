"""The command line, writing with a language model on a scripted server."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from qa import Answer
from qa.cli import writing
from qa.cli.commands import app
from qa.cli.terminal import EXIT_REFUSED
from tests.writing.scripted_server import Script, replies, serving

pytestmark = pytest.mark.slow
TEXT = "The Harbour Bridge opened in 1932. It is 1,149 metres long. It was painted green."
QUESTION = "When did the bridge open?"
FALSE = "Penguins constructed a nuclear submarine yesterday evening. [2]"
_STRIKE = "\x1b[9m"
"""Begins struck text in a terminal."""


@pytest.fixture
def library(tmp_path: Path) -> str:
    (tmp_path / "bridge.txt").write_text(TEXT, encoding="utf-8")
    folder = str(tmp_path / "library")
    added = CliRunner().invoke(app, ["add", str(tmp_path / "bridge.txt"), "--library", folder])
    assert added.exit_code == 0
    return folder


def run(script: Script, *arguments: str, stdin: str | None = None, **settings: str) -> Result:
    """Run a command in which ``script`` is the language model's server."""
    with serving(script) as server:
        environ = {"ARTICLE_QA_LLM_URL": server.url, "ARTICLE_QA_LLM_MODEL": "tiny"} | {
            f"ARTICLE_QA_{name.upper()}": value for name, value in settings.items()
        }
        return CliRunner(env=environ).invoke(app, list(arguments), input=stdin)


def test_a_written_answer_is_printed_with_its_sources_its_check_and_its_cost(library: str) -> None:
    script = replies("The Harbour Bridge opened in 1932. [1] ", FALSE)
    result = run(script, "ask", QUESTION, "--own-words", "--library", library)
    assert result.exit_code == 0
    written, rest = result.output.split("\n", 1)
    assert written == "The Harbour Bridge opened in 1932. [1]"
    assert "[1] Bridge, paragraph 1: “The Harbour Bridge opened in 1932.”" in rest
    assert "Note: 1 statement is left out" in rest
    assert "Supported (a model on this computer compared" in rest
    assert "Written by tiny: 100 tokens read, 10 tokens written, " in rest
    assert "Penguins" not in result.output


def test_what_is_not_supported_is_flagged_where_it_is_kept(library: str) -> None:
    script = replies("The Harbour Bridge opened in 1932. [1] ", FALSE)
    result = run(script, "ask", QUESTION, "--own-words", "-l", library, unsupported="strike")
    assert "yesterday evening. (not supported) [2]" in result.output
    assert "1932. [1]" in result.output
    assert "1 of 2 statements supported" in result.output


@pytest.mark.parametrize(("unsupported", "is_struck"), [("strike", True), ("keep", False)])
def test_what_is_not_supported_is_struck_only_if_the_settings_say_so(
    library: str, monkeypatch: pytest.MonkeyPatch, unsupported: str, *, is_struck: bool
) -> None:
    shown = StringIO()
    monkeypatch.setattr(writing, "console", Console(file=shown, force_terminal=True))
    script = replies("The Harbour Bridge opened in 1932. [1] ", FALSE)
    run(script, "ask", QUESTION, "--own-words", "-l", library, unsupported=unsupported)
    assert "Penguins" in shown.getvalue()
    assert (_STRIKE in shown.getvalue()) == is_struck


def test_a_model_cannot_reverse_what_follows_its_words(library: str) -> None:
    script = replies("The \u202eHarbour\u2066 Bridge opened in 1932. [1]")
    result = run(script, "ask", QUESTION, "--own-words", "-l", library)
    assert "The Harbour Bridge opened in 1932. [1]" in result.output
    assert not {"\u202e", "\u2066"} & set(result.output)


def test_a_fault_prints_the_quoted_answer_with_the_reason(library: str) -> None:
    result = run(lambda c: c.status(401), "ask", QUESTION, "--own-words", "-l", library)
    assert result.exit_code == 0
    assert "refused the key" in result.output
    assert "The Harbour Bridge opened in 1932. [1]" in result.output


def test_json_holds_the_claims_and_the_cost(library: str) -> None:
    script = replies("The Harbour Bridge opened in 1932. [1]")
    result = run(script, "ask", QUESTION, "--own-words", "-l", library, "--json")
    answer = Answer.from_dict(json.loads(result.output))
    assert (answer.engine, len(answer.claims)) == ("tiny", 1)
    assert answer.usage is not None


def test_a_refusal_has_its_exit_code(library: str) -> None:
    script = replies("NOT IN THE TEXT")
    question = "Who painted the bridge?"
    result = run(script, "ask", question, "--own-words", "-l", library, min_confidence="1.0")
    assert result.exit_code == EXIT_REFUSED
    assert "The language model found no answer in the text." in result.output


def test_a_chat_can_be_written(library: str) -> None:
    script = replies("The Harbour Bridge opened in 1932. [1]")
    result = run(script, "chat", "--own-words", "-l", library, stdin=f"{QUESTION}\nExactly?\n\n")
    assert result.output.count("Written by tiny") == 2


def test_without_a_model_one_line_says_what_to_set(library: str) -> None:
    result = CliRunner().invoke(app, ["ask", QUESTION, "--own-words", "-l", library])
    assert "No language model is set. Set llm_url and llm_model" in str(result.exception)

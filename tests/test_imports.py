"""What a process that asks an existing library has to load, and what it need not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from index.types import Article
from qa.article_qa import ArticleQA
from tests.documents import pdf

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parent.parent
TORCH = ("torch", "transformers", "sentence_transformers")
QUESTION = "Who did Marco Rubio call?"


@pytest.fixture(scope="module")
def library(article: Article, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("library")
    with ArticleQA.open(folder) as shelf:
        shelf.add_text(article.text, title=article.title)
    return folder


def loaded_by(script: str, watched: Sequence[str], *arguments: str) -> str:
    """Return which of ``watched`` a process has imported at the end of ``script``."""
    script += f"\nimport sys\nprint([m for m in {watched!r} if m in sys.modules])"
    command = [sys.executable, "-c", script, *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return ended.stdout.strip()


@pytest.mark.parametrize("call", ["retrieve(question)", "ask(question).citations"])
def test_a_question_over_a_library_needs_no_torch(library: Path, call: str) -> None:
    script = (
        "import sys\nfrom qa import ArticleQA\nfolder, question = sys.argv[1:]\n"
        f"with ArticleQA.open(folder) as shelf:\n    assert shelf.{call}"
    )
    assert loaded_by(script, TORCH, str(library), QUESTION) == "[]"


def test_a_short_article_is_added_and_asked_without_torch() -> None:
    script = (
        "from qa import ArticleQA\n"
        "qa = ArticleQA.from_text('The bridge opened in 1932. It is 1,149 m long.')\n"
        "assert qa.ask('When did the bridge open?').short == '1932'"
    )
    assert loaded_by(script, TORCH) == "[]"


def test_the_language_model_is_not_needed_for_a_plain_english_question(library: Path) -> None:
    script = (
        "import sys\nfrom qa import ArticleQA\n"
        "with ArticleQA.open(sys.argv[1]) as shelf:\n    assert shelf.ask(sys.argv[2]).answered"
    )
    assert loaded_by(script, ("py3langid",), str(library), QUESTION) == "[]"


def test_the_command_line_needs_no_torch(library: Path) -> None:
    script = (
        "import sys\nfrom qa.cli.commands import app\n"
        "app(['ask', sys.argv[2], '--library', sys.argv[1]], standalone_mode=False)"
    )
    found = loaded_by(script, TORCH, str(library), QUESTION)
    assert found.splitlines()[-1] == "[]"


def test_importing_qa_alone_imports_no_library_of_others() -> None:
    watched = ("numpy", "faiss", "tantivy", "onnxruntime", "tokenizers", "sqlite3")
    assert loaded_by("import qa", watched) == "[]"


def test_reading_a_pdf_imports_no_numpy(tmp_path: Path) -> None:
    file = tmp_path / "minutes.pdf"
    file.write_bytes(pdf([["# Minutes", "", "The council met in the old mill."]]))
    script = (
        "import sys\nfrom pathlib import Path\nfrom index.limits import LoadLimits\n"
        "import index.sources.isolation\nfrom index.sources.pdf.pdf_file import read_pdf\n"
        "assert read_pdf(Path(sys.argv[1]).read_bytes(), LoadLimits()).to_dict()['layouts']"
    )
    assert loaded_by(script, ("numpy", "PIL", "rapidocr"), str(file)) == "[]"


def test_the_models_collect_nothing_about_their_use(tmp_path: Path) -> None:
    script = (
        "from qa import ArticleQA; "
        "print(len(ArticleQA.from_text('The bridge opened in 1932.').retrieve('When?')))"
    )
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    environment.pop("ORT_DISABLE_TELEMETRY", None)
    command = [sys.executable, "-c", script]
    subprocess.run(command, env=environment, capture_output=True, check=True, cwd=ROOT)
    assert not list(tmp_path.rglob("*onnxruntime*"))

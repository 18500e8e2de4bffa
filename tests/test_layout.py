"""The layout's rule: app → qa → index, never back, and each heavy library in its one place."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("app", "qa", "index", "bench", "training", "tests")
PAGE_WITH_GRADIO = ("additions", "asking", "handlers", "layout", "queueing", "server")
MIDDLEWARE = ("body_limits", "guard", "security_headers", "server")
SOURCES = sorted([ROOT / "app.py", *(p for d in OURS[1:] for p in (ROOT / d).rglob("*.py"))])


def imported_by(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path} imports relatively"
            names.add(node.module or "")
    return names


def roots(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported_by(path)}


@pytest.mark.parametrize(
    ("folder", "allowed"),
    [
        ("index", {"index"}),
        ("qa", {"qa", "index"}),
        ("bench", {"bench", "training", "qa", "index", "app"}),
        ("training", {"training", "bench", "qa", "index", "app"}),
    ],
)
def test_imports_go_one_way(folder: str, allowed: set[str]) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        assert roots(path) & set(OURS) <= allowed, path


@pytest.mark.parametrize(
    ("library", "places"),
    [
        ("faiss", {"index/vectors.py"}),
        ("tantivy", {"index/lexical.py"}),
        (
            "sqlite3",
            {
                "index/database.py",
                "index/frozen.py",
                "index/record_errors.py",
                "index/recording.py",
                "index/schema.py",
                "index/spool.py",
            },
        ),
        ("sentence_transformers", {"index/full_model.py"}),
        ("torch", {"index/full_model.py"}),
        ("httpcore", {"index/fetch.py"}),
        ("onnxruntime", {"qa/span_model.py", "index/onnx_session.py"}),
        ("tokenizers", {"qa/windows.py", "index/light_encoder.py"}),
        ("py3langid", {"qa/kinds/language.py"}),
        ("gradio", {f"qa/page/{n}.py" for n in PAGE_WITH_GRADIO}),
        ("starlette", {f"qa/page/{n}.py" for n in MIDDLEWARE}),
        ("uvicorn", {"qa/page/server.py"}),
        (
            "typer",
            {
                "app.py",
                "qa/add_command.py",
                "qa/check_command.py",
                "qa/cli.py",
                "qa/options.py",
                "qa/serve_command.py",
            },
        ),
        ("pypdfium2", {"index/pdf.py"}),
        ("docx", {"index/word.py"}),
        ("pptx", {"index/slides.py"}),
        ("striprtf", {"index/rtf.py"}),
        ("pickle", set()),
    ],
)
def test_a_library_is_imported_in_its_own_place_alone(library: str, places: set[str]) -> None:
    product = [
        path for path in SOURCES if path.relative_to(ROOT).parts[0] in ("app.py", "qa", "index")
    ]
    users = {path.relative_to(ROOT).as_posix() for path in product if library in roots(path)}
    assert users <= places
    assert users == places or not places


def test_importing_qa_loads_no_model_library_and_no_page_library() -> None:
    script = (
        "import sys; from qa import ArticleQA; "
        "heavy = ('torch', 'transformers', 'gradio', 'trafilatura', 'onnxruntime', 'tokenizers', "
        "'pypdfium2', 'docx', 'pptx', 'lxml', 'py3langid'); "
        "print([m for m in heavy if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.strip() == "[]"


def test_the_public_names_are_these() -> None:
    import index
    import qa

    assert sorted(index.__all__) == ["Article", "Chunk", "Heading", "Passage", "Span"]
    assert sorted(qa.__all__) == [
        "Answer",
        "Article",
        "ArticleInfo",
        "ArticleQA",
        "Citation",
        "Kind",
        "Passage",
        "Settings",
        "ask",
        "retrieve",
    ]
    for module in (index, qa):
        for name in module.__all__:
            assert hasattr(module, name)
            assert name in dir(module)
    with pytest.raises(AttributeError, match="no attribute 'answer_all'"):
        _ = qa.answer_all  # type: ignore[attr-defined] # which is the point

"""The layout's rule: app → qa → index, never back, and each heavy library in its one place."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("app", "qa", "index", "bench", "training", "tests")
PAGE_WITH_GRADIO = ("adding", "asking", "handlers", "keeping", "layout", "page_blocks", "server")
MIDDLEWARE = (
    "qa/api/adding.py",
    "qa/api/mcp_endpoint.py",
    "qa/api/problems.py",
    *(f"qa/page/{n}.py" for n in ("body_limits", "guard", "login", "picture_route", "server")),
    "qa/visitors/cookies.py",
    "qa/visitors/gate.py",
)
SOURCES = sorted([ROOT / "app.py", *(p for d in OURS[1:] for p in (ROOT / d).rglob("*.py"))])


@functools.cache
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


def test_only_the_command_line_imports_the_page() -> None:
    for path in (ROOT / "qa").rglob("*.py"):
        if path.relative_to(ROOT / "qa").parts[0] not in ("page", "cli"):
            modules = {f"{name}." for name in imported_by(path)}
            assert not [name for name in modules if name.startswith("qa.page.")], path


def test_the_modules_of_the_page_import_one_way() -> None:
    page = {
        f"qa.page.{path.stem}": {name for name in imported_by(path) if name.startswith("qa.page.")}
        for path in (ROOT / "qa" / "page").glob("*.py")
    }
    assert tuple(TopologicalSorter(page).static_order())  # raises CycleError


# Each stage may import what comes before it, and nothing that comes after.
STAGES = [
    "index.errors",
    "index.limits",
    "index.types",
    "index.sentences",
    "index.sources",
    "index.articles",
    "index.chunking",
    "index.embedding",
    "index.store",
    "index.search",
    "index.maintenance",
]


def stage_of(module: str) -> str:
    return next((stage for stage in STAGES if f"{module}.".startswith(f"{stage}.")), "")


def test_the_stages_of_indexing_import_one_way() -> None:
    for path in (ROOT / "index").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if not stage_of(module):
            continue
        for imported in imported_by(path):
            if stage := stage_of(imported):
                assert STAGES.index(stage) <= STAGES.index(stage_of(module)), (module, imported)


def test_the_modules_of_the_index_import_each_other_in_no_circle() -> None:
    paths = (ROOT / "index").rglob("*.py")
    index = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in paths}
    imports = {module: imported_by(path) & index.keys() for module, path in index.items()}
    assert tuple(TopologicalSorter(imports).static_order())  # raises CycleError


@pytest.mark.parametrize(
    ("library", "places"),
    [
        ("faiss", {"index/search/vector_index.py"}),
        ("tantivy", {"index/search/text_index.py"}),
        (
            "sqlite3",
            {
                "index/store/database.py",
                "index/store/rows.py",
                "index/store/schema.py",
                "qa/visitors/state_database.py",
            },
        ),
        ("sentence_transformers", {"index/embedding/sentence_transformer.py"}),
        ("torch", {"index/embedding/sentence_transformer.py"}),
        ("httpcore", {"index/sources/web.py"}),
        ("onnxruntime", {"qa/reading/model.py", "index/embedding/onnx_encoder.py"}),
        ("tokenizers", {"qa/reading/model.py", "index/embedding/onnx_encoder.py"}),
        ("py3langid", {"qa/conversation/language.py"}),
        ("gradio", {f"qa/page/{n}.py" for n in PAGE_WITH_GRADIO}),
        ("starlette", set(MIDDLEWARE)),
        ("prometheus_client", {"qa/api/metric_families.py"}),
        ("argon2", {"qa/visitors/passwords.py"}),
        ("limits", {"qa/visitors/limits.py"}),
        ("uvicorn", {"qa/page/server.py"}),
        ("jinja2", {"qa/output/rendering.py"}),
        (
            "typer",
            {
                "app.py",
                "qa/cli/account_commands.py",
                "qa/cli/commands.py",
                "qa/cli/copying.py",
                "qa/cli/library_commands.py",
                "qa/cli/mcp.py",
                "qa/cli/terminal.py",
                "qa/cli/serve.py",
            },
        ),
        ("openai", {"qa/writing/openai_model.py"}),
        ("httpx2", {"qa/writing/openai_model.py"}),
        ("xllamacpp", {"qa/writing/gguf_model.py"}),
        (
            "huggingface_hub",
            {"index/embedding/sentence_transformer.py", "qa/writing/model_file.py"},
        ),
        (
            "pypdfium2",
            {
                "index/sources/page_pictures.py",
                *(
                    f"index/sources/pdf/{name}.py"
                    for name in (
                        "pdf_file",
                        "pdf_scan",
                        "pdfium_functions",
                        "pdfium_letters",
                        "pdfium_objects",
                        "pdfium_page",
                    )
                ),
            },
        ),
        ("fastmcp", {"qa/api/mcp_tools.py"}),
        ("langchain_core", {"qa/frameworks/langchain.py"}),
        ("llama_index", {"qa/frameworks/llama_index.py"}),
        ("haystack", {"qa/frameworks/haystack.py"}),
        ("ray", {"qa/encoding/on_ray.py"}),
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
        "'openai', 'xllamacpp', 'pypdfium2', 'lxml', 'py3langid', 'PIL', 'cv2', 'rapidocr', "
        "'ray'); "
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
        "Cell",
        "Citation",
        "Kind",
        "Mark",
        "MarkKind",
        "PageLayout",
        "PageShape",
        "Passage",
        "Settings",
        "SourceFile",
        "Table",
        "aask",
        "aretrieve",
        "ask",
        "retrieve",
    ]
    for module in (index, qa):
        for name in module.__all__:
            assert hasattr(module, name)
            assert name in dir(module)
    with pytest.raises(AttributeError, match="no attribute 'answer_all'"):
        _ = qa.answer_all  # type: ignore[attr-defined] # which is the point

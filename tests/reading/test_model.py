from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from index.errors import ModelCorrupt, ModelMissing
from qa.reading.model import MAX_TOKENS, SpanModel, shipped_folder

MAX_BYTES = 80_000_000


@pytest.fixture(scope="module")
def model() -> SpanModel:
    return SpanModel.shipped()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    shutil.copytree(Path(str(shipped_folder())), folder)
    return folder


def test_each_token_of_a_passage_has_logits(model: SpanModel) -> None:
    text = "Anna Lindqvist built it."
    ((window,),) = model.read("Who built it?", [text])
    assert window.start.shape == window.end.shape == (len(window.window.offsets),)
    words = [text[start:end] for start, end in window.window.offsets]
    assert words[int(window.start.argmax())] == "Anna"


def test_a_long_passage_is_read_whole_in_windows_that_overlap(model: SpanModel) -> None:
    text = "The cat sat on the mat. " * 120
    (windows,) = model.read("Where?", [text])
    assert len(windows) > 1
    assert all(len(w.window.ids) <= MAX_TOKENS for w in windows)
    assert windows[0].window.offsets[0].start == 0
    assert windows[-1].window.offsets[-1].end == len(text.rstrip())
    for one, other in itertools.pairwise(windows):
        assert other.window.offsets[0].start < one.window.offsets[-1].start


def test_texts_keep_their_order_and_an_empty_one_has_no_tokens(model: SpanModel) -> None:
    first, empty, last = model.read("Who?", ["Anna came.", "", "Bo left."])
    assert [len(w[0].window.offsets) > 0 for w in (first, empty, last)] == [True, False, True]


def test_a_question_longer_than_the_model_reads_is_cut(model: SpanModel) -> None:
    ((window,),) = model.read("why " * 1500, ["Because."])
    assert len(window.window.ids) < MAX_TOKENS


def test_the_package_is_small_enough() -> None:
    sizes = [file.stat().st_size for file in Path(str(shipped_folder())).iterdir()]
    assert sum(sizes) <= MAX_BYTES


def _truncate(folder: Path) -> None:
    file = folder / "reader.onnx"
    file.write_bytes(file.read_bytes()[:-1])


def _replace_with_another(folder: Path) -> None:
    # The hash matches, but the content is not a model.
    (folder / "reader.onnx").write_bytes(b"no model")
    manifest = json.loads((folder / "reader.json").read_text())
    manifest["files"]["reader.onnx"] = hashlib.sha256(b"no model").hexdigest()
    (folder / "reader.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (_truncate, ModelCorrupt),
        (_replace_with_another, ModelCorrupt),
        (lambda folder: (folder / "reader.json").write_text("{"), ModelCorrupt),
        (lambda folder: (folder / "reader.json").write_text('{"files": {}}'), ModelCorrupt),
        (lambda folder: (folder / "reader.json").unlink(), ModelMissing),
        (lambda folder: (folder / "tokenizer.json").unlink(), ModelMissing),
        (lambda folder: (folder / "reader.onnx").unlink(), ModelMissing),
    ],
)
def test_a_damaged_model_raises_an_error(
    copy: Path, damage: Callable[[Path], object], error: type[Exception]
) -> None:
    damage(copy)
    with pytest.raises(error, match="Reinstall article-qa"):
        SpanModel.shipped(copy)


@pytest.mark.slow
def test_reading_needs_neither_torch_nor_sentence_transformers() -> None:
    script = (
        "from qa.reading.model import SpanModel; SpanModel.shipped().read('Who?', ['Anna came.']); "
        "import sys; print([m for m in ('torch', 'transformers') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

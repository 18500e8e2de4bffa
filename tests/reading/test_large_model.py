"""The large model as it ships: its published weights joined with what training changed."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from index.embedding.int8 import Calibration
from index.errors import ModelCorrupt, ModelUnavailable
from qa.reading import large_model
from qa.reading.large_model import GRAPH, LARGE_MANIFEST, LargeModel, position_biases
from qa.reading.large_weights import ADAPTERS, RANGES, join_weights
from qa.reading.model import MAX_TOKENS, shipped_folder
from training.reader.graph import graph
from training.reader.model import _buckets

MAX_BYTES = 30_000_000
TEXT = "The bridge was closed in 1998 and reopened on 1 May 2003 by the mayor, Carla Nunes."


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the weights are joined once for all tests."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def model(cache: Path) -> LargeModel:
    return LargeModel.shipped(cache=cache)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "model"
    shutil.copytree(Path(str(shipped_folder())), found)
    return found


def answer(model: LargeModel, question: str, text: str = TEXT, history: str = "") -> str:
    ((logits,),) = model.read(question, [text], ["The Harrow Bridge"], history)
    offsets = logits.window.offsets
    return text[offsets[int(logits.start.argmax())].start : offsets[int(logits.end.argmax())].end]


def test_it_finds_the_words_that_answer(model: LargeModel) -> None:
    assert answer(model, "Who reopened the bridge?") == "Carla Nunes"
    assert answer(model, "When was the bridge closed?") == "1998"


def test_it_reads_a_follow_up_with_the_turns_before_it(model: LargeModel) -> None:
    history = "When was the bridge closed? 1998"
    assert "2003" in answer(model, "And when did it open again?", history=history)


def test_a_question_that_the_passage_does_not_answer_has_a_lower_logit(model: LargeModel) -> None:
    (answered,), (other,) = model.read("Who reopened the bridge?", [TEXT, "Rain fell all day."])
    assert answered.has_answer > other.has_answer


def test_a_long_passage_is_read_whole_in_windows_that_overlap(model: LargeModel) -> None:
    text = "The cat sat on the mat. " * 120
    (windows,) = model.read("Where?", [text], ["Cats"], "Who? A cat.")
    assert len(windows) > 1
    assert all(len(window.window.ids) <= MAX_TOKENS for window in windows)
    assert windows[-1].window.offsets[-1].end == len(text.rstrip())


@pytest.mark.usefixtures("model")
def test_the_joined_weights_are_kept_and_a_damaged_copy_is_made_again(
    cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (kept,) = cache.iterdir()
    copy = tmp_path / kept.name
    data = bytearray(kept.read_bytes())
    data[-1] ^= 1
    copy.write_bytes(data)
    assert answer(LargeModel.shipped(cache=tmp_path), "Who reopened the bridge?") == "Carla Nunes"
    assert "damaged" in caplog.text
    assert copy.read_bytes() == kept.read_bytes()


@pytest.mark.usefixtures("model")
def test_a_cached_copy_is_used_without_the_data_packages(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_model, "unpack_base", None)
    assert answer(LargeModel.shipped(cache=cache), "When was it closed?") == "1998"


def test_where_nothing_can_be_written_the_reason_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(large_model, "unpack_base", full)
    with pytest.raises(ModelUnavailable, match=r"No space left.*Free some disk space"):
        LargeModel.shipped(cache=tmp_path)


@pytest.mark.usefixtures("model")
def test_a_processor_that_computes_otherwise_is_noticed(folder: Path, cache: Path) -> None:
    manifest = json.loads((folder / LARGE_MANIFEST).read_text())
    manifest["reference"]["logits"][0] += 3.0
    (folder / LARGE_MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelUnavailable, match="inexactly"):
        LargeModel.shipped(folder, cache)


@pytest.mark.parametrize("name", [GRAPH, ADAPTERS, RANGES])
def test_a_damaged_file_is_refused(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:-1])
    with pytest.raises(ModelCorrupt, match=name):
        LargeModel.shipped(folder, tmp_path / "cache")


def test_the_graph_is_the_one_that_training_makes() -> None:
    made = graph().SerializeToString(deterministic=True)
    assert (Path(str(shipped_folder())) / GRAPH).read_bytes() == made


def test_what_ships_of_it_is_small_and_as_its_manifest_says() -> None:
    folder = Path(str(shipped_folder()))
    hashes = json.loads((folder / LARGE_MANIFEST).read_text())["files"]
    assert {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in hashes} == hashes
    assert sum((folder / name).stat().st_size for name in hashes) <= MAX_BYTES


def test_relative_positions_are_those_of_training() -> None:
    torch = pytest.importorskip("torch")
    relative = np.random.default_rng(0).normal(size=(32, 12)).astype(np.float32)
    found = position_biases(relative, 200)
    theirs = relative[_buckets(torch.arange(200), 32).numpy()].transpose(2, 0, 1)
    np.testing.assert_array_equal(found[0], theirs)


def test_adapters_are_added_to_the_published_weights() -> None:
    rng = np.random.default_rng(0)
    width, inner, rank = 4, 8, 2

    def drawn(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(np.float32)

    stem = "encoder.layer.0"
    attention = f"{stem}.attention"
    base = {
        "embeddings.word_embeddings.weight": drawn(6, width),
        "embeddings.position_embeddings.weight": drawn(5, width),
        "encoder.relative_attention_bias.weight": drawn(4, 2),
        **{f"{attention}.attn.{part}.weight": drawn(width, width) for part in "qkvo"},
        **{f"{attention}.attn.{part}.bias": drawn(width) for part in "qkvo"},
        f"{stem}.intermediate.dense.weight": drawn(inner, width),
        f"{stem}.intermediate.dense.bias": drawn(inner),
        f"{stem}.output.dense.weight": drawn(width, inner),
        f"{stem}.output.dense.bias": drawn(width),
    }
    for norm in ("embeddings.LayerNorm", f"{attention}.LayerNorm", f"{stem}.output.LayerNorm"):
        base |= {f"{norm}.weight": drawn(width), f"{norm}.bias": drawn(width)}
    down, up = drawn(rank, width), drawn(width, rank)
    adapters = {
        "layers.0.attention_out.down": down,
        "layers.0.attention_out.up": up,
        "layers.0.attention_out.bias": drawn(width),
        "vocabulary": np.array([5, 0]),
        "head.first.bias": drawn(4),
    }
    ones, zeros = np.ones((1, width), np.float32), np.zeros((1, width), np.float32)
    ranges = Calibration(
        zeros, ones, zeros, ones, np.zeros((1, 1), np.int64), np.ones(1, np.float32)
    )
    joined = join_weights(base, adapters, ranges)
    dense = f"{attention}.output.dense"
    whole = joined[f"{dense}.weight.int8"].T * joined[f"{dense}.weight.step"][:, None]
    expected = base[f"{attention}.attn.o.weight"] + 16.0 * up @ down
    np.testing.assert_allclose(whole, expected, atol=np.abs(expected).max() / 200)
    assert joined["embeddings.word_embeddings.weight"].shape == (2, width)
    assert joined["embeddings.position_embeddings.weight"].shape == (3, width)

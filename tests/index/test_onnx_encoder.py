from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from index.embedding import onnx_encoder as module
from index.embedding.int8 import Calibration, has_fast_int8, int8_weights
from index.embedding.model_files import default_model_folder
from index.embedding.onnx_encoder import (
    CALIBRATION,
    FOLDER,
    GRAPH,
    GRAPH_INT8,
    MAX_TOKENS,
    OnnxEncoder,
)
from index.embedding.sentence_transformer import SentenceTransformerEncoder
from training.encoder import graph, graph_int8
from training.encoder.__main__ import PROBES

TEXTS = [
    "Who did Marco Rubio call?",
    "word " * 1000,
    "x",
    "?!",
    "\u200b",
    "Ein naïver Café-Besitzer fragt: „Straße?“ – 東京 Москва हिन्दी \U0001f600",
    "[CLS] [MASK] [SEP] [PAD] unknown\x00\ufffd",
    "A line.\n\tAnother\u00a0one\u2028with odd spaces.",
    "pneumonoultramicroscopicsilicovolcanoconiosis" * 30,
    "e\u0301 and é, ﬁ and fi, İ and i",
]


@pytest.fixture(scope="module")
def encoder() -> OnnxEncoder:
    return OnnxEncoder.default()


@pytest.fixture(scope="module")
def torch_encoder() -> SentenceTransformerEncoder:
    folder = str(default_model_folder())
    return SentenceTransformerEncoder.load(folder, allow_download=False, precision="float32")


@pytest.mark.parametrize("text", TEXTS)
def test_vectors_equal_those_of_sentence_transformers(
    text: str, encoder: OnnxEncoder, torch_encoder: SentenceTransformerEncoder
) -> None:
    assert float(encoder.encode_query(text) @ torch_encoder.encode_query(text)) > 0.99999


def test_documents_are_encoded_in_order_and_like_questions(encoder: OnnxEncoder) -> None:
    vectors = encoder.encode_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    for text, vector in zip(TEXTS, vectors, strict=True):
        np.testing.assert_allclose(vector, encoder.encode_query(text), atol=1e-6)


def test_tokens_are_counted_like_in_sentence_transformers(
    encoder: OnnxEncoder, torch_encoder: SentenceTransformerEncoder
) -> None:
    assert encoder.count_tokens(TEXTS) == torch_encoder.count_tokens(TEXTS)
    assert encoder.max_tokens == torch_encoder.max_tokens


def test_text_beyond_the_maximum_length_is_ignored(encoder: OnnxEncoder) -> None:
    longest = "word " * MAX_TOKENS
    np.testing.assert_array_equal(encoder.ids(longest + "and more"), encoder.ids(longest))


def test_several_threads_get_the_same_vectors(encoder: OnnxEncoder) -> None:
    questions = [f"What is said of number {i}?" for i in range(40)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(encoder.encode_query, questions))
    for question, vector in zip(questions, found, strict=True):
        np.testing.assert_allclose(vector, encoder.encode_query(question), atol=1e-6)


def test_wrong_vectors_do_not_match_the_reference(
    encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert encoder.matches_reference()
    _change_reference(monkeypatch, tmp_path, "question")
    assert not encoder.matches_reference()


def _change_reference(monkeypatch: pytest.MonkeyPatch, folder: Path, kind: str) -> None:
    """Use a copy of the files with another text in the reference of this kind."""
    shutil.copytree(FOLDER, folder / "encoder")
    path = folder / "encoder" / module.REFERENCE
    references = json.loads(path.read_text(encoding="utf-8"))
    references[kind]["text"] = "Another text."
    path.write_text(json.dumps(references), encoding="utf-8")
    monkeypatch.setattr(module, "FOLDER", folder / "encoder")


@pytest.mark.parametrize(("name", "made"), [(GRAPH, graph), (GRAPH_INT8, graph_int8)])
def test_the_graphs_are_those_that_training_makes(name: str, made: ModuleType) -> None:
    assert (FOLDER / name).read_bytes() == made.graph().SerializeToString(deterministic=True)


@pytest.mark.parametrize("kind", ["question", "document"])
def test_the_references_are_vectors_of_sentence_transformers(
    kind: str, torch_encoder: SentenceTransformerEncoder
) -> None:
    reference = json.loads((FOLDER / module.REFERENCE).read_text(encoding="utf-8"))[kind]
    assert reference["text"] == PROBES[kind]
    np.testing.assert_allclose(
        torch_encoder.encode_query(reference["text"]), reference["vector"], atol=1e-5
    )


needs_fast_int8 = pytest.mark.skipif(
    not has_fast_int8(), reason="8-bit sums may overflow on this CPU"
)


@pytest.fixture(scope="module")
def int8_encoder() -> OnnxEncoder:
    made = OnnxEncoder.default()
    made.enable_int8()
    return made


def _passages() -> list[str]:
    """Return paragraphs of the documentation, on which nothing was calibrated."""
    files = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
    found = [p for file in files for p in file.read_text(encoding="utf-8").split("\n\n")]
    return [p for p in found if 300 <= len(p) <= 1500 and "|" not in p][:30]


@pytest.mark.slow
@needs_fast_int8
def test_documents_have_nearly_the_same_vectors_in_8_bits(
    encoder: OnnxEncoder, int8_encoder: OnnxEncoder
) -> None:
    passages = _passages()
    assert len(passages) == 30
    vectors = int8_encoder.encode_documents(passages)
    cosines = (encoder.encode_documents(passages) * vectors).sum(axis=1)
    assert cosines.mean() >= 0.999
    assert cosines.min() >= 0.998
    assert cosines.max() < 0.999999  # or nothing was in 8 bits
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@needs_fast_int8
def test_odd_texts_have_nearly_the_same_vectors_in_8_bits(
    encoder: OnnxEncoder, int8_encoder: OnnxEncoder
) -> None:
    cosines = (encoder.encode_documents(TEXTS) * int8_encoder.encode_documents(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.99


@needs_fast_int8
def test_a_vector_in_8_bits_does_not_depend_on_the_batch(int8_encoder: OnnxEncoder) -> None:
    vectors = int8_encoder.encode_documents(TEXTS)
    np.testing.assert_array_equal(int8_encoder.encode_documents(TEXTS[:1])[0], vectors[0])


def test_questions_are_always_encoded_in_float32(
    encoder: OnnxEncoder, int8_encoder: OnnxEncoder
) -> None:
    assert (
        float(encoder.encode_query("Who called?") @ int8_encoder.encode_query("Who called?"))
        > 0.999999
    )


def test_documents_are_encoded_in_float32_if_8_bits_are_inaccurate(
    encoder: OnnxEncoder,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _change_reference(monkeypatch, tmp_path, "document")
    assert_uses_float32(encoder, caplog, "in 8 bits the cosine is")


def test_documents_are_encoded_in_float32_if_8_bits_fail(
    encoder: OnnxEncoder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "GRAPH_INT8", module.REFERENCE)  # not a graph
    assert_uses_float32(encoder, caplog, "which is slower")


def assert_uses_float32(
    encoder: OnnxEncoder, caplog: pytest.LogCaptureFixture, warning: str
) -> None:
    made = OnnxEncoder.default()
    for _ in range(2):
        made.enable_int8()
    assert caplog.text.count(warning) == 1
    np.testing.assert_allclose(
        made.encode_documents(TEXTS), encoder.encode_documents(TEXTS), atol=1e-6
    )


def test_the_calibration_fits_the_model(encoder: OnnxEncoder, tmp_path: Path) -> None:
    found = Calibration.read(FOLDER / CALIBRATION)
    assert found.hidden_mean.shape == found.attended_scale.shape == (6, 384)
    assert found.outliers.shape == (6, graph_int8.OUTLIERS)
    assert (found.hidden_scale > 0).all()
    found.write(tmp_path / "again.npz")
    again = Calibration.read(tmp_path / "again.npz")
    np.testing.assert_array_equal(again.inner_largest, found.inner_largest)
    assert int8_weights(encoder.weights, found).keys() == graph_int8.weights(graph.MINILM).keys()

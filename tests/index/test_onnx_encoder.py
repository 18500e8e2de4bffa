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
def light() -> OnnxEncoder:
    return OnnxEncoder.default()


@pytest.fixture(scope="module")
def full() -> SentenceTransformerEncoder:
    folder = str(default_model_folder())
    return SentenceTransformerEncoder.load(folder, allow_download=False, precision="float32")


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_has_the_vector_that_sentence_transformers_gives_it(
    text: str, light: OnnxEncoder, full: SentenceTransformerEncoder
) -> None:
    assert float(light.encode_query(text) @ full.encode_query(text)) > 0.99999


def test_documents_are_encoded_as_questions_are_and_in_their_order(light: OnnxEncoder) -> None:
    vectors = light.encode_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    for text, vector in zip(TEXTS, vectors, strict=True):
        np.testing.assert_allclose(vector, light.encode_query(text), atol=1e-6)


def test_tokens_are_counted_as_sentence_transformers_counts_them(
    light: OnnxEncoder, full: SentenceTransformerEncoder
) -> None:
    assert light.count_tokens(TEXTS) == full.count_tokens(TEXTS)
    assert light.max_tokens == full.max_tokens


def test_what_is_beyond_the_longest_text_is_not_read(light: OnnxEncoder) -> None:
    longest = "word " * MAX_TOKENS
    np.testing.assert_array_equal(light.ids(longest + "and more"), light.ids(longest))


def test_several_threads_get_the_vectors_that_one_gets(light: OnnxEncoder) -> None:
    questions = [f"What is said of number {i}?" for i in range(40)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(light.encode_query, questions))
    for question, vector in zip(questions, found, strict=True):
        np.testing.assert_allclose(vector, light.encode_query(question), atol=1e-6)


def test_it_tells_whether_its_vectors_are_the_models(
    light: OnnxEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert light.matches_reference()
    _change_reference(monkeypatch, tmp_path, "question")
    assert not light.matches_reference()


def _change_reference(monkeypatch: pytest.MonkeyPatch, folder: Path, kind: str) -> None:
    """Have another folder of files, whose reference has another text of this kind."""
    shutil.copytree(FOLDER, folder / "encoder")
    path = folder / "encoder" / module.REFERENCE
    references = json.loads(path.read_text(encoding="utf-8"))
    references[kind]["text"] = "Another text."
    path.write_text(json.dumps(references), encoding="utf-8")
    monkeypatch.setattr(module, "FOLDER", folder / "encoder")


@pytest.mark.parametrize(("name", "made"), [(GRAPH, graph), (GRAPH_INT8, graph_int8)])
def test_the_graphs_are_what_the_bench_makes(name: str, made: ModuleType) -> None:
    assert (FOLDER / name).read_bytes() == made.graph().SerializeToString(deterministic=True)


@pytest.mark.parametrize("kind", ["question", "document"])
def test_the_references_are_what_sentence_transformers_gives(
    kind: str, full: SentenceTransformerEncoder
) -> None:
    reference = json.loads((FOLDER / module.REFERENCE).read_text(encoding="utf-8"))[kind]
    assert reference["text"] == PROBES[kind]
    np.testing.assert_allclose(full.encode_query(reference["text"]), reference["vector"], atol=1e-5)


in_8_bits = pytest.mark.skipif(not has_fast_int8(), reason="this processor may lose what overflows")


@pytest.fixture(scope="module")
def hasty() -> OnnxEncoder:
    made = OnnxEncoder.default()
    made.enable_int8()
    return made


def _passages() -> list[str]:
    """Return paragraphs of the documentation: prose that nothing was calibrated on."""
    files = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
    found = [p for file in files for p in file.read_text(encoding="utf-8").split("\n\n")]
    return [p for p in found if 300 <= len(p) <= 1500 and "|" not in p][:30]


@pytest.mark.slow
@in_8_bits
def test_in_8_bits_documents_have_nearly_the_models_vectors(
    light: OnnxEncoder, hasty: OnnxEncoder
) -> None:
    passages = _passages()
    assert len(passages) == 30
    vectors = hasty.encode_documents(passages)
    cosines = (light.encode_documents(passages) * vectors).sum(axis=1)
    assert cosines.mean() >= 0.999
    assert cosines.min() >= 0.998
    assert cosines.max() < 0.999999  # or nothing was in 8 bits
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


@in_8_bits
def test_in_8_bits_odd_texts_have_vectors_too(light: OnnxEncoder, hasty: OnnxEncoder) -> None:
    cosines = (light.encode_documents(TEXTS) * hasty.encode_documents(TEXTS)).sum(axis=1)
    assert cosines.min() >= 0.99


@in_8_bits
def test_in_8_bits_a_text_has_one_vector_in_any_company(hasty: OnnxEncoder) -> None:
    vectors = hasty.encode_documents(TEXTS)
    np.testing.assert_array_equal(hasty.encode_documents(TEXTS[:1])[0], vectors[0])


def test_questions_are_encoded_in_float32_all_the_same(
    light: OnnxEncoder, hasty: OnnxEncoder
) -> None:
    assert float(light.encode_query("Who called?") @ hasty.encode_query("Who called?")) > 0.999999


def test_what_is_not_faithful_in_8_bits_is_done_in_float32(
    light: OnnxEncoder,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    _change_reference(monkeypatch, tmp_path, "document")
    _is_in_float32(light, caplog, "in 8 bits the cosine is")


def test_where_8_bits_cannot_be_run_documents_are_encoded_all_the_same(
    light: OnnxEncoder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "GRAPH_INT8", module.REFERENCE)  # not a graph
    _is_in_float32(light, caplog, "which is slower")


def _is_in_float32(light: OnnxEncoder, caplog: pytest.LogCaptureFixture, told: str) -> None:
    made = OnnxEncoder.default()
    for _ in range(2):
        made.enable_int8()
    assert caplog.text.count(told) == 1
    np.testing.assert_allclose(
        made.encode_documents(TEXTS), light.encode_documents(TEXTS), atol=1e-6
    )


def test_the_calibration_is_of_the_models_size(light: OnnxEncoder, tmp_path: Path) -> None:
    found = Calibration.read(FOLDER / CALIBRATION)
    assert found.hidden_mean.shape == found.attended_scale.shape == (6, 384)
    assert found.outliers.shape == (6, graph_int8.OUTLIERS)
    assert (found.hidden_scale > 0).all()
    found.write(tmp_path / "again.npz")
    again = Calibration.read(tmp_path / "again.npz")
    np.testing.assert_array_equal(again.inner_largest, found.inner_largest)
    assert int8_weights(light.weights, found).keys() == graph_int8.weights().keys()

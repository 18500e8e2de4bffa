from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from bench import encoder_graph
from index import light_encoder as module
from index.full_model import FullModel
from index.light_encoder import FOLDER, GRAPH, MAX_TOKENS, LightEncoder
from index.model_files import default_model_folder

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
def light() -> LightEncoder:
    return LightEncoder.default()


@pytest.fixture(scope="module")
def full() -> FullModel:
    folder = str(default_model_folder())
    return FullModel.load(folder, allow_download=False, precision="float32")


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_has_the_vector_that_sentence_transformers_gives_it(
    text: str, light: LightEncoder, full: FullModel
) -> None:
    assert float(light.encode_query(text) @ full.encode_query(text)) > 0.99999


def test_documents_are_encoded_as_questions_are_and_in_their_order(light: LightEncoder) -> None:
    vectors = light.encode_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    for text, vector in zip(TEXTS, vectors, strict=True):
        np.testing.assert_array_equal(vector, light.encode_query(text))


def test_tokens_are_counted_as_sentence_transformers_counts_them(
    light: LightEncoder, full: FullModel
) -> None:
    assert light.count_tokens(TEXTS) == full.count_tokens(TEXTS)
    assert light.max_tokens == full.max_tokens


def test_what_is_beyond_the_longest_text_is_not_read(light: LightEncoder) -> None:
    longest = "word " * MAX_TOKENS
    beyond = light.encode_query(longest + "and more")
    np.testing.assert_array_equal(beyond, light.encode_query(longest))


def test_several_threads_get_the_vectors_that_one_gets(light: LightEncoder) -> None:
    questions = [f"What is said of number {i}?" for i in range(40)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(light.encode_query, questions))
    for question, vector in zip(questions, found, strict=True):
        np.testing.assert_array_equal(vector, light.encode_query(question))


def test_it_tells_whether_its_vectors_are_the_models(
    light: LightEncoder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert light.is_faithful()
    reference = json.loads((FOLDER / module.REFERENCE).read_text(encoding="utf-8"))
    (tmp_path / module.REFERENCE).write_text(json.dumps(reference | {"text": "Another text."}))
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    assert not light.is_faithful()


def test_the_graph_is_what_the_bench_makes() -> None:
    made = encoder_graph.graph().SerializeToString(deterministic=True)
    assert (FOLDER / GRAPH).read_bytes() == made


def test_the_reference_is_what_sentence_transformers_gives(full: FullModel) -> None:
    reference = json.loads((FOLDER / module.REFERENCE).read_text(encoding="utf-8"))
    assert reference["text"] == encoder_graph.PROBE
    vector = full.encode_query(reference["text"])
    np.testing.assert_allclose(vector, reference["vector"], atol=1e-5)

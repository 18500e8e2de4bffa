"""Build a reading model from published weights, with random heads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from index.embedding.model_files import default_model_folder
from index.errors import InputError
from training.reader.adapters import adapt, merged
from training.reader.model import HEADS, MPNET_BASE, ModelShape, ReaderModel
from training.reader.onnx_file import read_onnx
from training.reader.saving import load_checkpoint, sha256_of

WEIGHTS = "model.safetensors"
# MPNet has RoBERTa's special tokens before BERT's vocabulary, and numbers positions from 2.
_MPNET_SPECIAL = {"[PAD]": "<pad>", "[CLS]": "<s>", "[SEP]": "</s>"}
_MPNET_FIRST_PLACE = 2


@dataclass(frozen=True, slots=True)
class Start:
    """The initial weights of a run.

    Either the folder of a published BERT or MPNet, or the ONNX file exported from a run, or its
    checkpoint, whose averaged weights are used.
    """

    path: Path | None = None
    """None for the embedding model."""
    base: Path | None = None
    """The initial weights of the run, for a checkpoint of adapters."""

    @property
    def sha256(self) -> str:
        """Of the weights."""
        path = self.path or default_model_folder()
        return sha256_of(path / WEIGHTS if path.is_dir() else path)

    def model(self, dropout: float) -> ReaderModel:
        """Return the model before the first step."""
        path = self.path or default_model_folder()
        if path.is_dir():
            config = json.loads((path / "config.json").read_bytes())
            if config["model_type"] == "mpnet":
                return pretrained_mpnet(path, vocabulary_of(default_model_folder()), dropout)
            return pretrained_bert(path, ModelShape(), dropout)
        if path.suffix == ".onnx":
            model = ReaderModel(ModelShape(), dropout)
            read_onnx(model, path)
            return model
        model = averaged_model(path, self.base)
        model.dropout = dropout
        return model


def averaged_model(checkpoint: Path, base: Path | None = None) -> ReaderModel:
    """Return the model of ``checkpoint`` with its averaged weights.

    Args:
        checkpoint: A checkpoint written by a run.
        base: The initial weights of the run, only if it trained adapters.

    Raises:
        InputError: There are adapters, and ``base`` is not the model they were trained on.
    """
    state = load_checkpoint(checkpoint)
    if not state["settings"]["rank"]:
        model = ReaderModel(ModelShape(**state["shape"]))
        model.load_state_dict(state["averaged"])
        return model
    start = Start(base)
    if start.sha256 != state["start"]:
        msg = (
            f"{checkpoint} contains adapters. Give the model they were trained on as --base FOLDER."
        )
        raise InputError(msg)
    adapted = adapt(start.model(0.0), state["settings"]["rank"], state["settings"]["frozen_layers"])
    adapted.load_state_dict(state["averaged"], strict=False)
    return merged(adapted)


def pretrained_bert(folder: Path, shape: ModelShape, dropout: float) -> ReaderModel:
    """Return a model of ``shape`` with the weights of the BERT in ``folder``."""
    return _loaded(_renamed_bert(load_file(folder / WEIGHTS), shape.layers), shape, dropout)


def pretrained_mpnet(folder: Path, vocabulary: list[str], dropout: float) -> ReaderModel:
    """Return a model with the weights of the MPNet in ``folder``.

    Args:
        folder: The folder with ``model.safetensors`` and ``vocab.txt``.
        vocabulary: The words in the order of the model's input ids. It is BERT's, which MPNet
            shares except for the numbering, so that both models read the same windows.
        dropout: Share of activations set to 0 in training.
    """
    order = mpnet_order(folder, vocabulary)
    return _loaded(_renamed_mpnet(load_file(folder / WEIGHTS), order), MPNET_BASE, dropout)


def mpnet_order(folder: Path, vocabulary: Sequence[str]) -> list[int]:
    """Return the number, in the MPNet in ``folder``, of each word of ``vocabulary``."""
    theirs = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
    number = {word: place for place, word in enumerate(theirs)}
    return [number[_MPNET_SPECIAL.get(word, word)] for word in vocabulary]


def vocabulary_of(folder: Path) -> list[str]:
    """Return the words of the tokenizer in ``folder``, in the order of their ids."""
    definition = json.loads((folder / "tokenizer.json").read_bytes())
    words: dict[str, int] = definition["model"]["vocab"]
    return sorted(words, key=words.__getitem__)


def _loaded(weights: dict[str, Tensor], shape: ModelShape, dropout: float) -> ReaderModel:
    model = ReaderModel(shape, dropout)
    missing, unexpected = model.load_state_dict(weights, strict=False)
    lacking = [name for name in missing if not name.startswith(HEADS)]
    assert (lacking, unexpected) == ([], []), (lacking, unexpected)
    return model


def _renamed_bert(bert: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    """Return the tensors of a published BERT, renamed to ours."""
    found = {
        "words.weight": bert["embeddings.word_embeddings.weight"],
        "positions.weight": bert["embeddings.position_embeddings.weight"],
        "types.weight": bert["embeddings.token_type_embeddings.weight"],
    }
    parts = ("attention.self.query", "attention.self.key", "attention.self.value")
    attention = {
        "attention_out": "attention.output.dense",
        "attention_norm": "attention.output.LayerNorm",
    }
    return found | _renamed_layers(bert, layers, parts, attention)


def _renamed_mpnet(mpnet: dict[str, Tensor], order: list[int]) -> dict[str, Tensor]:
    """Return the tensors of a published MPNet, renamed to ours, with its words in ``order``."""
    words = mpnet["embeddings.word_embeddings.weight"][torch.tensor(order)]
    found = {
        "words.weight": words,
        "positions.weight": mpnet["embeddings.position_embeddings.weight"][_MPNET_FIRST_PLACE:],
        # MPNet has no segment embeddings; they are learned.
        "types.weight": torch.zeros(2, words.shape[1]),
        "relative.weight": mpnet["encoder.relative_attention_bias.weight"],
    }
    parts = ("attention.attn.q", "attention.attn.k", "attention.attn.v")
    attention = {"attention_out": "attention.attn.o", "attention_norm": "attention.LayerNorm"}
    return found | _renamed_layers(mpnet, MPNET_BASE.layers, parts, attention)


def _renamed_layers(
    theirs: dict[str, Tensor], layers: int, parts: tuple[str, ...], attention: dict[str, str]
) -> dict[str, Tensor]:
    names = {
        **attention,
        "inner": "intermediate.dense",
        "outer": "output.dense",
        "norm": "output.LayerNorm",
    }
    found = {}
    for kind in ("weight", "bias"):
        found[f"norm.{kind}"] = theirs[f"embeddings.LayerNorm.{kind}"]
        for layer in range(layers):
            at = f"encoder.layer.{layer}."
            joined = torch.cat([theirs[f"{at}{part}.{kind}"] for part in parts])
            found[f"layers.{layer}.attention_in.{kind}"] = joined
            for ours, name in names.items():
                found[f"layers.{layer}.{ours}.{kind}"] = theirs[f"{at}{name}.{kind}"]
    return found

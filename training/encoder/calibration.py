"""Collect the ranges of the model's activations on texts of a training set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from index.embedding.int8 import ATTENDED, HIDDEN, PARTS, Calibration
from index.embedding.onnx_encoder import create_session
from training.encoder.graph import MINILM, graph
from training.encoder.graph_int8 import OUTLIERS
from training.reader.seeding import seeded
from training.reader.sources import read_training_data

_Floats = NDArray[np.float32]

PASSAGES, QUESTIONS = 120, 40
SHARE = 0.999
"""Of the numbers of a channel; the few beyond do not count as its size."""
TOWARDS_WEIGHTS = {HIDDEN: 0.7, ATTENDED: 0.6}
"""How much of a channel's size goes to its weights: of .3 to .8, the nearest to float32."""
LARGEST = 2
"""Outliers that are so by what they weigh; the others let the rest have finer steps."""


def chosen_texts(folder: Path) -> list[str]:
    """Return passages and questions of the training data, the same each time."""
    articles = read_training_data(folder).train
    passages = [a.text[p.start : p.end] for a in articles for p in a.paragraphs]
    questions = [question.text for article in articles for question in article.questions]
    rng = seeded("the encoder's calibration")
    return [*rng.sample(passages, PASSAGES), *rng.sample(questions, QUESTIONS)]


def calibrated(texts: Sequence[NDArray[np.int64]], weights: Mapping[str, _Floats]) -> Calibration:
    """Return the calibration for the ids of these texts' tokens."""
    return calibration_of(_states(texts, weights), weights, MINILM.layers)


def calibration_of(
    states: Mapping[str, _Floats], weights: Mapping[str, _Floats], layers: int
) -> Calibration:
    """Return the calibration for these states, each ``(tokens, width)``, named as in the graph."""
    hidden, attended, inner = [], [], []
    for number in range(layers):
        layer = f"encoder.layer.{number}"
        reading = [weights[f"{layer}.attention.self.{part}.weight"] for part in PARTS]
        hidden.append(_centred(states[f"hidden.{number}"], np.concatenate(reading), HIDDEN))
        reading = [weights[f"{layer}.intermediate.dense.weight"]]
        attended.append(_centred(states[f"{layer}.attention"], reading[0], ATTENDED))
        inner.append(
            _outliers(states[f"{layer}.intermediate"], weights[f"{layer}.output.dense.weight"])
        )
    return Calibration(
        hidden_mean=np.stack([mean for mean, _ in hidden]),
        hidden_scale=np.stack([scale for _, scale in hidden]),
        attended_mean=np.stack([mean for mean, _ in attended]),
        attended_scale=np.stack([scale for _, scale in attended]),
        outliers=np.stack([outliers for outliers, _ in inner]),
        inner_largest=np.array([largest for _, largest in inner], dtype=np.float32),
    )


def _states(
    texts: Sequence[NDArray[np.int64]], weights: Mapping[str, _Floats]
) -> dict[str, _Floats]:
    """Return what the model in float32 has within, a row a token of all texts."""
    names = [
        *(f"hidden.{n}" for n in range(MINILM.layers)),
        *(
            f"encoder.layer.{n}.{s}"
            for n in range(MINILM.layers)
            for s in ("attention", "intermediate")
        ),
    ]
    telling = graph()
    telling.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
    )
    runs = create_session(telling.SerializeToString(), weights)
    found = [runs.run(names, {"ids": ids}) for ids in texts]
    return {name: np.concatenate([each[n] for each in found]) for n, name in enumerate(names)}


def _centred(states: _Floats, weights: _Floats, kind: str) -> tuple[_Floats, _Floats]:
    """Return the mean of each channel, and by what to divide it: median 1."""
    mean = states.mean(axis=0)
    size = np.quantile(np.abs(states - mean), SHARE, axis=0)
    share = TOWARDS_WEIGHTS[kind]
    scale = size**share / np.abs(weights).max(axis=0) ** (1 - share)
    return mean, (scale / np.median(scale)).astype(np.float32)


def _outliers(states: _Floats, weights: _Floats) -> tuple[NDArray[np.int64], float]:
    """Return the channels to be multiplied in float32, and the size of the largest of the others.

    The first are those that weigh most. Then, one by one, the channel without which the
    largest weights of the outputs, by which these are rounded, shrink most.
    """
    sizes = np.abs(weights)
    channels = np.argsort(-np.abs(states).max(axis=0) * sizes.max(axis=0))[:LARGEST].tolist()
    while len(channels) < OUTLIERS:
        sizes[:, channels] = 0
        second, first = np.sort(sizes, axis=1)[:, -2:].T
        gains = np.zeros(sizes.shape[1])
        np.add.at(gains, sizes.argmax(axis=1), first**2 - second**2)
        channels.append(int(gains.argmax()))
    others = np.delete(states, channels, axis=1)
    return np.sort(channels), float(np.quantile(others.max(axis=1), SHARE))

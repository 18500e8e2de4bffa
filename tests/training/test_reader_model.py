from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import MPNetConfig, MPNetModel

from index.embedding.model_files import DEFAULT_MODEL_SHA256, default_model_folder
from training.reader import pretrained
from training.reader.adapters import AdaptedLinear, adapt, join_all, merged, trained_weights
from training.reader.features import Batch
from training.reader.loss import hard_loss, inside_loss, outputs_of, soft_loss
from training.reader.model import HEADS, ModelShape, Outputs, ReaderModel
from training.reader.pretrained import Start, pretrained_mpnet, vocabulary_of
from training.reader.settings import TrainSettings
from training.reader.trainer import Trainer

SHAPE = ModelShape(layers=2, width=48, heads=4, inner=64, vocabulary=40, relative_buckets=32)
WORDS = ["[PAD]", "[CLS]", "[SEP]", *(f"word{n}" for n in range(37))]
THEIRS = ["<s>", "<pad>", "</s>", "<unk>", *WORDS, "<mask>"]
LENGTH = 150


@pytest.fixture
def mpnet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MPNetModel:
    """A small MPNet as transformers makes it, saved to ``tmp_path``."""
    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=len(THEIRS), hidden_size=SHAPE.width, num_hidden_layers=SHAPE.layers,
        num_attention_heads=SHAPE.heads, intermediate_size=SHAPE.inner, layer_norm_eps=1e-5,
        max_position_embeddings=514,
    )  # fmt: skip
    model: MPNetModel = MPNetModel(config, add_pooling_layer=False)
    model.eval()  # type: ignore[no-untyped-call] # theirs
    save_file(dict(model.state_dict()), tmp_path / "model.safetensors")
    (tmp_path / "vocab.txt").write_text("\n".join(THEIRS), encoding="utf-8")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "mpnet"}))
    shape = ModelShape(
        layers=2, width=48, heads=4, inner=64, vocabulary=40, relative_buckets=32, norm_epsilon=1e-5
    )
    monkeypatch.setattr(pretrained, "MPNET_BASE", shape)
    return model


def batch_of(ids: torch.Tensor, start: int = 3, end: int = 4, verdict: int = 0) -> Batch:
    seen = torch.ones(ids.shape, dtype=torch.bool)
    places = torch.arange(ids.shape[1]).expand(ids.shape)
    inside = (places >= start) & (places <= end)
    return Batch(
        ids, seen, torch.zeros_like(ids), seen, (places == start).float(),
        (places == end).float(), torch.ones(len(ids)), inside.float(),
        torch.full((len(ids),), verdict), torch.ones(len(ids), dtype=torch.bool),
    )  # fmt: skip


def test_mpnet_computes_what_transformers_does_under_berts_numbering(
    mpnet: MPNetModel, tmp_path: Path
) -> None:
    ours = pretrained_mpnet(tmp_path, WORDS, 0.0).eval()
    ids = torch.randint(3, len(WORDS), (2, LENGTH))
    ids[:, 0], ids[:, -1] = 1, 2
    theirs = ids + 4  # after their four special tokens, and [CLS] and [SEP] are theirs
    theirs[:, 0], theirs[:, -1] = 0, 2
    seen: list[torch.Tensor] = []
    ours.layers[-1].register_forward_hook(lambda *given: seen.append(given[-1]))
    with torch.no_grad():
        ours(ids, torch.ones_like(ids), torch.zeros_like(ids))
        expected = mpnet(input_ids=theirs).last_hidden_state
    assert torch.allclose(seen[0], expected, atol=1e-5)


@pytest.mark.usefixtures("mpnet")
def test_the_folder_of_a_model_identifies_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrained, "vocabulary_of", lambda _: WORDS)
    assert Start(tmp_path).model(0.0).relative is not None
    assert Start().model(0.0).relative is None
    assert Start().sha256 == DEFAULT_MODEL_SHA256


def test_the_vocabulary_is_in_the_order_of_the_ids() -> None:
    words = vocabulary_of(default_model_folder())
    assert len(words) == ModelShape().vocabulary
    assert (words[0], words[101], words[102]) == ("[PAD]", "[CLS]", "[SEP]")


def test_a_student_that_agrees_with_the_teacher_learns_nothing_from_it() -> None:
    torch.manual_seed(0)
    batch = batch_of(torch.randint(0, 40, (3, 12)))
    model = ReaderModel(SHAPE)
    with torch.no_grad():
        taught = outputs_of(model, batch)
    loss = soft_loss(outputs_of(model, batch), taught, batch, TrainSettings())
    loss.backward()  # type: ignore[no-untyped-call] # theirs
    assert all(p.grad is None or p.grad.abs().max() < 1e-6 for p in model.parameters())


def sure_of(place: int, length: int = 6) -> torch.Tensor:
    """Return logits of two windows that point at one token alone."""
    logits = torch.full((2, length), -20.0)
    logits[:, place] = 20.0
    return logits


def test_answers_count_at_their_positions() -> None:
    batch = batch_of(torch.zeros(2, 6, dtype=torch.long), start=2, end=5, verdict=1)
    sure = torch.full((2,), 20.0)
    yes = torch.tensor([[-20.0, 20.0, -20.0]] * 2)
    inside = torch.where(batch.inside > 0, 20.0, -20.0)
    right = Outputs(sure_of(2), sure_of(5), sure, yes, inside)
    assert hard_loss(right, batch, TrainSettings()) < 1e-4
    assert hard_loss(right._replace(start=sure_of(5)), batch, TrainSettings()) > 10
    assert hard_loss(right._replace(verdict=-yes), batch, TrainSettings()) > 5
    assert hard_loss(right._replace(has_answer=-sure), batch, TrainSettings()) > 5


def test_without_a_known_span_only_the_verdict_counts() -> None:
    seen = batch_of(torch.zeros(2, 6, dtype=torch.long))
    batch = replace(seen, placed=torch.zeros(2, dtype=torch.bool))
    sure, yes = torch.full((2,), 20.0), torch.tensor([[20.0, -20.0, -20.0]] * 2)
    wrong = Outputs(sure_of(1), sure_of(1), sure, yes, sure_of(1))
    assert hard_loss(wrong, batch, TrainSettings()) < 1e-4


def test_members_count_in_the_passage_and_not_beside_it() -> None:
    spans = torch.tensor([[True, False, True, True, True, False]] * 2)
    batch = replace(batch_of(torch.zeros(2, 6, dtype=torch.long)), spans=spans)

    def loss_of(*logits: float) -> float:
        given = torch.tensor([logits] * 2).float()
        nothing = torch.zeros(2, 3)
        return float(inside_loss(Outputs(given, given, given[:, 0], nothing, given), batch))

    assert loss_of(0, 0, -20, 20, 20, 0) < 1e-4
    assert loss_of(90, 90, -20, 20, 20, 90) < 1e-4
    assert loss_of(0, 0, 20, -20, -20, 0) > 5


def adapted(frozen_layers: int = 1) -> ReaderModel:
    """Return a small model whose adapters change something."""
    torch.manual_seed(0)
    model = adapt(ReaderModel(SHAPE), 4, frozen_layers)
    for module in model.modules():
        if isinstance(module, AdaptedLinear):
            torch.nn.init.normal_(module.up, std=0.1)
    join_all(model, model)
    return model


def test_adapters_get_the_gradients_that_autograd_gives_the_joined_weights() -> None:
    model, batch = adapted(), batch_of(torch.randint(0, 40, (3, 12)))
    hard_loss(outputs_of(model, batch), batch, TrainSettings()).backward()  # type: ignore[no-untyped-call] # theirs
    found = {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    for module in model.modules():
        if isinstance(module, AdaptedLinear):
            module.forward = partial(_plainly, module)  # type: ignore[method-assign] # by autograd
    hard_loss(outputs_of(model, batch), batch, TrainSettings()).backward()  # type: ignore[no-untyped-call] # theirs
    assert {"layers.1.inner.up", "layers.1.inner.down", "layers.1.norm.weight"} <= found.keys()
    for name, gradient in found.items():
        assert torch.allclose(model.get_parameter(name).grad, gradient, atol=1e-6), name  # type: ignore[arg-type] # not None


def _plainly(layer: AdaptedLinear, hidden: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.linear(hidden, layer.joined_weight(), layer.bias)


def test_only_adapters_and_heads_above_the_frozen_layers_are_trained() -> None:
    names = set(trained_weights(adapted()))
    assert names
    assert all(name.startswith(("layers.1.", *HEADS)) for name in names)
    assert not {"layers.1.inner.weight", "words.weight", "relative.weight"} & names


def test_a_merged_model_computes_what_the_adapted_one_does() -> None:
    model, ids = adapted(), torch.randint(0, 40, (2, 9))
    given = (ids, torch.ones_like(ids), torch.zeros_like(ids))
    for ours, theirs in zip(model(*given), merged(model)(*given), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-5)


def test_adapters_learn_while_the_rest_stays() -> None:
    model = adapted()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    trainer = Trainer(model, TrainSettings(rank=4, frozen_layers=1, warm_up=1))
    batch = batch_of(torch.randint(0, 40, (4, 16)))
    losses = [trainer.learn(batch) for _ in range(20)]
    assert losses[-1] < losses[0]
    changed = {n for n, t in model.state_dict().items() if not torch.equal(t, before[n])}
    assert changed <= set(trained_weights(model))


@pytest.mark.parametrize("teacher", [None, ReaderModel(SHAPE)])
def test_fewer_bits_in_between_lead_to_nearly_the_same_weights(
    teacher: ReaderModel | None,
) -> None:
    batches = [batch_of(torch.randint(0, 40, (4, 16))) for _ in range(3)]
    found = []
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(0)
        trainer = Trainer(ReaderModel(SHAPE), TrainSettings(precision=precision), teacher)
        losses = [trainer.learn(batch) for batch in batches]
        assert all(p.dtype == torch.float32 for p in trainer.averaged.values())
        found.append((losses, torch.cat([p.flatten() for p in trainer.model.parameters()])))
    (exact, whole), (rounded, coarse) = found
    assert exact == pytest.approx(rounded, rel=0.02)
    assert torch.nn.functional.cosine_similarity(whole, coarse, dim=0) > 0.999

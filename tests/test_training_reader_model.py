from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import MPNetConfig, MPNetModel

from index.model_files import DEFAULT_MODEL_SHA256, default_model_folder
from training.reader import pretrained
from training.reader.features import Batch
from training.reader.loss import hard_loss, outputs_of, rank_loss, sentence_loss, soft_loss
from training.reader.model import ModelShape, Outputs, ReaderModel
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


def batch_of(ids: torch.Tensor, start: int = 3, end: int = 4) -> Batch:
    seen = torch.ones(ids.shape, dtype=torch.bool)
    rows = len(ids)
    return Batch(
        ids, seen, torch.zeros_like(ids), seen, torch.full((rows,), start),
        torch.full((rows,), end), torch.ones(rows), seen & False,
        torch.zeros(0, rows, dtype=torch.bool),
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
def test_the_folder_of_a_model_says_which_it_is(
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
    loss = soft_loss(outputs_of(model, batch), taught, 0.5, 2.0)
    loss.backward()  # type: ignore[no-untyped-call] # theirs
    assert all(p.grad is None or p.grad.abs().max() < 1e-6 for p in model.parameters())


def test_the_answers_count_where_they_are() -> None:
    batch = batch_of(torch.zeros(2, 6, dtype=torch.long), start=2, end=5)
    right = torch.full((2, 6), -20.0)
    right[:, 2] = 20.0
    end = torch.full((2, 6), -20.0)
    end[:, 5] = 20.0
    sure = torch.full((2,), 20.0)
    assert hard_loss(Outputs(right, end, sure), batch, 0.5) < 1e-4
    assert hard_loss(Outputs(end, right, sure), batch, 0.5) > 10


def test_a_passage_with_the_answer_comes_before_its_rivals_but_no_others() -> None:
    # Windows 0 and 1 are of one group, 2 and 3 have none.
    groups = torch.tensor([[True, True, False, False]])
    start = torch.tensor([4, 0, 0, 0])
    has_answer = (start > 0).float()
    ids = torch.zeros(4, 6, dtype=torch.long)
    batch = replace(batch_of(ids), start=start, end=start, has_answer=has_answer, groups=groups)

    def loss_at(*peaks: float) -> float:
        """Each window is as sure as its peak says that the answer is at 4."""
        logits = torch.zeros(4, 6)
        logits[:, 1:] = -20.0
        logits[:, 4] = torch.tensor(peaks)
        return float(rank_loss(Outputs(logits, logits, torch.tensor(peaks)), batch, 0.5))

    assert loss_at(9.0, -9.0, 0.0, 0.0) < 1e-3
    assert loss_at(-9.0, 9.0, 0.0, 0.0) > 10
    assert loss_at(9.0, -9.0, 30.0, 30.0) == loss_at(9.0, -9.0, 0.0, 0.0)
    # What counts is how much likelier than "no answer" it is in its own window.
    both = torch.tensor([1.0, 1.0, 0.0, 0.0])
    logits = torch.zeros(4, 6)
    logits[:, 4] = both
    shifted = logits + torch.tensor([[50.0], [0.0], [0.0], [0.0]])
    losses = [rank_loss(Outputs(some, some, both), batch, 0.5) for some in (logits, shifted)]
    assert torch.allclose(losses[0], losses[1], atol=1e-4)
    alone = replace(batch, groups=groups & False)
    assert rank_loss(Outputs(logits, logits, both), alone, 0.5) == 0


def test_a_sentence_counts_where_it_is_and_not_beside_the_passage() -> None:
    spans = torch.tensor([[True, False, True, True, True, False]])
    sentence = torch.tensor([[False, False, False, True, True, False]])
    seen = batch_of(torch.zeros(1, 6, dtype=torch.long))
    batch = replace(seen, spans=spans, sentence=sentence)

    def loss_of(*logits: float) -> float:
        given = torch.tensor([logits]).float()
        return float(sentence_loss(Outputs(given, given, given[:, 0], given), batch))

    assert loss_of(0, 0, -20, 20, 20, 0) < 1e-4
    assert loss_of(90, 90, -20, 20, 20, 90) < 1e-4
    assert loss_of(0, 0, 20, -20, -20, 0) > 10


@pytest.mark.parametrize("teacher", [None, ReaderModel(SHAPE)])
def test_fewer_bits_in_between_lead_to_nearly_the_same_weights(
    teacher: ReaderModel | None,
) -> None:
    batches = [batch_of(torch.randint(0, 40, (4, 16))) for _ in range(3)]
    found = []
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(0)
        trainer = Trainer(ReaderModel(SHAPE), TrainSettings(precision=precision), 10, teacher)
        losses = [trainer.learn(batch) for batch in batches]
        assert all(p.dtype == torch.float32 for p in trainer.averaged.parameters())
        found.append((losses, torch.cat([p.flatten() for p in trainer.model.parameters()])))
    (exact, whole), (rounded, coarse) = found
    assert exact == pytest.approx(rounded, rel=0.02)
    assert torch.nn.functional.cosine_similarity(whole, coarse, dim=0) > 0.999

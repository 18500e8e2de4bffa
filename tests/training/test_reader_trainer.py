from __future__ import annotations

from pathlib import Path

import pytest
import torch

from index.errors import InputError
from tests.reader_toys import toy_articles, toy_maker
from training.reader.epoch import EpochData, Mixture, epoch_examples
from training.reader.features import Window, batches
from training.reader.heldout import Read, Sample, SampleSizes, draw_sample, figures, read_examples
from training.reader.model import ModelShape, ReaderModel
from training.reader.saving import (
    load_batches,
    load_checkpoint,
    save_batches,
    save_checkpoint,
    write_whole,
)
from training.reader.settings import TrainSettings, rate_at
from training.reader.trainer import Trainer

pytestmark = pytest.mark.slow
STEPS = 30
SHAPE = ModelShape(layers=1, width=16, heads=2, inner=32)
SETTINGS = TrainSettings(steps=STEPS, learning_rate=0.01, batch_tokens=512, warm_up=3)


@pytest.fixture(scope="module")
def toy_batches(tmp_path_factory: pytest.TempPathFactory) -> list[list[Window]]:
    articles = toy_articles(tmp_path_factory.mktemp("train"))
    windows = list(toy_maker().windows(epoch_examples(EpochData(articles), Mixture(), 0, 0)))
    found = batches(windows, 512, 0, 0)
    return [found[step % len(found)] for step in range(STEPS)]


def toy_trainer() -> Trainer:
    torch.manual_seed(SETTINGS.seed)
    return Trainer(ReaderModel(SHAPE, SETTINGS.dropout), SETTINGS)


def test_a_resumed_run_has_the_losses_of_an_uninterrupted_one_bit_for_bit(
    toy_batches: list[list[Window]], tmp_path: Path
) -> None:
    whole = toy_trainer()
    expected = [whole.take_step(batch) for batch in toy_batches]

    before = toy_trainer()
    losses = [before.take_step(batch) for batch in toy_batches[:7]]
    save_checkpoint(tmp_path / "checkpoint.pt", before.state())
    torch.manual_seed(99)
    after = Trainer(ReaderModel(SHAPE, SETTINGS.dropout), SETTINGS)
    after.restore(load_checkpoint(tmp_path / "checkpoint.pt"))
    losses += [after.take_step(batch) for batch in toy_batches[after.step :]]

    assert losses == expected
    assert all(torch.equal(after.averaged[name], whole.averaged[name]) for name in whole.averaged)


def test_the_loss_falls_on_a_batch_that_is_seen_again_and_again(
    toy_batches: list[list[Window]],
) -> None:
    trainer = toy_trainer()
    losses = [trainer.take_step(toy_batches[0]) for _ in range(STEPS)]
    assert losses[-1] < losses[0] / 2


def test_batches_of_an_epoch_are_stored_exactly(
    toy_batches: list[list[Window]], tmp_path: Path
) -> None:
    save_batches(tmp_path / "epoch-0.npz", toy_batches)
    assert load_batches(tmp_path / "epoch-0.npz") == toy_batches


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"step": 1})

    def cut(_: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, cut)
    assert load_checkpoint(path) == {"step": 1}


def test_the_learning_rate_rises_and_then_stays() -> None:
    settings = TrainSettings(learning_rate=1.0, warm_up=10)
    rates = [rate_at(step, settings) for step in range(100)]
    assert rates[:10] == sorted(set(rates[:10]))
    assert set(rates[9:]) == {1.0}


def test_the_learning_rate_falls_to_zero_in_the_last_steps_if_set() -> None:
    settings = TrainSettings(learning_rate=1.0, warm_up=10, steps=100, decay=20)
    rates = [rate_at(step, settings) for step in range(100)]
    assert set(rates[10:80]) == {1.0}
    assert rates[80:] == sorted(set(rates[80:]), reverse=True)
    assert rates[-1] == 0


def test_settings_survive_the_checkpoint_and_others_are_refused() -> None:
    assert TrainSettings.from_dict(SETTINGS.to_dict()) == SETTINGS
    with pytest.raises(InputError, match=r"learning_rate was 0\.01"):
        TrainSettings(steps=STEPS, batch_tokens=512, warm_up=3).check_same(SETTINGS)


def test_the_held_out_sample_is_the_same_each_time_and_gives_every_figure(
    tmp_path: Path,
) -> None:
    articles = toy_articles(tmp_path)
    sizes = SampleSizes(rivals=1)
    sample = draw_sample(articles, sizes)
    assert sample == draw_sample(articles, sizes)
    roles = {role.partition(":")[0] for role in sample.roles}
    assert roles == {"answerable", "squad2", "genuine", "off_topic", "order", "kind"}
    found = figures(ReaderModel(SHAPE).logits, sample, toy_maker())
    assert {"answerable_f1", "genuine_auroc", "off_topic_auroc", "reorder"} <= found.keys()
    assert {"yes_no_right", "both_members_f1", "interview_f1", "key_words_f1"} <= found.keys()
    assert all(0 <= value <= 1 for value in found.values())


def test_predictions_are_words_of_the_passage(tmp_path: Path) -> None:
    sample: Sample = draw_sample(toy_articles(tmp_path), SampleSizes(rivals=1))
    reads: list[Read] = read_examples(
        ReaderModel(SHAPE).logits, sample.examples, toy_maker(100, 12)
    )
    for example, read in zip(sample.examples, reads, strict=True):
        assert read.text
        assert read.text in example.passage

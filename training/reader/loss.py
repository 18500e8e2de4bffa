"""What a training step makes smaller: the distance from the answers, and from a teacher."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.reader.features import Batch
from training.reader.model import Outputs
from training.reader.settings import TrainSettings

_NOT_A_SPAN = -1e4


def outputs_of(model: nn.Module, batch: Batch) -> Outputs:
    """Return the float32 logits of ``batch``, low where no span may begin or end."""
    found = model(batch.ids, batch.attention, batch.types)
    return Outputs(
        found.start.float().masked_fill(~batch.spans, _NOT_A_SPAN),
        found.end.float().masked_fill(~batch.spans, _NOT_A_SPAN),
        found.has_answer.float(),
        None if found.sentence is None else found.sentence.float(),
    )


def hard_loss(outputs: Outputs, batch: Batch, has_answer_weight: float) -> Tensor:
    """Return the mean over start and end of their cross entropy, plus that of the answer."""
    place = functional.cross_entropy(outputs.start, batch.start)
    place = place + functional.cross_entropy(outputs.end, batch.end)
    presence = functional.binary_cross_entropy_with_logits(outputs.has_answer, batch.has_answer)
    return place / 2 + has_answer_weight * presence


def sentence_loss(outputs: Outputs, batch: Batch) -> Tensor:
    """Return the mean cross entropy of "in the sentence with the answer", over the passages."""
    assert outputs.sentence is not None, "the model has no head for sentences"
    passage = batch.spans.clone()
    passage[:, 0] = False
    return functional.binary_cross_entropy_with_logits(
        outputs.sentence[passage], batch.sentence[passage].float()
    )


def rank_loss(outputs: Outputs, batch: Batch, has_answer_weight: float) -> Tensor:
    """Return how far passages with the answer are from standing before their rivals.

    The shared normalisation of Clark and Gardner (2018): one distribution over the tokens
    of all windows of a group, each measured against "no answer" in its own window.
    """
    start, end, has_answer, _ = outputs
    right = batch.has_answer.bool()
    contested = ((batch.groups & right).any(1)) & ((batch.groups & ~right).any(1))
    groups = batch.groups[contested]
    if not len(groups):
        return has_answer.new_zeros(())
    rows = torch.arange(len(right))
    losses = []
    for logits, gold in ((start, batch.start), (end, batch.end)):
        margins = logits[:, 1:] - logits[:, :1]
        found = margins[rows, (gold - 1).clamp(min=0)]
        losses.append(_shared(margins.logsumexp(-1), found, groups, right))
    presence = _shared(has_answer, has_answer, groups, right)
    return (losses[0] + losses[1]) / 2 + has_answer_weight * presence


def _shared(every: Tensor, gold: Tensor, groups: Tensor, right: Tensor) -> Tensor:
    """Return the mean cross entropy over groups of windows ``(groups, n)``.

    Args:
        every: Of each window, the logarithm of its part in the sum of its group.
        gold: Of each window, that of what is right in it, if anything is.
        groups: Which windows are of which group.
        right: Which windows hold the answer.
    """
    nothing = -torch.inf
    total = every.expand_as(groups).masked_fill(~groups, nothing).logsumexp(-1)
    wanted = gold.expand_as(groups).masked_fill(~(groups & right), nothing).logsumexp(-1)
    return (total - wanted).mean()


def soft_loss(
    outputs: Outputs, taught: Outputs, has_answer_weight: float, temperature: float
) -> Tensor:
    """Return how far the distributions are from the teacher's (Hinton et al. 2015)."""
    places = [
        functional.kl_div(
            (ours / temperature).log_softmax(-1),
            (theirs / temperature).log_softmax(-1),
            reduction="batchmean",
            log_target=True,
        )
        for ours, theirs in ((outputs.start, taught.start), (outputs.end, taught.end))
    ]
    presence = functional.binary_cross_entropy_with_logits(
        outputs.has_answer, taught.has_answer.sigmoid()
    )
    return temperature**2 * (places[0] + places[1]) / 2 + has_answer_weight * presence


def loss_of(
    model: nn.Module, batch: Batch, settings: TrainSettings, teacher: nn.Module | None
) -> Tensor:
    """Return the loss on ``batch``: of the answers, what counts beside, and the teacher."""
    outputs = outputs_of(model, batch)
    weight = settings.has_answer_weight
    hard = hard_loss(outputs, batch, weight)
    beside: Tensor | float = 0.0
    if settings.rank_weight:
        beside = beside + settings.rank_weight * rank_loss(outputs, batch, weight)
    if settings.sentence_weight:
        beside = beside + settings.sentence_weight * sentence_loss(outputs, batch)
    if teacher is None:
        return hard + beside
    with torch.inference_mode():
        taught = outputs_of(teacher, batch)
    soft = soft_loss(outputs, taught, weight, settings.temperature)
    return (1 - settings.taught) * hard + settings.taught * soft + beside

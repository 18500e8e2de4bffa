"""What a training step makes smaller: the distance from the answers, and from a teacher."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from bench.reader.features import Batch
from bench.reader.settings import TrainSettings

Outputs: TypeAlias = tuple[Tensor, Tensor, Tensor]
"""float32 logits of start and end ``(n, length)``, and of an answer ``(n,)``."""

_NOT_A_SPAN = -1e4


def outputs_of(model: nn.Module, batch: Batch) -> Outputs:
    """Return the logits of ``batch``, low where no span may begin or end."""
    start, end, has_answer = model(batch.ids, batch.attention, batch.types)
    return (
        start.float().masked_fill(~batch.spans, _NOT_A_SPAN),
        end.float().masked_fill(~batch.spans, _NOT_A_SPAN),
        has_answer.float(),
    )


def hard_loss(outputs: Outputs, batch: Batch, has_answer_weight: float) -> Tensor:
    """Return the mean over start and end of their cross entropy, plus that of the answer."""
    start, end, has_answer = outputs
    place = functional.cross_entropy(start, batch.start) + functional.cross_entropy(end, batch.end)
    presence = functional.binary_cross_entropy_with_logits(has_answer, batch.has_answer)
    return place / 2 + has_answer_weight * presence


def rank_loss(outputs: Outputs, batch: Batch, has_answer_weight: float) -> Tensor:
    """Return how far passages with the answer are from standing before their rivals.

    The shared normalisation of Clark and Gardner (2018): one distribution over the tokens
    of all windows of a group, each measured against "no answer" in its own window.
    """
    start, end, has_answer = outputs
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
        for ours, theirs in zip(outputs[:2], taught[:2], strict=True)
    ]
    presence = functional.binary_cross_entropy_with_logits(outputs[2], taught[2].sigmoid())
    return temperature**2 * (places[0] + places[1]) / 2 + has_answer_weight * presence


def loss_of(
    model: nn.Module, batch: Batch, settings: TrainSettings, teacher: nn.Module | None
) -> Tensor:
    """Return the loss on ``batch``: of the answers, their order, and the teacher's opinion."""
    outputs = outputs_of(model, batch)
    weight = settings.has_answer_weight
    hard = hard_loss(outputs, batch, weight)
    order: Tensor | float = 0.0
    if settings.rank_weight:
        order = settings.rank_weight * rank_loss(outputs, batch, weight)
    if teacher is None:
        return hard + order
    with torch.inference_mode():
        taught = outputs_of(teacher, batch)
    soft = soft_loss(outputs, taught, weight, settings.temperature)
    return (1 - settings.taught) * hard + settings.taught * soft + order

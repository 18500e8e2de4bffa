"""Compute the loss of a training step from the answers and from a teacher."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.reader.features import Batch
from training.reader.model import Outputs
from training.reader.settings import TrainSettings

_NOT_A_SPAN = -1e4
_INSIDE_OFFSET = 8.0
"""Tokens; a member's tokens count the less the more there are, but not a lone one eightfold."""


def outputs_of(model: nn.Module, batch: Batch) -> Outputs:
    """Return the float32 logits of ``batch``, low where no span may begin or end."""
    found: Outputs = model(batch.ids, batch.attention, batch.types)
    return Outputs(
        found.start.float().masked_fill(~batch.spans, _NOT_A_SPAN),
        found.end.float().masked_fill(~batch.spans, _NOT_A_SPAN),
        found.has_answer.float(),
        found.verdict.float(),
        found.inside.float(),
    )


def hard_loss(outputs: Outputs, batch: Batch, settings: TrainSettings) -> Tensor:
    """Return the loss on the answers: span, answerability, verdict and members."""
    presence = functional.binary_cross_entropy_with_logits(outputs.has_answer, batch.has_answer)
    verdict = functional.cross_entropy(outputs.verdict, batch.verdict, reduction="none")
    return (
        place_loss(outputs, batch)
        + settings.has_answer_weight * presence
        + settings.verdict_weight * (verdict * batch.has_answer).mean()
        + settings.inside_weight * inside_loss(outputs, batch)
    )


def place_loss(outputs: Outputs, batch: Batch) -> Tensor:
    """Return the mean cross entropy of start and end, for windows whose span is known."""
    start = -(batch.start * outputs.start.log_softmax(-1)).sum(-1)
    end = -(batch.end * outputs.end.log_softmax(-1)).sum(-1)
    return _mean_of(start + end, batch.placed) / 2


def inside_loss(outputs: Outputs, batch: Batch) -> Tensor:
    """Return the cross entropy of "in a member of the answer", summed over the passage.

    It is divided by about the number of tokens inside, because dividing by all tokens would make
    the few that matter negligible.
    """
    passage = batch.spans.clone()
    passage[:, 0] = False
    each = functional.binary_cross_entropy_with_logits(
        outputs.inside, batch.inside, reduction="none"
    )
    summed = (each * passage).sum(-1) / (batch.inside.sum(-1) + _INSIDE_OFFSET)
    return _mean_of(summed, batch.placed)


def soft_loss(outputs: Outputs, taught: Outputs, batch: Batch, settings: TrainSettings) -> Tensor:
    """Return the divergence from the teacher's distributions (Hinton et al. 2015)."""
    temperature = settings.temperature
    places = [
        _divergence(ours / temperature, theirs / temperature)
        for ours, theirs in ((outputs.start, taught.start), (outputs.end, taught.end))
    ]
    presence = functional.binary_cross_entropy_with_logits(
        outputs.has_answer, taught.has_answer.sigmoid()
    )
    inside = inside_loss(outputs, _believed(batch, taught))
    return (
        temperature**2 * (places[0] + places[1]) / 2
        + settings.has_answer_weight * presence
        + settings.verdict_weight * _divergence(outputs.verdict, taught.verdict)
        + settings.inside_weight * inside
    )


def loss_of(
    model: nn.Module, batch: Batch, settings: TrainSettings, teacher: nn.Module | None
) -> Tensor:
    """Return the loss on ``batch`` from the answers, and from the teacher if there is one."""
    outputs = outputs_of(model, batch)
    hard = hard_loss(outputs, batch, settings)
    if teacher is None:
        return hard
    with torch.inference_mode():
        taught = outputs_of(teacher, batch)
    soft = soft_loss(outputs, taught, batch, settings)
    return (1 - settings.taught) * hard + settings.taught * soft


def _believed(batch: Batch, taught: Outputs) -> Batch:
    """Return the batch with the members that the teacher predicts confidently."""
    everywhere = torch.ones_like(batch.placed)
    return replace(batch, inside=taught.inside.sigmoid() * batch.spans, placed=everywhere)


def _divergence(ours: Tensor, theirs: Tensor) -> Tensor:
    return functional.kl_div(
        ours.log_softmax(-1), theirs.log_softmax(-1), reduction="batchmean", log_target=True
    )


def _mean_of(values: Tensor, chosen: Tensor) -> Tensor:
    """Return the mean of the chosen values, 0 if there are none."""
    return (values * chosen).sum() / chosen.sum().clamp(min=1)

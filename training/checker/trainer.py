"""Take training steps with the checking model, its averaged weights and an optimizer."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.checker.features import ClaimBatch
from training.checker.model import CheckerModel
from training.checker.settings import CheckerSettings
from training.reader.adapters import trained_weights
from training.reader.settings import rate_at
from training.reader.trainer import trained_parameters

_OFFSET = 8.0
"""Tokens; a wrong word counts the less the more there are, but not a lone one eightfold."""
_CHECKER_HEADS = ("relation.", "unsupported.")


class CheckerTrainer:
    """Takes steps, and can be stopped and resumed after any of them.

    Args:
        model: The model, trained in place.
        settings: The schedule.
    """

    def __init__(self, model: CheckerModel, settings: CheckerSettings) -> None:
        self.model = model.train()
        self.averaged = {name: p.clone() for name, p in trained_weights(model).items()}
        """The averages of the trained weights."""
        self.step = 0
        """The number of steps taken."""
        self._settings = settings
        self._optimizer = _optimizer(model, settings)
        # Computation uses a copy of lower precision, whose gradients update the model itself.
        self._working = copy.deepcopy(model).to(getattr(torch, settings.precision))

    def learn(self, batch: ClaimBatch) -> float:
        """Train on one batch and return its loss."""
        rate = rate_at(self.step, self._settings)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        loss = loss_of(self._working, batch, self._settings)
        loss.backward()  # type: ignore[no-untyped-call] # theirs
        ours = trained_parameters(self.model)
        for parameter, computed in zip(ours, trained_parameters(self._working), strict=True):
            parameter.grad = None if computed.grad is None else computed.grad.float()
            computed.grad = None
        nn.utils.clip_grad_norm_(ours, self._settings.clip)
        self._optimizer.step()
        self.step += 1
        self._give_weights()
        kept = min(self._settings.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, current in trained_weights(self.model).items():
                self.averaged[name].lerp_(current, 1 - kept)
        return loss.item()

    def averaged_model(self) -> CheckerModel:
        """Return a model with the averaged weights, in the precision of the run."""
        model = copy.deepcopy(self.model)
        model.load_state_dict(self.averaged, strict=False)
        return model.to(getattr(torch, self._settings.precision)).eval()

    def state(self) -> dict[str, Any]:
        """Return all that :meth:`restore` needs, including the state of the random numbers."""
        return {
            "step": self.step,
            "model": trained_weights(self.model),
            "averaged": self.averaged,
            "optimizer": self._optimizer.state_dict(),
            "rng": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from ``state`` as if there had been no interruption."""
        self.step = state["step"]
        self.model.load_state_dict(state["model"], strict=False)
        self.averaged = dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
        self._give_weights()

    def _give_weights(self) -> None:
        with torch.no_grad():
            for ours, theirs in zip(
                trained_parameters(self.model), trained_parameters(self._working), strict=True
            ):
                theirs.copy_(ours)


def loss_of(model: nn.Module, batch: ClaimBatch, settings: CheckerSettings) -> Tensor:
    """Return the loss on ``batch``: of the relation, and of the words without support."""
    relation: Tensor
    words: Tensor
    relation, words = model(batch.ids, batch.attention, batch.types)
    likely = relation.float().log_softmax(-1).masked_fill(~batch.relations, -torch.inf)
    each = functional.binary_cross_entropy_with_logits(
        words.float(), batch.unsupported, reduction="none"
    )
    labelled = batch.labelled.float()
    # Dividing by all tokens would make the few that matter negligible.
    by_window = (each * labelled).sum(-1) / (batch.unsupported.sum(-1) + _OFFSET)
    known = labelled.amax(-1).sum().clamp(min=1)
    return -likely.logsumexp(-1).mean() + settings.words_weight * by_window.sum() / known


def _optimizer(model: CheckerModel, settings: CheckerSettings) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov and Hutter 2019); biases and norms are not decayed."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            decay = settings.weight_decay if parameter.ndim > 1 else 0.0
            factor = settings.head_rate if name.startswith(_CHECKER_HEADS) else 1.0
            groups.setdefault((decay, factor), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "weight_decay": decay, "factor": factor}
            for (decay, factor), parameters in groups.items()
        ],
        lr=settings.learning_rate,
        fused=True,
    )

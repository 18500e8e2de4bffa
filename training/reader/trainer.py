"""Take training steps with a model, its averaged weights and an optimizer."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from training.reader.adapters import join_all, merged, trained_weights
from training.reader.features import Batch, Window, collate
from training.reader.loss import loss_of
from training.reader.model import HEADS, ReaderModel
from training.reader.settings import TrainSettings, rate_at


class Trainer:
    """Takes steps, and can be stopped and resumed after any of them.

    Args:
        model: The model, trained in place; with adapters (see ``adapt``), only these are trained.
        settings: The schedule.
        teacher: A model to learn from besides the answers; see ``settings.taught``.
        device: ``cpu`` or ``cuda``.
    """

    def __init__(
        self,
        model: ReaderModel,
        settings: TrainSettings,
        teacher: ReaderModel | None = None,
        device: str = "cpu",
    ) -> None:
        self.model = model.to(device).train()
        self.averaged = {n: p.clone() for n, p in trained_weights(self.model).items()}
        """The averages of the trained weights."""
        self.step = 0
        """The number of steps taken."""
        self._settings, self._device = settings, device
        self._optimizer = _optimizer(self.model, settings)
        self._dtype = getattr(torch, settings.precision)
        is_exact = self._dtype == torch.float32
        # Computation uses a copy of lower precision, whose gradients update the model itself.
        self._working = self.model if is_exact else copy.deepcopy(self.model).to(self._dtype)
        self._teacher = teacher.to(device, self._dtype).eval() if teacher else None
        self._give_weights()

    def take_step(self, windows: Sequence[Window]) -> float:
        """Train on some windows and return their loss."""
        return self.learn(collate(windows))

    def learn(self, batch: Batch) -> float:
        """Train on one batch and return its loss."""
        rate = rate_at(self.step, self._settings)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        loss = loss_of(self._working, batch.to(self._device), self._settings, self._teacher)
        loss.backward()  # type: ignore[no-untyped-call] # theirs
        self._take_gradients()
        nn.utils.clip_grad_norm_(trained_parameters(self.model), self._settings.clip)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.step += 1
        self._give_weights()
        self._average()
        return loss.item()

    def averaged_model(self) -> ReaderModel:
        """Return a model with the averaged weights, in the precision of the run."""
        model = copy.deepcopy(self.model)
        model.load_state_dict(self.averaged, strict=False)
        return merged(model).to(self._device, self._dtype).eval()

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
        self.averaged = {n: p.to(self._device) for n, p in state["averaged"].items()}
        self._optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
        self._give_weights()

    def _take_gradients(self) -> None:
        if self._working is self.model:
            return
        computed = trained_parameters(self._working)
        for ours, theirs in zip(trained_parameters(self.model), computed, strict=True):
            ours.grad = None if theirs.grad is None else theirs.grad.float()
            theirs.grad = None

    def _give_weights(self) -> None:
        join_all(self.model, self._working)
        if self._working is self.model:
            return
        computed = trained_parameters(self._working)
        with torch.no_grad():
            for ours, theirs in zip(trained_parameters(self.model), computed, strict=True):
                theirs.copy_(ours)

    def _average(self) -> None:
        """Move the averaged weights towards the model's; faster at first."""
        kept = min(self._settings.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, current in trained_weights(self.model).items():
                self.averaged[name].lerp_(current, 1 - kept)


def trained_parameters(model: nn.Module) -> list[nn.Parameter]:
    """Return the parameters that training changes."""
    return [parameter for parameter in model.parameters() if parameter.requires_grad]


def _optimizer(model: ReaderModel, settings: TrainSettings) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov and Hutter 2019); biases and norms are not decayed."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        decay = settings.weight_decay if parameter.ndim > 1 else 0.0
        factor = settings.norm_rate if parameter.ndim == 1 else 1.0
        factor = settings.head_rate if name.startswith(HEADS) else factor
        groups.setdefault((decay, factor), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "weight_decay": decay, "factor": factor}
            for (decay, factor), parameters in groups.items()
        ],
        lr=settings.learning_rate,
        fused=True,
    )

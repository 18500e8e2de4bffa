"""Model, averaged weights and optimizer of a run: one step at a time, saved and resumed."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from training.reader.features import Batch, Window, collate
from training.reader.loss import loss_of
from training.reader.model import HEADS, ReaderModel
from training.reader.settings import TrainSettings, rate_at


class Trainer:
    """Takes steps, and can be stopped and gone on with after any of them.

    Args:
        model: What is trained, in place.
        settings: The schedule.
        steps: Planned steps: the learning rate is 0 after them.
        teacher: Whose opinion counts beside the answers; see ``settings.taught``.
    """

    def __init__(
        self,
        model: ReaderModel,
        settings: TrainSettings,
        steps: int,
        teacher: ReaderModel | None = None,
    ) -> None:
        self.model, self.steps = model.train(), steps
        self.averaged = copy.deepcopy(model).eval().requires_grad_(requires_grad=False)
        self.step = 0
        """Steps taken."""
        self._settings = settings
        self._optimizer = _optimizer(model, settings)
        dtype = getattr(torch, settings.precision)
        # What is computed with: a copy in fewer bits, whose gradients move the model itself.
        self._working = model if dtype == torch.float32 else copy.deepcopy(model).to(dtype)
        self._teacher = teacher.to(dtype).eval() if teacher else None

    def take_step(self, windows: Sequence[Window]) -> float:
        """Learn from some windows and return their loss."""
        return self.learn(collate(windows))

    def learn(self, batch: Batch) -> float:
        """Learn from one batch and return its loss."""
        rate = rate_at(self.step, self.steps, self._settings)
        for group in self._optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        loss = loss_of(self._working, batch, self._settings, self._teacher)
        loss.backward()  # type: ignore[no-untyped-call] # theirs
        self._take_gradients()
        nn.utils.clip_grad_norm_(self.model.parameters(), self._settings.clip)
        self._optimizer.step()
        self._optimizer.zero_grad()
        self.step += 1
        self._give_weights()
        self._average()
        return loss.item()

    def state(self) -> dict[str, Any]:
        """Return all that :meth:`restore` needs, the state of the random numbers included."""
        return {
            "step": self.step,
            "steps": self.steps,
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "rng": torch.get_rng_state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from ``state`` as if there had been no interruption."""
        self.step, self.steps = state["step"], state["steps"]
        self.model.load_state_dict(state["model"])
        self.averaged.load_state_dict(state["averaged"])
        self._optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
        self._give_weights()

    def _take_gradients(self) -> None:
        if self._working is self.model:
            return
        pairs = zip(self.model.parameters(), self._working.parameters(), strict=True)
        for ours, computed in pairs:
            ours.grad = None if computed.grad is None else computed.grad.float()
            computed.grad = None

    def _give_weights(self) -> None:
        if self._working is self.model:
            return
        pairs = zip(self.model.parameters(), self._working.parameters(), strict=True)
        with torch.no_grad():
            for ours, computed in pairs:
                computed.copy_(ours)

    def _average(self) -> None:
        """Move the averaged weights towards the model's; faster at first, as they start raw."""
        kept = min(self._settings.average, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            pairs = zip(self.averaged.parameters(), self.model.parameters(), strict=True)
            for average, current in pairs:
                average.lerp_(current, 1 - kept)


def _optimizer(model: ReaderModel, settings: TrainSettings) -> torch.optim.AdamW:
    """Return AdamW (Loshchilov and Hutter 2019); biases and norms are not decayed."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        decay = settings.weight_decay if parameter.ndim > 1 else 0.0
        is_head = name.startswith(HEADS)
        groups.setdefault((decay, settings.head_rate if is_head else 1.0), []).append(parameter)
    return torch.optim.AdamW(
        [
            {"params": parameters, "weight_decay": decay, "factor": factor}
            for (decay, factor), parameters in groups.items()
        ],
        lr=settings.learning_rate,
        fused=True,
    )

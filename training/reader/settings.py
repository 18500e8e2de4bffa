"""Define the settings of a training run, which stay the same when it is resumed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, Self

from index.errors import InputError
from training.reader.epoch import Mixture

PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """The settings of one schedule, which may take several sessions.

    The learning rate rises for ``warm_up`` steps and then stays constant, so that a run can
    continue for as long as there is time; over the last ``decay`` steps it falls to zero (warm-up,
    stable, decay: Hu et al. 2024).
    """

    seed: int = 0
    steps: int = 1_000_000
    """The number of steps of the run."""
    learning_rate: float = 1.5e-4
    """The rate at the end of the warm-up."""
    head_rate: float = 3.0
    """Factor of the learning rate of the random heads."""
    norm_rate: float = 1.0
    """Factor of the learning rate of norms and biases."""
    warm_up: int = 100
    """Steps."""
    decay: int = 0
    """The number of steps at the end in which the rate falls, as 1 - sqrt of their share."""
    batch_tokens: int = 4096
    weight_decay: float = 0.01
    clip: float = 1.0
    """The largest norm of the gradient."""
    dropout: float = 0.0
    rank: int = 0
    """The rank of the adapters; 0 to train all weights."""
    frozen_layers: int = 0
    """The number of lowest layers without adapters."""
    has_answer_weight: float = 0.5
    """Weight of the loss of answerability, relative to that of the span."""
    verdict_weight: float = 0.5
    """Weight of the loss of the verdict."""
    inside_weight: float = 0.3
    """Weight of the loss of the members."""
    average: float = 0.998
    """Decay of the averaged weights per step."""
    precision: str = "float32"
    """Precision of the computation, one of PRECISIONS; the weights are always float32."""
    teacher: str | None = None
    """SHA-256 of the teacher's checkpoint; None without one."""
    taught: float = 0.6
    """Weight of the teacher's loss, relative to that of the answers."""
    temperature: float = 2.0
    """Temperature that softens the teacher's distributions."""
    mixture: Mixture = field(default_factory=Mixture)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the settings that :meth:`to_dict` was made from."""
        return cls(**{**data, "mixture": Mixture(**data["mixture"])})

    def check_same(self, stored: Self) -> None:
        """Raise an error unless a run with ``stored`` settings may be resumed with these.

        Raises:
            InputError: A setting differs; the message names it.
        """
        check_same_settings(self.to_dict(), stored.to_dict())


def check_same_settings(mine: dict[str, Any], stored: dict[str, Any]) -> None:
    """Raise InputError, which names what differs, unless the settings of a run are the same."""
    changed = [f"{name} was {stored[name]}" for name in mine if mine[name] != stored[name]]
    if changed:
        msg = f"The run in this folder has other settings: {', '.join(changed)}. Use another."
        raise InputError(msg)


class Schedule(Protocol):
    """What the learning rate of a step depends on; see :class:`TrainSettings`."""

    @property
    def steps(self) -> int:
        """The number of steps of the run."""

    @property
    def learning_rate(self) -> float:
        """The rate at the end of the warm-up."""

    @property
    def warm_up(self) -> int:
        """Steps in which the rate rises."""

    @property
    def decay(self) -> int:
        """The number of steps at the end in which it falls."""


def rate_at(step: int, settings: Schedule) -> float:
    """Return the learning rate of a step; 0 is the first."""
    rate = settings.learning_rate
    if step < settings.warm_up:
        return rate * (step + 1) / settings.warm_up
    falling = step - (settings.steps - settings.decay)
    if settings.decay and falling >= 0:
        return rate * max(0.0, 1 - math.sqrt((falling + 1) / settings.decay))
    return rate

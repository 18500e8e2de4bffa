"""The settings of a training run, which it keeps when it is resumed."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from index.errors import InputError
from training.reader.epoch import Mixture

PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One schedule, whether it runs in one session or in many.

    The learning rate rises for ``warm_up`` steps, then stays, so that a run can go on for
    as long as there is time; ``decay`` steps let it fall to nothing at the end (warm-up,
    stable, decay: Hu et al. 2024).
    """

    seed: int = 0
    steps: int = 1_000_000
    """After which the run ends."""
    learning_rate: float = 1.5e-4
    """At the end of the warm-up."""
    head_rate: float = 3.0
    """The random heads learn this many times faster."""
    norm_rate: float = 1.0
    """Norms and biases learn this many times faster."""
    warm_up: int = 100
    """Steps."""
    decay: int = 0
    """Steps at the end in which the rate falls, by 1 - sqrt of their share."""
    batch_tokens: int = 4096
    weight_decay: float = 0.01
    clip: float = 1.0
    """Longest gradient."""
    dropout: float = 0.0
    rank: int = 0
    """Of the adapters; 0 to train all weights."""
    frozen_layers: int = 0
    """The lowest layers, which have no adapters."""
    has_answer_weight: float = 0.5
    """How much "is there an answer" counts beside "where"."""
    verdict_weight: float = 0.5
    """How much words, yes or no count."""
    inside_weight: float = 0.3
    """How much the members of an answer count."""
    average: float = 0.998
    """How much of the averaged weights a step keeps."""
    precision: str = "float32"
    """Of the computation, one of PRECISIONS; the weights themselves are always float32."""
    teacher: str | None = None
    """SHA-256 of the teacher's checkpoint; None without one."""
    taught: float = 0.6
    """How much the teacher's opinion counts beside the answers."""
    temperature: float = 2.0
    """The teacher's opinion is softened by it."""
    mixture: Mixture = field(default_factory=Mixture)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the settings that :meth:`to_dict` was made from."""
        return cls(**{**data, "mixture": Mixture(**data["mixture"])})

    def check_same(self, stored: Self) -> None:
        """Raise unless a run of ``stored`` settings may be resumed with these.

        Raises:
            InputError: A setting differs; the message names it.
        """
        mine, theirs = self.to_dict(), stored.to_dict()
        changed = [f"{name} was {theirs[name]}" for name in mine if mine[name] != theirs[name]]
        if changed:
            msg = f"The run in this folder has other settings: {', '.join(changed)}. Use another."
            raise InputError(msg)


def rate_at(step: int, settings: TrainSettings) -> float:
    """Return the learning rate of a step; 0 is the first."""
    rate = settings.learning_rate
    if step < settings.warm_up:
        return rate * (step + 1) / settings.warm_up
    falling = step - (settings.steps - settings.decay)
    if settings.decay and falling >= 0:
        return rate * max(0.0, 1 - math.sqrt((falling + 1) / settings.decay))
    return rate

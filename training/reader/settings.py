"""What a training run is told, and keeps to when it is resumed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from index.errors import InputError
from training.reader.examples import Mixture

PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """One schedule, whether it runs in one session or in many."""

    seed: int = 0
    epochs: float = 1.0
    """How often the examples are gone through; each time they are made anew."""
    steps: int | None = None
    """Planned steps; None for what ``epochs`` come to."""
    learning_rate: float = 1.5e-4
    """At the end of the warm-up."""
    head_rate: float = 3.0
    """The random heads learn this many times faster."""
    warm_up: float = 0.06
    """Share of the steps."""
    batch_tokens: int = 4096
    weight_decay: float = 0.01
    clip: float = 1.0
    """Longest gradient."""
    dropout: float = 0.1
    has_answer_weight: float = 0.5
    """How much "is there an answer" counts beside "where"."""
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
    rank_weight: float = 0.0
    """How much it counts that a passage with the answer comes before its rivals."""
    sentence_weight: float = 0.0
    """How much it counts which sentence has the answer; with it, the model has a head for that."""
    mixture: Mixture = field(default_factory=Mixture)

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values; :meth:`from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the settings that :meth:`to_dict` was made from."""
        return cls(**{**data, "mixture": Mixture(**data["mixture"])})

    def check_same(self, stored: Self) -> None:
        """Raise unless a run of ``stored`` settings may be gone on with.

        Raises:
            InputError: A setting differs; the message names it.
        """
        mine, theirs = self.to_dict(), stored.to_dict()
        changed = [f"{name} was {theirs[name]}" for name in mine if mine[name] != theirs[name]]
        if changed:
            msg = f"The run in this folder has other settings: {', '.join(changed)}. Use another."
            raise InputError(msg)


def rate_at(step: int, steps: int, settings: TrainSettings) -> float:
    """Return the learning rate of a step (0 is the first): linear warm-up, linear decay."""
    warm_up = max(1, round(settings.warm_up * steps))
    if step < warm_up:
        return settings.learning_rate * (step + 1) / warm_up
    return settings.learning_rate * max(0.0, (steps - step) / max(1, steps - warm_up))

"""Define the settings of a training run of the checker, which stay the same when it is resumed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

from training.reader.settings import check_same_settings


@dataclass(frozen=True, slots=True)
class CheckerSettings:
    """The settings of one schedule, which may take several sessions.

    The learning rate rises for ``warm_up`` steps and then stays constant; over the last ``decay``
    steps it falls to zero (warm-up, stable, decay: Hu et al. 2024).
    """

    seed: int = 0
    steps: int = 1_000_000
    """The number of steps of the run."""
    learning_rate: float = 1.5e-4
    """The rate at the end of the warm-up."""
    head_rate: float = 3.0
    """Factor of the learning rate of the random heads."""
    warm_up: int = 100
    """Steps."""
    decay: int = 0
    """The number of steps at the end in which the rate falls, as 1 - sqrt of their share."""
    batch_tokens: int = 4096
    weight_decay: float = 0.01
    clip: float = 1.0
    """The largest norm of the gradient."""
    dropout: float = 0.0
    words_weight: float = 0.3
    """Weight of the loss of the unsupported words, relative to that of the relation."""
    average: float = 0.998
    """Decay of the averaged weights per step."""
    precision: str = "bfloat16"
    """Precision of the computation; the weights are always float32."""

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-ready values."""
        return asdict(self)

    def check_same(self, stored: Self) -> None:
        """Raise an error unless a run with ``stored`` settings may be resumed with these.

        Raises:
            InputError: A setting differs; the message names it.
        """
        check_same_settings(self.to_dict(), stored.to_dict())

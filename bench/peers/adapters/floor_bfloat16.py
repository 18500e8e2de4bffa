"""The floor with its encoder in the fastest form that sentence-transformers has."""

from __future__ import annotations

from bench.peers.adapters.floor import Floor
from bench.peers.adapters.protocol import run
from index.full_model import has_fast_bfloat16, use_bfloat16_if_faithful


class FloorBFloat16(Floor):
    """In bfloat16 where the processor computes in it, else in float32."""

    def _load(self, model: str) -> None:
        super()._load(model)
        if has_fast_bfloat16():
            use_bfloat16_if_faithful(self._model)


if __name__ == "__main__":
    run(FloorBFloat16())

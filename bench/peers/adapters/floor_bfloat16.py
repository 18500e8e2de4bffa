"""The floor with its encoder at the fastest precision of sentence-transformers."""

from __future__ import annotations

from bench.peers.adapters.floor import Floor
from bench.peers.adapters.protocol import run
from index.embedding.sentence_transformer import enable_bfloat16_if_accurate, has_fast_bfloat16


class FloorBFloat16(Floor):
    """Embeds in bfloat16 if the processor supports it, else in float32."""

    def _load(self, model: str) -> None:
        super()._load(model)
        if has_fast_bfloat16():
            enable_bfloat16_if_accurate(self._model)


if __name__ == "__main__":
    run(FloorBFloat16())

"""How much Gradio takes at a time and keeps, and what it would leave behind."""

from __future__ import annotations

from typing import Any, Self

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState

# What waits in Gradio's queue waits in silence, so nothing slow does: it is taken from there at
# once, and waits in a line of ours, which is shorter and says so.
QUEUE_PLACES = 256
AT_ONCE = 16
"""Of what is quick, and in excess of those who wait in a line."""
MOST_SESSIONS = 1_000
"""Loaded pages of which Gradio keeps the state, about 125 kB each; those used last."""
THREADS = 256
"""Most of which only wait for something."""


class QueuedBlocks(gr.Blocks):
    """Blocks with our queue from the start, and without what Gradio 6.31 leaves behind.

    To set another queue would make every route anew.
    """

    def queue(self, *_: object, **__: object) -> Self:
        """Set our queue, whatever is wanted."""
        super().queue(max_size=QUEUE_PLACES, api_open=False, default_concurrency_limit=AT_ONCE)
        return self

    async def postprocess_data(
        self,
        block_fn: BlockFunction,
        predictions: list[Any] | dict[Any, Any],
        state: SessionState | None,
    ) -> list[Any]:
        """Return what is sent, as Gradio does.

        A component that is updated, or skipped, is replaced in its session by one with a new id,
        under which Gradio then keeps one more at each event. It gets the old id instead.
        """
        sent = await super().postprocess_data(block_fn, predictions, state)
        if state:
            for block in block_fn.outputs:
                if not block.stateful and block._id in state:
                    state[block._id]._id = block._id
        return sent

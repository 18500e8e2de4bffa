"""Everything that works around Gradio: its version, and why it is needed.

Tried with Gradio 6.31. The page's style sheets override Gradio's own with ``!important``; the
security headers remove the CORS headers and the ``<base>`` that it adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState

# Gradio shows nothing to those who wait in its queue. So events leave it at once, and what is slow
# waits in a queue of ours, which is shorter and shows it.
QUEUE_PLACES = 256
AT_ONCE = 16
"""Quick events that run at the same time, besides those that wait in a queue of ours."""
MOST_SESSIONS = 1_000
"""Pages whose state Gradio keeps, about 125 kB each; the least recently used goes first."""
THREADS = 256
"""Most of them only wait."""


def on_load(*functions: str, events: Sequence[str] = ()) -> str:
    """Return a ``js_on_load`` that calls functions of ``static/*.js`` for a component.

    Gradio 6.31 finds a component's events by their quoted names in ``js_on_load``, so those
    that the functions trigger are named in a comment.
    """
    calls = " ".join(f"{name}({{element, trigger, watch}});" for name in functions)
    return f"{calls} // {' '.join(map(repr, events))}"


class QueuedBlocks(gr.Blocks):
    """Blocks with our queue from the start, and without a leak of Gradio 6.31.

    Setting the queue later would build every route a second time.
    """

    def queue(self, *_: object, **__: object) -> Self:
        """Set our queue, whatever the arguments."""
        super().queue(max_size=QUEUE_PLACES, api_open=False, default_concurrency_limit=AT_ONCE)
        return self

    async def postprocess_data(
        self,
        block_fn: BlockFunction,
        predictions: list[Any] | dict[Any, Any],
        state: SessionState | None,
    ) -> list[Any]:
        """Return what is sent, as Gradio does, without its leak.

        Gradio replaces a component that is updated or skipped by a copy with a new id, and keeps
        one more copy in the session at each event. Here the copy gets the old id.
        """
        sent = await super().postprocess_data(block_fn, predictions, state)
        if state:
            for block in block_fn.outputs:
                if not block.stateful and block._id in state:
                    state[block._id]._id = block._id
        return sent

"""Gradio's blocks, so that each event acts for its caller, and without a leak."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import gradio as gr
from gradio.block_function import BlockFunction
from gradio.state_holder import SessionState

from qa.page.asking import caller_of, visit_of
from qa.page.picture_route import PictureRoute
from qa.visitors.caller import Caller
from qa.visitors.current_caller import acting_for
from qa.visitors.visits import Visits

NOT_UPLOADED = "This file was not uploaded here. Choose it again."
NOT_YOURS = "You are logged out, or were meanwhile. Reload the page."
# Gradio's queue shows nothing to those who wait in it. So events leave it at once, and slow work
# waits in a queue of ours, which is shorter and shows its state.
_QUEUE_SIZE = 256
QUICK_EVENTS = 16
"""Quick events that run at the same time, not counting those that wait in a queue of ours."""


class PageBlocks(gr.Blocks):
    """Gradio's blocks with our queue size from the start, and without a leak of Gradio 6.31.

    Setting the queue size later would build every route a second time.
    """

    stop_work: Callable[[], None]
    """Stops what visitors wait for, before the program ends."""
    pictures: PictureRoute
    """Serves the pages of articles as printed."""
    default_caller: Caller | None = None
    """For whom an event acts whose request has no caller; None to refuse it."""
    visits: Visits
    """Whose each visit is."""
    uploads: Path | None = None
    """The folder of uploaded files; None if the page is not served."""

    def queue(self, *_: object, **__: object) -> Self:
        """Set our queue size, whatever the arguments."""
        super().queue(max_size=_QUEUE_SIZE, api_open=False, default_concurrency_limit=QUICK_EVENTS)
        return self

    async def preprocess_data(
        self,
        block_fn: BlockFunction,
        inputs: list[Any],
        state: SessionState | None,
        explicit_call: bool = False,  # noqa: FBT001, FBT002 - of Gradio
    ) -> list[Any]:
        """Return the values of an event's inputs, of which files are uploads of this page alone.

        A mounted page of Gradio 6.31 would read any path that a request names.
        """
        for path in _paths_in(inputs):
            if not self.uploads or not path.resolve().is_relative_to(self.uploads.resolve()):
                raise gr.Error(NOT_UPLOADED, print_exception=False)
        values: list[Any] = await super().preprocess_data(block_fn, inputs, state, explicit_call)
        return values

    async def call_function(
        self,
        block_fn: BlockFunction | int,
        processed_input: list[Any],
        iterator: AsyncIterator[Any] | None = None,
        requests: gr.Request | list[gr.Request] | None = None,
        *arguments: Any,  # noqa: ANN401 - of Gradio
        **options: Any,  # noqa: ANN401 - of Gradio
    ) -> dict[str, Any]:
        """Call the handler of an event for the caller who caused it.

        Gradio calls this for every step of every event, outside the request's context, and copies
        the context into the thread in which the handler runs.
        """
        request = requests[0] if isinstance(requests, list) else requests
        caller = (request and caller_of(request)) or self.default_caller
        visit = visit_of(request) if request else ""
        if caller is None or not self.visits.belongs_to(visit, caller.name):
            raise gr.Error(NOT_YOURS, print_exception=False)
        with acting_for(caller):
            called: dict[str, Any] = await super().call_function(
                block_fn, processed_input, iterator, requests, *arguments, **options
            )
        return called

    async def postprocess_data(
        self,
        block_fn: BlockFunction,
        predictions: list[Any] | dict[Any, Any],
        state: SessionState | None,
    ) -> list[Any]:
        """Return what Gradio sends to the browser, without its leak.

        Gradio replaces a component that is updated or skipped by a copy with a new id, and keeps
        one more copy in the session at each event. Here the copy gets the old id.
        """
        data = await super().postprocess_data(block_fn, predictions, state)
        if state:
            for block in block_fn.outputs:
                if not block.stateful and block._id in state:
                    state[block._id]._id = block._id
        return data


def _paths_in(values: Iterable[object]) -> Iterator[Path]:
    """Yield every path of a file that Gradio would read in JSON values."""
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "path" in value:
                yield Path(str(value["path"]))
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value

"""Blocking work runs in threads, only so much at once."""

from __future__ import annotations

import asyncio
import threading

import pytest
from fastapi import HTTPException, Request

from qa.api.work_queue import WorkQueue, check_stopped
from tests.asgi import run


def test_work_stops_when_its_client_leaves() -> None:
    stopped = threading.Event()

    def work() -> None:
        assert stopped.wait(30)
        check_stopped(stopped)

    class Gone(Request):
        async def is_disconnected(self) -> bool:
            return True

    queue = WorkQueue(1, 1)
    with pytest.raises(HTTPException):
        run(queue.run_for(Gone({"type": "http"}), work, stopped))


def test_only_so_much_runs_and_waits() -> None:
    async def fill_and_ask_once_more() -> list[int]:
        queue, release, started = WorkQueue(1, 1), threading.Event(), threading.Event()

        def work() -> int:
            started.set()
            release.wait()
            return 1

        tasks = [asyncio.ensure_future(queue.run(work))]
        await asyncio.to_thread(started.wait)
        tasks.append(asyncio.ensure_future(queue.run(work)))
        while not queue.waiting:
            await asyncio.sleep(0)
        with pytest.raises(HTTPException) as refused:
            await queue.run(work)
        release.set()
        assert (refused.value.status_code, refused.value.headers) == (503, {"retry-after": "10"})
        return await asyncio.gather(*tasks)

    assert run(fill_and_ask_once_more()) == [1, 1]

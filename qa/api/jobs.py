"""Follow and cancel the additions that run in the background, over HTTP."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import JSONResponse, StreamingResponse

from qa.api.addition_jobs import AdditionJobs, JobState
from qa.api.dependencies import CallerOf, ServicesOf
from qa.api.descriptions import problems, returns
from qa.api.server_events import (
    HEARTBEAT,
    HEARTBEAT_SECONDS,
    MEDIA_TYPE,
    event_response,
    server_event,
)

router = APIRouter(prefix="/api/v1/jobs", tags=["articles"])

_LOOK_EVERY = 0.2
_NO_JOB = "There is no such job. A job can be looked up for an hour after its end."
_EVENTS = {
    "description": "A `job` event with the state of the job for each change, until it ends.",
    "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
}


@router.get(
    "/{job_id}", summary="Read a job", responses=returns(JobState, "The job.") | problems(404, 422)
)
def read_job(job_id: str, services: ServicesOf, caller: CallerOf) -> Response:
    """Return how far the addition of an article has come."""
    return JSONResponse(_existing(services.jobs.find(caller.key, job_id)).to_dict())


@router.get(
    "/{job_id}/events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses={200: _EVENTS, **problems(404, 422)},
)
async def follow_job(job_id: str, services: ServicesOf, caller: CallerOf) -> StreamingResponse:
    """Send the state of a job whenever it changes, until it ends."""
    first = _existing(services.jobs.find(caller.key, job_id))
    return event_response(_states(services.jobs, caller.key, first))


@router.delete(
    "/{job_id}",
    summary="Cancel a job",
    responses=returns(JobState, "The job.") | problems(403, 404, 422),
)
def cancel_job(job_id: str, services: ServicesOf, caller: CallerOf) -> Response:
    """Cancel a job; its state is final soon after. An article that is being saved is kept."""
    caller.check_may_write()
    return JSONResponse(_existing(services.jobs.cancel(caller.key, job_id)).to_dict())


async def _states(jobs: AdditionJobs, owner: str, state: JobState) -> AsyncIterator[bytes]:
    sent_at = time.monotonic()
    yield server_event("job", state.to_dict())
    while not state.is_final:
        await asyncio.sleep(_LOOK_EVERY)
        newest = jobs.find(owner, state.id)
        if newest is None:
            return
        if newest != state:
            state, sent_at = newest, time.monotonic()
            yield server_event("job", state.to_dict())
        elif time.monotonic() - sent_at >= HEARTBEAT_SECONDS:
            sent_at = time.monotonic()
            yield HEARTBEAT


def _existing(state: JobState | None) -> JobState:
    if state is None:
        raise HTTPException(404, _NO_JOB)
    return state

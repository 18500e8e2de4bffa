"""Tell whether the server is up, whether it can answer already, and what it has done."""

from __future__ import annotations

from fastapi import APIRouter, Response

from qa.api.addition_jobs import Step
from qa.api.dependencies import ServicesOf

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the server up?")
async def read_health() -> dict[str, str]:
    """Return 200: the server is up."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    summary="Can it answer?",
    responses={503: {"description": "The models are being loaded."}},
)
async def read_readiness(services: ServicesOf, response: Response) -> dict[str, str]:
    """Return 200 if the models are loaded and the articles embedded, else 503."""
    if services.qa.ready:
        return {"status": "ready"}
    response.status_code = 503
    return {"status": "loading"}


@router.get(
    "/metrics",
    summary="Read the metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def read_metrics(services: ServicesOf) -> Response:
    """Return the metrics in the text format of Prometheus."""
    families = services.metrics.families
    families.articles.set(services.qa.article_count())
    families.waiting.set(services.reading.waiting + services.writing.waiting)
    counts = services.jobs.counts()
    for step in Step:
        families.jobs.labels(step.value).set(counts[step])
    return Response(families.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

"""Tell whether the server is up, and whether it can answer already."""

from __future__ import annotations

from fastapi import APIRouter, Response

from qa.api.dependencies import ServicesOf

router = APIRouter(tags=["health"])


@router.get("/healthz")
def read_health() -> dict[str, str]:
    """Return 200: the server is up."""
    return {"status": "ok"}


@router.get("/readyz")
def read_readiness(services: ServicesOf, response: Response) -> dict[str, str]:
    """Return 200 if the models are loaded and the articles embedded, else 503."""
    if services.qa.ready:
        return {"status": "ready"}
    response.status_code = 503
    return {"status": "loading"}

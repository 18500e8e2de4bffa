"""Describe in OpenAPI what routes return.

FastAPI would build a validator for every type that a route returns, which takes a tenth of a second
when the page starts. Our values need none, so their schemas are made when somebody reads them.
"""

from __future__ import annotations

import http
from typing import Any

from fastapi import FastAPI
from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from qa.api.problems import MEDIA_TYPE, Problem

_REF = "#/components/schemas/{model}"
_described: set[type] = {Problem}


def returns(kind: type, description: str, status: int = 200) -> dict[int | str, dict[str, Any]]:
    """Return the description of a response with a value of this type as JSON."""
    _described.add(kind)
    content = {"application/json": {"schema": _reference_to(kind)}}
    return {status: {"description": description, "content": content}}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of a route's errors."""
    content = {MEDIA_TYPE: {"schema": _reference_to(Problem)}}
    return {
        status: {"description": http.HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def describe(application: FastAPI) -> None:
    """Add the schemas of what routes return to the application's description."""

    def openapi() -> dict[str, Any]:
        if application.openapi_schema is None:
            found = FastAPI.openapi(application)
            found["components"]["schemas"] |= _schemas()
        return application.openapi_schema or {}

    application.openapi = openapi  # type: ignore[method-assign]


def _schemas() -> dict[str, Any]:
    mode: JsonSchemaMode = "serialization"
    kinds: list[tuple[type, JsonSchemaMode, TypeAdapter[Any]]] = [
        (kind, mode, TypeAdapter(kind)) for kind in _described
    ]
    _, found = TypeAdapter.json_schemas(kinds, ref_template=_REF)
    schemas: dict[str, Any] = found["$defs"]
    del schemas["Passage"]["properties"]["rows"]  # not in Passage.to_dict
    return schemas


def _reference_to(kind: type) -> dict[str, str]:
    return {"$ref": _REF.format(model=kind.__name__)}

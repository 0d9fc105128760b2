"""The description of the API (OpenAPI): what FastAPI makes of the routes, told truly.

FastAPI describes its own 422 for every request that is checked; here such a request is answered 400, as a problem.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from dashboards.api.errors import Problem

DESCRIPTION = """Alerts, readings and events of a site, by the rights and within the scope of who asks: a token
(`Authorization: Bearer …`) or a signed-in browser. Errors are problem details. See docs/api.md and docs/accounts.md."""


def describe(app: FastAPI) -> None:
    """Let ``app`` describe itself."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
            app.openapi_schema = _mended(schema)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _mended(schema: dict[str, Any]) -> dict[str, Any]:
    parts = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        parts.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    parts.update(problem.pop("$defs"))
    parts["Problem"] = problem
    schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path in schema["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
    return schema

"""``/api/v1/schemas``: the JSON Schemas of the feed, for whoever writes a reader."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict

from alerts.feed_face import schema, schema_names
from dashboards.api.context import Context
from dashboards.api.errors import declared
from domain.accounts import Right

Name = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$")]


class Schemas(BaseModel):
    """The names that there are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schemas: tuple[str, ...]


def schemas_router(context: Context) -> APIRouter:
    """Return the routes."""
    reads = [Depends(context.principal(Right.READ))]
    router = APIRouter(prefix="/api/v1/schemas", tags=["schemas"], dependencies=reads, responses=declared(404))

    @router.get("")
    async def names() -> Schemas:
        return Schemas(schemas=schema_names())

    @router.get("/{name}.json")
    async def one(name: Name) -> dict[str, Any]:
        return schema(name)

    return router

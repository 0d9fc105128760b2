"""``/api/v1/schemas``: the JSON Schemas of the feed, for whoever writes a reader."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict

from alerts.feed_face import schema, schema_names
from dashboards.api.context import Context

Name = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,64}$")]


class Schemas(BaseModel):
    """The names that there are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schemas: tuple[str, ...]


def schemas_router(context: Context) -> APIRouter:
    """Return the routes; reading as the console allows."""
    router = APIRouter(prefix="/api/v1/schemas", tags=["schemas"], dependencies=[Depends(context.may_read)])

    @router.get("")
    async def names() -> Schemas:
        return Schemas(schemas=schema_names())

    @router.get("/{name}.json")
    async def one(name: Name) -> dict[str, Any]:
        return schema(name)

    return router

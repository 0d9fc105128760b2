"""``/api/v1/units/…/plan``: the drawing of a floor, as a picture.

A picture can do nothing: a browser runs no script of an SVG in ``<img>``, this one has none (`domain.site.svg`), and
its own policy forbids whatever else might be in it.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from dashboards.api import scope
from dashboards.api.context import Context
from dashboards.api.errors import NOT_FOUND, declared
from dashboards.api.principal import Asking
from domain.accounts import Right
from domain.errors import RefusedError
from domain.ids import Token

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "Cache-Control": "private, no-cache",
}


def plan_path(unit: str, building: str, floor: int) -> str:
    """Return the address of a floor's drawing."""
    return f"/api/v1/units/{unit}/buildings/{building}/floors/{floor}/plan"


def plans_router(context: Context) -> APIRouter:
    """Return the route."""
    router = APIRouter(prefix="/api/v1/units", tags=["site"], responses=declared(404))
    reads = [Depends(context.principal(Right.READ))]

    @router.get(
        "/{unit}/buildings/{building}/floors/{floor}/plan",
        dependencies=reads,
        response_class=Response,
        responses={200: {"content": {"image/svg+xml": {}}}, 304: {"description": "not modified"}},
    )
    async def plan(
        who: Asking, request: Request, unit: Token, building: Token, floor: Annotated[int, Path(ge=-20, le=200)]
    ) -> Response:
        """Return the floor plan of a building as SVG; 404 where there is none."""
        scope.check_unit(who, unit)
        found = context.registry.floor_plans.get((unit, building, floor))
        if found is None:
            raise RefusedError(f"没有平面图 / no floor plan of {unit}/{building}/{floor}", code=NOT_FOUND)
        content = found.drawing.markup.encode()
        tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {**HEADERS, "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="image/svg+xml", headers=headers)

    return router

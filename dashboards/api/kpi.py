"""``/api/v1/alerts/kpi`` and ``/api/v1/alerts/work-items``: the load of alarms. A skin over `alerts.kpi_face`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict

from alerts.kpi_face import DAY_NS, LONGEST_NS, MOST_LISTED, Figures, KpiFace, WorkItemView
from dashboards.api import scope
from dashboards.api.context import Context
from dashboards.api.errors import ForbiddenError, declared
from dashboards.api.principal import Asking, Principal
from domain.accounts import Right
from domain.errors import RefusedError
from domain.ids import Token

WEEK_NS = 7 * DAY_NS

Time = Annotated[int | None, Query(ge=0, le=2**62, description="ns UTC")]


class WorkItems(BaseModel):
    """A list of work items."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    work_items: tuple[WorkItemView, ...]


def kpi_router(context: Context) -> APIRouter:
    """Return the routes. They must be included before those of single alerts, whose ids could be called ``kpi``."""
    router = APIRouter(prefix="/api/v1/alerts", tags=["alerts"], responses=declared(409))
    reads = [Depends(context.principal(Right.READ))]

    @router.get("/kpi", dependencies=reads)
    async def kpi(
        who: Asking,
        unit: Token | None = None,
        position: Token | None = None,
        from_ns: Time = None,
        until_ns: Time = None,
    ) -> Figures:
        """Return the figures of a period: the last seven days unless it is named. Who has a scope asks for a unit."""
        unit = _unit(who, unit, position)
        until = context.clock.now_ns() if until_ns is None else until_ns
        since = max(0, until - WEEK_NS) if from_ns is None else from_ns
        if not 0 < until - since <= LONGEST_NS:
            raise RefusedError(
                "统计时段须在 400 天以内，且先起后止 / the period must end after it begins, within 400 days"
            )
        if unit is not None and position is not None:
            raise RefusedError("单位和席位只能选一个 / ask for a unit or for a position, not for both")
        return await KpiFace(context.link.backbone).figures(from_ns=since, until_ns=until, unit=unit, position=position)

    @router.get("/work-items", dependencies=reads)
    async def work_items(
        who: Asking,
        unit: Token | None = None,
        open: bool | None = True,  # noqa: A002, FBT001, FBT002  # the word of the contract, a query parameter
        limit: Annotated[int, Query(ge=1, le=MOST_LISTED)] = 100,
    ) -> WorkItems:
        """Return what bad actors give people to do, newest first."""
        face, units = KpiFace(context.link.backbone), scope.units_of(who, unit)
        found = await face.work_items(units=units, open=open, limit=limit)
        return WorkItems(work_items=found)

    return router


def _unit(who: Principal, unit: str | None, position: str | None) -> str | None:
    """Return the unit that figures are of; raises RefusedError for what is outside, in the service's own words."""
    if who.units is None:
        return unit
    if unit is not None and not who.sees(unit):
        raise RefusedError(f"没有单位 {unit} / no such unit: {unit}")
    if unit is None and position is None and len(who.units) == 1:
        return next(iter(who.units))
    if unit is None:
        raise ForbiddenError(
            "请指定单位：整个站点或席位的数字超出范围 / name a unit: a position or the site is beyond your scope"
        )
    return unit

"""``/api/v1/roll-calls`` and ``.csv``: the roll-calls of a local day, as the gateways have them.

Whole or not at all: while a gateway is away there is no list, for half of one looks like a day on which fewer people
were called. Times of the CSV are ISO 8601 UTC; ``took_s`` are the seconds from call to answer.
"""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict

from dashboards.api import scope
from dashboards.api.alert_columns import cell_text
from dashboards.api.alert_csv import MEDIA_TYPE
from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.moment import Day
from dashboards.api.principal import Asking, Principal
from dashboards.live.roll_call_desk import Call, RollCallDesk
from dashboards.live.zone import zone_of
from domain.accounts import Right
from domain.clock import NS_PER_S, to_iso
from domain.ids import Token

FIELDS = (
    *("id", "unit", "transmitter", "by", "called", "minutes", "deadline"),
    *("result", "cause", "answered", "took_s", "operator"),
)


class RollCallView(BaseModel):
    """One call. Times are ns UTC; ``result`` is of a later version where it is ``unknown``."""

    model_config = ConfigDict(frozen=True)

    id: str
    unit: str
    transmitter: str
    by: str
    called_ns: int
    minutes: int
    deadline_ns: int
    result: str
    cause: str
    answered_ns: int | None
    took_s: float | None
    operator: int | None


class RollCallDay(BaseModel):
    """The calls of a day, newest first."""

    roll_calls: tuple[RollCallView, ...]


class DayQuery(BaseModel):
    """Which day (local, today when absent), of which unit (all when absent)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: Day | None = None
    unit: Token | None = None


def roll_calls_router(context: Context) -> APIRouter:
    """Return the routes."""
    reads = [Depends(context.principal(Right.READ))]
    router = APIRouter(prefix="/api/v1", tags=["roll-calls"], dependencies=reads, responses=declared(409))

    @router.get("/roll-calls")
    async def listed(who: Asking, query: Annotated[DayQuery, Query()]) -> RollCallDay:
        return RollCallDay(roll_calls=tuple(_view(call) for call in await calls_of(context, who, query)))

    @router.get("/roll-calls.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
    async def exported(who: Asking, query: Annotated[DayQuery, Query()]) -> Response:
        calls = await calls_of(context, who, query)
        name = f"roll-calls-{query.day or _today(context)}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(calls_csv(calls), media_type=MEDIA_TYPE, headers=headers)

    return router


async def calls_of(context: Context, who: Principal, query: DayQuery) -> list[Call]:
    """Return the calls of a day that somebody sees; raises LinkError while a gateway is away."""
    units = scope.units_of(who, query.unit)
    start_ns, end_ns = span_of(query.day or _today(context), zone_of(context.registry.site.timezone))
    if units is not None and not units:
        return []
    return await RollCallDesk(context.link, context.site).between(start_ns, end_ns, units)


def span_of(day: date, zone: tzinfo) -> tuple[int, int]:
    """Return when a local day begins and ends, ns UTC."""
    first = datetime.combine(day, time(), zone)
    last = datetime.combine(day + timedelta(days=1), time(), zone) if day < date.max else first
    return int(first.timestamp()) * NS_PER_S, int(last.timestamp()) * NS_PER_S


def calls_csv(calls: list[Call]) -> str:
    """Write calls with a header."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(FIELDS)
    writer.writerows([cell_text(value) for value in _values(call)] for call in calls)
    return out.getvalue()


def _values(call: Call) -> list[Any]:
    result = call.result.name.lower() if call.result is not None else "unknown"
    answered = None if call.answered_ns is None else to_iso(call.answered_ns)
    took = None if call.took_s is None else round(call.took_s, 1)
    named = [call.id, call.unit, call.transmitter, call.by, to_iso(call.called_ns), call.minutes]
    return [*named, to_iso(call.deadline_ns), result, call.cause, answered, took, call.operator]


def _view(call: Call) -> RollCallView:
    values = {name: getattr(call, name) for name in RollCallView.model_fields if name != "result"}
    return RollCallView(**values, result=call.result.name.lower() if call.result is not None else "unknown")


def _today(context: Context) -> date:
    return datetime.fromtimestamp(context.clock.now_ns() / NS_PER_S, zone_of(context.registry.site.timezone)).date()

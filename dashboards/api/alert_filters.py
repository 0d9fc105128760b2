"""The filters of alert lists as query parameters; every list of the API takes the same ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alerts.listing_face import MOST_LISTED, MOST_RULES, ListRequest, State
from dashboards.api.moment import Moment
from dashboards.api.principal import Principal
from domain.alarm import AlarmClass, Level
from domain.alert import Confirmation
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.ids import Token
from domain.site import Registry

MOST_NS = 2**63 - 1
CURSOR = r"^[0-6]\.[0-9]{1,19}\.[0-9A-Za-z_-]{1,32}$"
WORDS = r"^[^\x00-\x1f\x7f]*$"


MOST_CALLED = 20


class AlertQuery(BaseModel):
    """Which alerts. Unknown parameters are refused: a filter with a typing error must not show everything."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    open: bool | None = Field(default=None, description="true: not closed; false: closed; absent: both")
    classes: list[AlarmClass] = Field(default=[], alias="class", max_length=7)
    unit: Token | None = None
    building: Annotated[Token | None, Field(description="of the unit, which must be given")] = None
    zone: Annotated[Token | None, Field(description="of the unit, which must be given")] = None
    device: Annotated[Token | None, Field(description="of the unit, which must be given")] = None
    rule: Token | None = None
    rules: list[Token] = Field(default=[], max_length=MOST_RULES, description="of one of these rules")
    level: Level | None = None
    state: State | None = None
    since: Annotated[Moment | None, Field(description="raised at or after")] = None
    until: Annotated[Moment | None, Field(description="raised before")] = None
    text: Annotated[str | None, Field(max_length=100, pattern=WORDS, description="part of the text")] = None
    area: Annotated[Token | None, Field(description="units of this area")] = None
    confirmed: Confirmation | None = None
    person: Annotated[
        str | None, Field(min_length=1, max_length=64, pattern=WORDS, description="who acted or is responsible")
    ] = None
    cursor: Annotated[str | None, Field(pattern=CURSOR, description="next_cursor of the page before")] = None


_ASKED = frozenset(ListRequest.model_fields) - {"limit"}
"""Fields that the service is asked for as they are; times and people are put in its words first."""


class PageQuery(AlertQuery):
    """Which alerts, page by page."""

    limit: int = Field(default=200, ge=1, le=MOST_LISTED)


def list_request(registry: Registry, who: Principal, query: AlertQuery, limit: int) -> ListRequest:
    """Return what the service is asked, within a scope; raises RefusedError for filters that contradict each other.

    A person is found by the name that stands in the record, and by the name that the site has for an id there.
    """
    fields = {name: value for name, value in query.model_dump(exclude_none=True).items() if name in _ASKED}
    span = {"since_ns": ns_of(query.since), "until_ns": ns_of(query.until)}
    named = people_named(registry, query.person) if query.person else ()
    try:
        return ListRequest(**fields, **span, limit=limit, units=units_in(registry, who, query.area), people=named)
    except ValidationError as error:
        raise RefusedError("; ".join(str(one["msg"]) for one in error.errors())) from error


def units_in(registry: Registry, who: Principal, area: str | None) -> tuple[str, ...] | None:
    """Return the units of an area within a scope; all of the scope without one, None for everything."""
    if area is None:
        return None if who.units is None else tuple(sorted(who.units))
    within = (unit for unit, settings in registry.units.items() if settings.area == area)
    return tuple(sorted(unit for unit in within if who.sees(unit)))


def people_named(registry: Registry, name: str) -> tuple[str, ...]:
    """Return how somebody may stand in the record: the name itself, and the ids of those who are called so."""
    called = (one.id for one in registry.people.values() if name in (one.labels.zh, one.labels.en))
    return tuple(dict.fromkeys([name, *called]))[:MOST_CALLED]


def ns_of(moment: datetime | None) -> int | None:
    """Return ns since 1970, the nearest that the record can hold."""
    if moment is None:
        return None
    span = moment - datetime(1970, 1, 1, tzinfo=UTC)
    whole = (span.days * 86_400 + span.seconds) * NS_PER_S + span.microseconds * 1000
    return min(max(whole, 0), MOST_NS)

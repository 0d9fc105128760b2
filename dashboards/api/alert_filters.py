"""The filters of alert lists as query parameters; every list of the API takes the same ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alerts.listing_face import MOST_LISTED, ListRequest, State
from dashboards.api.moment import Moment
from domain.alarm import AlarmClass, Level
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.ids import Token

MOST_NS = 2**63 - 1
CURSOR = r"^[0-6]\.[0-9]{1,19}\.[0-9A-Za-z_-]{1,32}$"
WORDS = r"^[^\x00-\x1f\x7f]*$"


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
    level: Level | None = None
    state: State | None = None
    since: Annotated[Moment | None, Field(description="raised at or after")] = None
    until: Annotated[Moment | None, Field(description="raised before")] = None
    text: Annotated[str | None, Field(max_length=100, pattern=WORDS, description="part of the text")] = None
    cursor: Annotated[str | None, Field(pattern=CURSOR, description="next_cursor of the page before")] = None


class PageQuery(AlertQuery):
    """Which alerts, page by page."""

    limit: int = Field(default=200, ge=1, le=MOST_LISTED)


def list_request(query: AlertQuery, limit: int, units: tuple[str, ...] | None) -> ListRequest:
    """Return what the service is asked, within a scope; raises RefusedError for filters that contradict each other."""
    fields = query.model_dump(exclude={"since", "until", "limit"}, exclude_none=True)
    try:
        return ListRequest(**fields, since_ns=ns_of(query.since), until_ns=ns_of(query.until), limit=limit, units=units)
    except ValidationError as error:
        raise RefusedError("; ".join(str(one["msg"]) for one in error.errors())) from error


def ns_of(moment: datetime | None) -> int | None:
    """Return ns since 1970, the nearest that the record can hold."""
    if moment is None:
        return None
    span = moment - datetime(1970, 1, 1, tzinfo=UTC)
    whole = (span.days * 86_400 + span.seconds) * NS_PER_S + span.microseconds * 1000
    return min(max(whole, 0), MOST_NS)

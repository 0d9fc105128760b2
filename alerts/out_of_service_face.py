"""`svc.alerts.out_of_service.*` as other processes see it: requests, replies, and a typed client."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from alerts.face import Model, Remark, Who
from backbone.client import Backbone
from domain.ids import Token
from domain.out_of_service import OutOfServiceView

MOST_S = 30 * 86_400.0
LEAST_S = 1.0
MOST_NAMED = 500
MOST_LISTED = 200

EntryId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,32}$")]
Tokens = Annotated[tuple[Token, ...], Field(max_length=MOST_NAMED)]
PointName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}/[A-Za-z0-9_-]{1,64}$")]


class OutOfServiceSubject(StrEnum):
    """Where the service answers."""

    ADD = "svc.alerts.out_of_service.add"
    END = "svc.alerts.out_of_service.end"
    LIST = "svc.alerts.out_of_service.list"


class AddRequest(Model):
    """What is taken out of service; ``points`` are ``device/point``."""

    unit: Token
    zones: Tokens = ()
    devices: Tokens = ()
    gateways: Tokens = ()
    points: Annotated[tuple[PointName, ...], Field(max_length=MOST_NAMED)] = ()
    by: Who
    reason: Annotated[Remark, Field(min_length=1)]
    duration_s: float = Field(ge=LEAST_S, le=MOST_S, allow_inf_nan=False)

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.zones or self.devices or self.gateways or self.points):
            raise ValueError("name zones, devices, points or gateways: a whole unit is never out of service")
        return self


class EndRequest(Model):
    """Which one, and who ends it."""

    id: EntryId
    by: Who


class AfterEntry(Model):
    """The last entry of a page, by its begin and id: the next page follows it."""

    at_ns: int = Field(ge=0, lt=2**63)
    id: EntryId


class ListRequest(Model):
    """Which ones, newest first."""

    unit: Token | None = None
    running: bool | None = Field(default=None, description="True: not ended; False: ended; None: both")
    limit: int = Field(default=50, ge=1, le=MOST_LISTED)
    after: AfterEntry | None = None


class OutOfServiceFace:
    """Typed client. Raises RefusedError with the reason, LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def add(self, request: AddRequest) -> OutOfServiceView:
        """Take something out of service."""
        return OutOfServiceView.model_validate((await self._ask(OutOfServiceSubject.ADD, request))["entry"])

    async def end(self, entry_id: str, *, by: str) -> OutOfServiceView:
        """Put it back in service."""
        reply = await self._ask(OutOfServiceSubject.END, EndRequest(id=entry_id, by=by))
        return OutOfServiceView.model_validate(reply["entry"])

    async def list(
        self,
        *,
        unit: str | None = None,
        running: bool | None = None,
        limit: int = 50,
        after: OutOfServiceView | None = None,
    ) -> tuple[OutOfServiceView, ...]:
        """Return entries, newest first; ``after`` is the last of the page before."""
        last = None if after is None else AfterEntry(at_ns=after.begun_ns, id=after.id)
        request = ListRequest(unit=unit, running=running, limit=limit, after=last)
        reply = await self._ask(OutOfServiceSubject.LIST, request)
        return tuple(OutOfServiceView.model_validate(entry) for entry in reply["entries"])

    async def _ask(self, subject: OutOfServiceSubject, request: Model) -> Any:
        return await self._backbone.request(subject.value, request.model_dump(mode="json", exclude_none=True))

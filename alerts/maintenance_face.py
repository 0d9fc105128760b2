"""`svc.alerts.maintenance.*` as other processes see it: requests, replies, and a typed client."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from alerts.actions_face import Model, Moment, Reason, Second, Who
from backbone.client import Backbone
from domain.ids import Token
from domain.maintenance import MaintenanceView

MOST_NAMED = 500
MOST_LISTED = 200

WindowId = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{1,32}$")]
Tokens = Annotated[tuple[Token, ...], Field(max_length=MOST_NAMED)]


class MaintenanceSubject(StrEnum):
    """Where the service answers."""

    BEGIN = "svc.alerts.maintenance.begin"
    END = "svc.alerts.maintenance.end"
    LIST = "svc.alerts.maintenance.list"


class BeginRequest(Model):
    """A window. ``from_ns`` None: from now on. No zone and no device: the whole unit; no rule: all rules."""

    unit: Token
    zones: Tokens = ()
    devices: Tokens = ()
    rules: Tokens = ()
    reason: Reason
    by: Who
    second: Second | None = Field(default=None, description="the second person; without, fires are told as ever")
    from_ns: Moment | None = None
    until_ns: Moment


class EndRequest(Model):
    """Which one, and who ends it."""

    id: WindowId
    by: Who


class AfterWindow(Model):
    """The last window of a page, by its begin and id: the next page follows it."""

    at_ns: Moment
    id: WindowId


class ListRequest(Model):
    """Which ones, the last begin first."""

    unit: Token | None = None
    open: bool | None = Field(default=None, description="True: planned or running; False: ended; None: both")
    limit: int = Field(default=50, ge=1, le=MOST_LISTED)
    after: AfterWindow | None = None


class MaintenanceFace:
    """Typed client. Raises RefusedError with the reason, LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def begin(
        self,
        unit: str,
        *,
        by: str,
        reason: str,
        until_ns: int,
        zones: tuple[str, ...] = (),
        devices: tuple[str, ...] = (),
        rules: tuple[str, ...] = (),
        from_ns: int | None = None,
        second: Second | None = None,
    ) -> MaintenanceView:
        """Plan a window; it begins at once when its time has come."""
        request = BeginRequest(
            unit=unit,
            zones=zones,
            devices=devices,
            rules=rules,
            reason=reason,
            by=by,
            second=second,
            from_ns=from_ns,
            until_ns=until_ns,
        )
        return MaintenanceView.model_validate((await self._ask(MaintenanceSubject.BEGIN, request))["window"])

    async def end(self, window_id: str, *, by: str) -> MaintenanceView:
        """End a window, or take back one that has not begun: what still stands is told."""
        reply = await self._ask(MaintenanceSubject.END, EndRequest(id=window_id, by=by))
        return MaintenanceView.model_validate(reply["window"])

    async def list(
        self,
        *,
        unit: str | None = None,
        open: bool | None = None,  # noqa: A002  # the word of the contract
        limit: int = 50,
        after: MaintenanceView | None = None,
    ) -> tuple[MaintenanceView, ...]:
        """Return windows, the last begin first; ``after`` is the last of the page before."""
        last = None if after is None else AfterWindow(at_ns=after.from_ns, id=after.id)
        reply = await self._ask(MaintenanceSubject.LIST, ListRequest(unit=unit, open=open, limit=limit, after=last))
        return tuple(MaintenanceView.model_validate(window) for window in reply["windows"])

    async def _ask(self, subject: MaintenanceSubject, request: Model) -> Any:
        return await self._backbone.request(subject.value, request.model_dump(mode="json", exclude_none=True))

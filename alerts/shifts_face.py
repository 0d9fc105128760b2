"""`svc.alerts.shifts.*` as other processes see it: the control room's shift, its hand-over, and a typed client.

A shift is handed over in two acts: who goes *gives*, with notes, and the figures of that moment are kept beside them;
another person *takes*. Nothing of it is ever changed or removed. Who gives again before somebody took has corrected
themselves: only the newest waits. Times are ns UTC.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from alerts.actions_face import LATEST_NS, Model, Remark, Who
from backbone.client import Backbone
from domain.alarm import AlarmClass
from domain.alert import Confirmation
from domain.ids import Token

MOST_NOTES = 4000
MOST_LISTED = 100
MOST_OPEN = 200
"""Ids of open alerts that a hand-over keeps; ``figures.open`` counts all."""
FIRST_S = 12 * 3600
"""Length of the first shift, before any was taken: what its figures look back on. Assumption: two shifts a day."""

HandoverId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,32}$")]
Notes = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MOST_NOTES)]


class ShiftSubject(StrEnum):
    """Where the service answers."""

    NOW = "svc.alerts.shifts.now"
    GIVE = "svc.alerts.shifts.give"
    TAKE = "svc.alerts.shifts.take"
    LIST = "svc.alerts.shifts.list"


class NowRequest(Model):
    """The shift that runs."""


class GiveRequest(Model):
    """Who goes, by which account where they are signed in, and what the next one has to know."""

    by: Who
    account: Token | None = None
    notes: Notes = ""


class TakeRequest(Model):
    """Which hand-over is taken, and by whom: another person than who gave it (`alerts.accounts.actors`)."""

    id: HandoverId
    by: Who
    account: Token | None = None
    remark: Remark = ""


class HandoverListRequest(Model):
    """Hand-overs that were given before a time, newest first."""

    before_ns: Annotated[int, Field(gt=0, le=LATEST_NS)] | None = None
    limit: int = Field(default=20, ge=1, le=MOST_LISTED)


class ShiftFigures(Model):
    """What happened from ``since_ns`` until ``until_ns``, and what stood at that moment.

    ``raised``, ``acknowledged``, ``closed`` and ``confirmed`` count what happened in the shift; ``open``, ``fresh``
    (open and acknowledged by nobody), ``shelved``, ``out_of_service``, ``silences`` and ``maintenance`` what stands at
    its end. Classes and findings that count nothing are left out.
    """

    since_ns: int
    until_ns: int
    raised: dict[AlarmClass, int]
    acknowledged: int
    closed: int
    confirmed: dict[Confirmation, int]
    open: dict[AlarmClass, int]
    fresh: int
    shelved: int
    out_of_service: int
    silences: int
    maintenance: int


class HandoverView(Model):
    """One hand-over; ``waits``: it is the newest, and nobody has taken it.

    ``given_account`` is that of who gave it, None where they were not signed in.
    """

    id: str
    given_by: str
    given_account: str | None = None
    given_ns: int
    since_ns: int
    notes: str
    figures: ShiftFigures
    open_alerts: tuple[str, ...]
    taken_by: str | None
    taken_ns: int | None
    remark: str
    waits: bool


class ShiftNow(Model):
    """The shift that runs: since when, who took it (None: nobody ever did), and the hand-over that waits for somebody.

    ``since_ns`` looks `FIRST_S` back where nobody ever took one.
    """

    holder: str | None
    since_ns: int
    figures: ShiftFigures
    waiting: HandoverView | None


class ShiftsFace:
    """Typed client. Raises RefusedError with the reason (404: no such hand-over), LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def now(self) -> ShiftNow:
        """Return the shift that runs, counted now."""
        return ShiftNow.model_validate(await self._ask(ShiftSubject.NOW, NowRequest()))

    async def give(self, *, by: str, account: str | None = None, notes: str = "") -> HandoverView:
        """Hand the shift over: it waits for another person."""
        return _handover(await self._ask(ShiftSubject.GIVE, GiveRequest(by=by, account=account, notes=notes)))

    async def take(self, handover_id: str, *, by: str, account: str | None = None, remark: str = "") -> HandoverView:
        """Take the shift that waits."""
        request = TakeRequest(id=handover_id, by=by, account=account, remark=remark)
        return _handover(await self._ask(ShiftSubject.TAKE, request))

    async def list(self, *, before_ns: int | None = None, limit: int = 20) -> tuple[HandoverView, ...]:
        """Return hand-overs, newest first."""
        reply = await self._ask(ShiftSubject.LIST, HandoverListRequest(before_ns=before_ns, limit=limit))
        return tuple(HandoverView.model_validate(one) for one in reply["handovers"])

    async def _ask(self, subject: ShiftSubject, request: Model) -> Any:
        return await self._backbone.request(subject.value, request.model_dump(mode="json", exclude_none=True))


def _handover(reply: Any) -> HandoverView:
    return HandoverView.model_validate(reply["handover"])

"""`svc.alerts.shifts.*`: the shift that runs, handing it over, taking it, and what was handed over before."""

from __future__ import annotations

from typing import Any

from alerts import shifts
from alerts.desk import Desk
from alerts.office import Office
from alerts.shifts_face import GiveRequest, HandoverListRequest, NowRequest, ShiftSubject, TakeRequest
from backbone.client import Backbone

Reply = dict[str, Any]


class ShiftsService:
    """Handlers over an office."""

    def __init__(self, office: Office) -> None:
        """Serve ``office``."""
        self._office = office

    async def serve(self, backbone: Backbone) -> None:
        """Answer until the connection closes."""
        await backbone.serve(ShiftSubject.NOW.value, self.now)
        await backbone.serve(ShiftSubject.GIVE.value, self.give)
        await backbone.serve(ShiftSubject.TAKE.value, self.take)
        await backbone.serve(ShiftSubject.LIST.value, self.list)

    async def now(self, body: Reply) -> Reply:
        """Return the shift that runs."""
        NowRequest.model_validate(body)
        now_ns = self._office.clock.now_ns()
        found = await self._office.database.read(lambda session: shifts.now(session, now_ns))
        return found.model_dump(mode="json")

    async def give(self, body: Reply) -> Reply:
        """Hand the shift over."""
        request = GiveRequest.model_validate(body)

        def work(desk: Desk) -> Reply:
            row = shifts.give(desk, by=request.by, notes=request.notes, account=request.account)
            desk.session.flush()
            return {"handover": shifts.view(desk.session, row).model_dump(mode="json")}

        return await self._office.change(work)

    async def take(self, body: Reply) -> Reply:
        """Take the shift that waits."""
        request = TakeRequest.model_validate(body)

        def work(desk: Desk) -> Reply:
            row = shifts.take(desk, request.id, by=request.by, remark=request.remark, account=request.account)
            return {"handover": shifts.view(desk.session, row).model_dump(mode="json")}

        return await self._office.change(work)

    async def list(self, body: Reply) -> Reply:
        """List hand-overs, newest first."""
        request = HandoverListRequest.model_validate(body)
        found = await self._office.database.read(
            lambda session: shifts.listed(session, request.before_ns, request.limit)
        )
        return {"handovers": [one.model_dump(mode="json") for one in found]}

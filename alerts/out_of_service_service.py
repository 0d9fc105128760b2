"""`svc.alerts.out_of_service.*`: adding, ending and listing what is out of service."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from alerts import out_of_service
from alerts.desk import Desk
from alerts.office import Office
from alerts.out_of_service_face import AddRequest, EndRequest, ListRequest, OutOfServiceSubject
from alerts.schema import OutOfService
from backbone.client import Backbone
from domain.clock import NS_PER_S
from domain.ids import stable_id
from domain.out_of_service import OutOfServiceView

Reply = dict[str, Any]


class OutOfServiceService:
    """Handlers over an office."""

    def __init__(self, office: Office, backbone: Backbone) -> None:
        """Serve ``office`` on ``backbone``."""
        self._office = office
        self._backbone = backbone

    async def serve(self) -> None:
        """Answer until the connection closes."""
        await self._backbone.serve(OutOfServiceSubject.ADD.value, self.add)
        await self._backbone.serve(OutOfServiceSubject.END.value, self.end)
        await self._backbone.serve(OutOfServiceSubject.LIST.value, self.list)

    async def add(self, body: Reply) -> Reply:
        """Take something out of service."""
        request = AddRequest.model_validate(body)

        def work(desk: Desk) -> Reply:
            out_of_service.end_overdue(desk)
            return {"entry": _view(out_of_service.begin(desk, new_entry(desk, request)))}

        return await self._office.change(work)

    async def end(self, body: Reply) -> Reply:
        """Put something back in service."""
        request = EndRequest.model_validate(body)
        return await self._office.change(
            lambda desk: {"entry": _view(out_of_service.end(desk, request.id, request.by))}
        )

    async def list(self, body: Reply) -> Reply:
        """List entries, newest first."""
        request = ListRequest.model_validate(body)
        query = select(OutOfService).order_by(OutOfService.begun_ns.desc(), OutOfService.id).limit(request.limit)
        if request.unit is not None:
            query = query.where(OutOfService.unit == request.unit)
        if request.running is not None:
            ended = OutOfService.ended_ns
            query = query.where(ended.is_(None) if request.running else ended.is_not(None))
        if request.after is not None:
            begun, at_ns = OutOfService.begun_ns, request.after.at_ns
            query = query.where(or_(begun < at_ns, and_(begun == at_ns, OutOfService.id > request.after.id)))
        entries = await self._office.database.read(lambda session: session.scalars(query).all())
        return {"entries": [_view(entry) for entry in entries]}


def new_entry(desk: Desk, request: AddRequest) -> OutOfService:
    """Return an entry that begins now; its id is a function of what, time and person."""
    scope = [sorted(set(names)) for names in (request.zones, request.devices, request.points, request.gateways)]
    zones, devices, points, gateways = scope
    return OutOfService(
        id=stable_id(
            "out-of-service", request.unit, *(name for names in scope for name in names), desk.now_ns, request.by
        ),
        unit=request.unit,
        zones=zones,
        devices=devices,
        points=points,
        gateways=gateways,
        begun_by=request.by,
        reason=request.reason,
        begun_ns=desk.now_ns,
        until_ns=desk.now_ns + round(request.duration_s * NS_PER_S),
    )


def running_entries(session: Session) -> list[Reply]:
    """Return what is out of service, for the status document: every screen can say so."""
    running = select(OutOfService).where(OutOfService.ended_ns.is_(None)).order_by(OutOfService.begun_ns)
    return [_view(entry) for entry in session.scalars(running)]


def _view(entry: OutOfService) -> Reply:
    names = OutOfServiceView.model_fields
    return OutOfServiceView(**{name: getattr(entry, name) for name in names}).model_dump(mode="json")

"""`svc.alerts.maintenance.*`: planning, ending and listing maintenance windows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from alerts import maintenance
from alerts.desk import Desk
from alerts.maintenance_face import BeginRequest, EndRequest, ListRequest, MaintenanceSubject
from alerts.office import Office
from alerts.schema import MaintenanceWindow
from backbone.client import Backbone
from domain.ids import stable_id
from domain.maintenance import MaintenanceView

Reply = dict[str, Any]

MOST_RUNNING = 1000
"""Running windows in the status document; where there are more, it says that it is cut."""
MOST_PLANNED = 50
"""Planned ones beside them, the next to begin first; the lists of the service have them all."""


class MaintenanceService:
    """Handlers over an office."""

    def __init__(self, office: Office, backbone: Backbone) -> None:
        """Serve ``office`` on ``backbone``."""
        self._office = office
        self._backbone = backbone

    async def serve(self) -> None:
        """Answer until the connection closes."""
        await self._backbone.serve(MaintenanceSubject.BEGIN.value, self.begin)
        await self._backbone.serve(MaintenanceSubject.END.value, self.end)
        await self._backbone.serve(MaintenanceSubject.LIST.value, self.list)

    async def begin(self, body: Reply) -> Reply:
        """Plan a window."""
        request = BeginRequest.model_validate(body)
        return await self._office.change(
            lambda desk: {"window": _view(maintenance.plan(desk, new_window(desk, request)))}
        )

    async def end(self, body: Reply) -> Reply:
        """End a window."""
        request = EndRequest.model_validate(body)
        return await self._office.change(lambda desk: {"window": _view(maintenance.end(desk, request.id, request.by))})

    async def list(self, body: Reply) -> Reply:
        """List windows, the last begin first."""
        request = ListRequest.model_validate(body)
        query = select(MaintenanceWindow).order_by(MaintenanceWindow.from_ns.desc(), MaintenanceWindow.id)
        if request.unit is not None:
            query = query.where(MaintenanceWindow.unit == request.unit)
        if request.open is not None:
            ended = MaintenanceWindow.ended_ns
            query = query.where(ended.is_(None) if request.open else ended.is_not(None))
        if request.after is not None:
            begin, at_ns = MaintenanceWindow.from_ns, request.after.at_ns
            query = query.where(or_(begin < at_ns, and_(begin == at_ns, MaintenanceWindow.id > request.after.id)))
        windows = await self._office.database.read(lambda session: session.scalars(query.limit(request.limit)).all())
        return {"windows": [_view(window) for window in windows]}


def new_window(desk: Desk, request: BeginRequest) -> MaintenanceWindow:
    """Return a window as it is asked for; its id is a function of what, time and persons."""
    scope = [sorted(set(names)) for names in (request.zones, request.devices, request.rules)]
    zones, devices, rules = scope
    from_ns = desk.now_ns if request.from_ns is None else max(request.from_ns, desk.now_ns)
    names = [name for names in scope for name in names]
    second_by = desk.second(request.second, beside=request.by, unit=request.unit)
    return MaintenanceWindow(
        id=stable_id(
            "maintenance", request.unit, *names, desk.now_ns, from_ns, request.until_ns, request.by, second_by or ""
        ),
        unit=request.unit,
        zones=zones,
        devices=devices,
        rules=rules,
        reason=request.reason,
        planned_by=request.by,
        second_by=second_by,
        planned_ns=desk.now_ns,
        from_ns=from_ns,
        until_ns=request.until_ns,
    )


def open_windows(session: Session) -> Reply:
    """Return what runs and what comes next, for the status document: every screen can say so.

    Planned windows never take the place of running ones, which lamps count.
    """
    query = select(MaintenanceWindow).where(MaintenanceWindow.ended_ns.is_(None))
    query = query.order_by(MaintenanceWindow.from_ns, MaintenanceWindow.id)
    started = MaintenanceWindow.started_ns
    running = session.scalars(query.where(started.is_not(None)).limit(MOST_RUNNING + 1)).all()
    planned = session.scalars(query.where(started.is_(None)).limit(MOST_PLANNED)).all()
    return {
        "maintenance": [_view(window) for window in (*running[:MOST_RUNNING], *planned)],
        "maintenance_cut": len(running) > MOST_RUNNING,
    }


def _view(window: MaintenanceWindow) -> Reply:
    names = MaintenanceView.model_fields
    return MaintenanceView(**{name: getattr(window, name) for name in names}).model_dump(mode="json")

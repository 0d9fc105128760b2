"""`svc.alerts.kpi.*`: figures and work items, on a thread of their own so that no push waits for a report."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from alerts.floods.figures import figures
from alerts.floods.loading import Slice
from alerts.floods.work_items import work_item_view
from alerts.kpi_face import KpiRequest, KpiSubject, WorkItemsRequest
from alerts.office import Office
from alerts.schema import WorkItem
from backbone.client import Backbone
from domain.errors import RefusedError

Reply = dict[str, Any]


class KpiService:
    """Handlers over an office."""

    def __init__(self, office: Office) -> None:
        """Serve ``office``."""
        self._office = office

    async def serve(self, backbone: Backbone) -> None:
        """Answer until the connection closes."""
        await backbone.serve(KpiSubject.FIGURES.value, self.figures)
        await backbone.serve(KpiSubject.WORK_ITEMS.value, self.work_items)

    async def figures(self, body: Reply) -> Reply:
        """Compute the figures of a period; what is not over yet is counted until now."""
        request = KpiRequest.model_validate(body)
        part = self._slice(request)
        settings = self._office.directory.operators.settings
        found = await self._office.database.report(
            lambda session: figures(session, part, settings, position=request.position)
        )
        return found.model_dump(mode="json")

    async def work_items(self, body: Reply) -> Reply:
        """List work items, newest first."""
        query = _listed(WorkItemsRequest.model_validate(body))
        found = await self._office.database.report(lambda session: session.scalars(query).all())
        return {"work_items": [work_item_view(item).model_dump(mode="json") for item in found]}

    def _slice(self, request: KpiRequest) -> Slice:
        operators = self._office.directory.operators
        until_ns = min(request.until_ns, max(self._office.clock.now_ns() + 1, request.from_ns + 1))
        if request.unit is not None:
            if not operators.has_unit(request.unit):
                raise RefusedError(f"没有单位 {request.unit} / no such unit: {request.unit}")
            return Slice(request.from_ns, until_ns, (), request.unit)
        if request.position is None:
            return Slice(request.from_ns, until_ns, operators.positions())
        if request.position not in operators.positions():
            known = ", ".join(operators.positions())
            raise RefusedError(f"没有席位 {request.position} / no such operator position; there are: {known}")
        units = operators.units_of(request.position)
        return Slice(request.from_ns, until_ns, (request.position,), units=units)


def _listed(request: WorkItemsRequest) -> Select[WorkItem]:
    query = select(WorkItem)
    if request.units is not None:
        query = query.where(WorkItem.unit.in_(request.units))
    if request.open is not None:
        query = query.where(WorkItem.closed_ns.is_(None) if request.open else WorkItem.closed_ns.is_not(None))
    return query.order_by(WorkItem.opened_ns.desc(), WorkItem.id).limit(request.limit)

"""`svc.alerts.foreign.post`: each posted alert is taken by itself, in one transaction with its neighbours."""

from __future__ import annotations

from typing import Any

from alerts import foreign_alerts
from alerts.desk import Desk
from alerts.foreign_face import ForeignSubject, PostReply, PostRequest
from alerts.office import Office
from backbone.client import Backbone
from domain.errors import RefusedError
from domain.site import Registry

Reply = dict[str, Any]


class ForeignService:
    """The handler over an office."""

    def __init__(self, office: Office, backbone: Backbone, registry: Registry) -> None:
        """Serve ``office``; ``registry`` says which places the site has."""
        self._office = office
        self._backbone = backbone
        self._registry = registry

    async def serve(self) -> None:
        """Answer until the connection closes."""
        await self._backbone.serve(ForeignSubject.POST.value, self.post)

    async def post(self, body: Reply) -> Reply:
        """Take alerts in."""
        request = PostRequest.model_validate(body)
        places = foreign_alerts.Places(self._registry, request.units)

        def work(desk: Desk) -> PostReply:
            refused: dict[int, str] = {}
            for number, one in enumerate(request.alerts):
                try:
                    foreign_alerts.take(desk, one, places, by=request.by)
                except RefusedError as error:  # raised before anything is changed
                    refused[number] = error.reason
            return PostReply(taken=len(request.alerts) - len(refused), refused=refused)

        return (await self._office.change(work)).model_dump(mode="json")

"""`svc.alerts.delivery`: reports of platforms."""

from __future__ import annotations

from typing import Any

from alerts import receipts
from alerts.office import Office
from alerts.receipts_face import SUBJECT, DeliveryRequest
from backbone.client import Backbone

Reply = dict[str, Any]


class ReceiptsService:
    """The handler over an office."""

    def __init__(self, office: Office, backbone: Backbone) -> None:
        """Serve ``office`` on ``backbone``."""
        self._office = office
        self._backbone = backbone

    async def serve(self) -> None:
        """Answer until the connection closes."""
        await self._backbone.serve(SUBJECT, self.delivery)

    async def delivery(self, body: Reply) -> Reply:
        """Take what a platform reports."""
        request = DeliveryRequest.model_validate(body)
        reply = await self._office.change(lambda desk: receipts.take(desk, request))
        return reply.model_dump(mode="json")

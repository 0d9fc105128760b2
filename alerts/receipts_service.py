"""`svc.alerts.delivery`: reports of platforms."""

from __future__ import annotations

from typing import Any

from alerts import receipts
from alerts.office import Office
from alerts.receipts_face import SUBJECT, DeliveryRequest, Refusal
from backbone.client import Backbone
from domain.errors import RefusedError

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
        """Take what a platform reports; a refusal goes with its code, which the bus itself does not carry."""
        request = DeliveryRequest.model_validate(body)
        try:
            reply = await self._office.change(lambda desk: receipts.take(desk, request))
        except RefusedError as error:
            if error.code is None:
                raise
            return Refusal(code=error.code, reason=error.reason).model_dump(mode="json")
        return reply.model_dump(mode="json")

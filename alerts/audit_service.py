"""`svc.alerts.audit.*`: the chain is checked where it is kept, piece by piece, beside the work of the service."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from alerts import audit
from alerts.audit_face import AuditSubject, Checked, CheckRequest
from alerts.office import Office
from backbone.client import Backbone

Reply = dict[str, Any]


class AuditService:
    """Handlers over an office."""

    def __init__(self, office: Office, backbone: Backbone) -> None:
        """Serve ``office`` on ``backbone``."""
        self._office = office
        self._backbone = backbone

    async def serve(self) -> None:
        """Answer until the connection closes."""
        await self._backbone.serve(AuditSubject.CHECK.value, self.check)

    async def check(self, body: Reply) -> Reply:
        """Check a piece of the chain, on a reader's thread."""
        request = CheckRequest.model_validate(body)
        return (await self._office.database.read(lambda session: _check(session, request))).model_dump(mode="json")


def _check(session: Session, request: CheckRequest) -> Checked:
    links = audit.links_after(session, request.number, request.most)
    walk = audit.Walk(number=request.number, head=request.head)
    holds = walk.go(links)
    found = walk.report()
    return Checked(
        number=found.entries,
        head=found.head,
        hashes=tuple(link.hash for link in links[: found.entries - request.number]),
        end=not holds or len(links) < request.most,
        broken_at=found.broken_at,
        reason=found.reason,
    )

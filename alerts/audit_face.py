"""`svc.alerts.audit.*` as other processes see it: the chain, checked piece by piece by the service that keeps it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from alerts.actions_face import Model
from backbone.client import Backbone

MOST_LINKS = 8000
"""Of one reply, which carries their hashes: 64 characters each, and a NATS message holds 1 MiB."""

GENESIS = "0" * 64
"""What the first link follows."""

Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class AuditSubject(StrEnum):
    """Where the service answers."""

    CHECK = "svc.alerts.audit.check"


class CheckRequest(Model):
    """Check the links after ``number``, whose hash is ``head``."""

    number: int = Field(default=0, ge=0, lt=2**63)
    head: Hash
    most: int = Field(default=MOST_LINKS, ge=1, le=MOST_LINKS)


class Checked(Model):
    """How far the links hold; ``hashes`` are theirs, in order. ``end``: there are no more, or one is broken."""

    number: int
    head: str
    hashes: tuple[str, ...]
    end: bool
    broken_at: int | None = None
    reason: str | None = None


class AuditFace:
    """Typed client. Raises RefusedError, or LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def walk(self, genesis: str, anchors: Mapping[int, str]) -> AsyncIterator[Checked]:
        """Yield the pieces of the chain as they were checked; the last one says how it ended."""
        number, head = 0, genesis
        while True:
            request = CheckRequest(number=number, head=head)
            reply = await self._backbone.request(
                AuditSubject.CHECK.value, request.model_dump(mode="json"), timeout_s=30
            )
            piece = _anchored(Checked.model_validate(reply), number, head, anchors)
            yield piece
            if piece.end:
                return
            number, head = piece.number, piece.head


def _anchored(piece: Checked, before: int, head: str, anchors: Mapping[int, str]) -> Checked:
    """Return a piece as far as it agrees with the anchors; at its end, none may lie beyond it."""
    for at, found in enumerate(piece.hashes, start=before + 1):
        if anchors.get(at, found) != found:
            reason = f"entry {at} is not the one that is known elsewhere"
            good = piece.hashes[: at - before - 1]
            return Checked(number=at - 1, head=(head, *good)[-1], hashes=good, end=True, broken_at=at, reason=reason)
    beyond = max(anchors, default=0)
    if piece.end and piece.broken_at is None and beyond > piece.number:
        reason = f"entries up to {beyond} are known elsewhere and missing here"
        return piece.model_copy(update={"broken_at": piece.number + 1, "reason": reason})
    return piece

"""Requests that happen once: the same key gives the same answer, and does nothing twice.

A person clicks again, a phone sends again when the answer was lost. The client gives each act a key of its own; the
reply is stored under it in the transaction of the act, so that even a kill -9 between the two leaves both or none.

* The same key with the same request: the stored reply.
* The same key with another request: refused, for somebody's program mixed up its keys.
* A refusal is not stored, nothing happened: the same request is judged anew.

Keys are kept for a day (assumption: nobody tries the same click again after that).
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from sqlalchemy import delete

from alerts.desk import Desk
from alerts.office import Office
from alerts.once_face import OnceRequest, OnceSubject
from alerts.schema import OnceReply
from alerts.service import AlertsService
from backbone.client import Backbone
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.ids import stable_id

T = TypeVar("T")
Reply = dict[str, Any]

KEPT_NS = 86_400 * NS_PER_S


@dataclass(slots=True)
class OnceOffice(Office):
    """An office whose one change is done once under a key."""

    key: str = ""
    request: str = ""

    async def change(self, work: Callable[[Desk], T]) -> T:
        """Do ``work``, or return what it gave before."""
        return await super(OnceOffice, self).change(lambda desk: self._once(desk, work))

    def _once(self, desk: Desk, work: Callable[[Desk], T]) -> T:
        known = desk.session.get(OnceReply, self.key)
        if known is not None:
            if known.request != self.request:
                raise RefusedError("该幂等键已用于另一请求 / this Idempotency-Key was used for another request")
            stored: T = json.loads(known.reply)
            return stored
        result = work(desk)
        desk.session.execute(delete(OnceReply).where(OnceReply.at_ns < desk.now_ns - KEPT_NS))
        desk.session.add(OnceReply(key=self.key, request=self.request, reply=json.dumps(result), at_ns=desk.now_ns))
        return result


class OnceService:
    """``svc.alerts.once``: the actions of `AlertsService`, each under a key."""

    def __init__(self, office: Office, backbone: Backbone, signing_key: bytes) -> None:
        """Serve ``office`` on ``backbone``."""
        self._office = office
        self._backbone = backbone
        self._signing_key = signing_key

    async def serve(self) -> None:
        """Answer until the connection closes."""
        await self._backbone.serve(OnceSubject.DO.value, self.do)

    async def do(self, body: Reply) -> Reply:
        """Do an action once."""
        request = OnceRequest.model_validate(body)
        office = OnceOffice(
            **{part.name: getattr(self._office, part.name) for part in fields(Office)},
            key=stable_id("once", request.key),
            request=stable_id(request.action, json.dumps(_what(request.body), sort_keys=True)),
        )
        act: Callable[[Reply], Awaitable[Reply]] = getattr(
            AlertsService(office, self._signing_key), request.action.value
        )
        return await act(request.body)


def _what(body: Reply) -> Reply:
    """Return what is asked for: with the second person's name, and without the proof, which is new each time.

    Whose account it is stands in the key; without it a request is the same before and after accounts were told.
    """
    what = {name: value for name, value in body.items() if name != "account"}
    second = body.get("second")
    return {**what, "second": second.get("by")} if isinstance(second, dict) else what

"""`svc.alerts.subscriptions.*` as the phone page sees it: what may be subscribed to, subscribing, and ending it.

Every request carries a signed answer link: who holds it may have their browser pushed to for the person it is for.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from alerts.face import LinkRequest, Model
from backbone.client import Backbone
from domain.ids import Token

MOST_ENDPOINT = 1000
"""Characters of an endpoint; the longest seen (Windows) have some 600."""

Endpoint = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=MOST_ENDPOINT)]
P256dh = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{87}=?$")]
Auth = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}={0,2}$")]


class SubscriptionsSubject(StrEnum):
    """Where the service answers."""

    OFFER = "svc.alerts.subscriptions.offer"
    ADD = "svc.alerts.subscriptions.add"
    REMOVE = "svc.alerts.subscriptions.remove"


class Offer(Model):
    """What the person of a link may subscribe to; ``channel`` None: nothing, their list has no Web Push."""

    person: Token
    channel: Token | None = None
    public_key: str | None = Field(default=None, description="VAPID, base64url: what a browser subscribes with")
    browsers: int = Field(default=0, description="how many are subscribed now")


class AddRequest(LinkRequest):
    """A browser's subscription, as ``PushSubscription.toJSON()`` gives it."""

    endpoint: Endpoint
    p256dh: P256dh = Field(repr=False)
    auth: Auth = Field(repr=False)


class RemoveRequest(LinkRequest):
    """A browser that is not to be pushed to any more."""

    endpoint: Endpoint


class SubscriptionsFace:
    """Typed client. Raises RefusedError with the reason, LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def offer(self, token: str) -> Offer:
        """Return what the person of a link may subscribe to."""
        return Offer.model_validate(await self._ask(SubscriptionsSubject.OFFER, LinkRequest(token=token)))

    async def add(self, request: AddRequest) -> Offer:
        """Push to this browser from now on."""
        return Offer.model_validate(await self._ask(SubscriptionsSubject.ADD, request))

    async def remove(self, request: RemoveRequest) -> Offer:
        """Push to this browser no more."""
        return Offer.model_validate(await self._ask(SubscriptionsSubject.REMOVE, request))

    async def _ask(self, subject: SubscriptionsSubject, request: Model) -> Any:
        return await self._backbone.request(subject.value, request.model_dump(mode="json", exclude_none=True))

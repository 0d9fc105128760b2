"""`svc.alerts.subscriptions.*`: phones that subscribe to pushes through their answer link."""

from __future__ import annotations

from typing import Any

from alerts import subscriptions
from alerts.channels.web_push import public_key
from alerts.desk import Desk
from alerts.face import LinkRequest
from alerts.links import verify_token
from alerts.office import Office
from alerts.subscriptions_face import AddRequest, Offer, RemoveRequest, SubscriptionsSubject
from backbone.client import Backbone
from domain.errors import RefusedError
from domain.site.channels import WebPushSettings

Reply = dict[str, Any]

NOTHING = "此人员的通知渠道中没有网页推送 / this person's channels have no Web Push"


class SubscriptionsService:
    """Handlers over an office."""

    def __init__(self, office: Office, signing_key: bytes) -> None:
        """Serve ``office``; ``signing_key`` is that of the answer links."""
        self._office = office
        self._signing_key = signing_key

    async def serve(self, backbone: Backbone) -> None:
        """Answer until the connection closes."""
        await backbone.serve(SubscriptionsSubject.OFFER.value, self.offer)
        await backbone.serve(SubscriptionsSubject.ADD.value, self.add)
        await backbone.serve(SubscriptionsSubject.REMOVE.value, self.remove)

    async def offer(self, body: Reply) -> Reply:
        """Say what the person of a link may subscribe to."""
        request = LinkRequest.model_validate(body)
        return await self._office.database.read(lambda session: self._offer(self._office.desk(session), request.token))

    async def add(self, body: Reply) -> Reply:
        """Take a browser."""
        request = AddRequest.model_validate(body)

        def work(desk: Desk) -> Reply:
            person, channel = self._of_link(desk, request.token)
            if channel is None or self._key(channel) is None:
                raise RefusedError(NOTHING)
            subscriptions.subscribe(
                desk, person, channel, endpoint=request.endpoint, p256dh=request.p256dh, auth=request.auth
            )
            return self._offer(desk, request.token)

        return await self._office.change(work)

    async def remove(self, body: Reply) -> Reply:
        """Let a browser go."""
        request = RemoveRequest.model_validate(body)

        def work(desk: Desk) -> Reply:
            person, channel = self._of_link(desk, request.token)
            if channel is not None:
                subscriptions.unsubscribe(desk, person, channel.id, request.endpoint)
            return self._offer(desk, request.token)

        return await self._office.change(work)

    def _offer(self, desk: Desk, token: str) -> Reply:
        person, channel = self._of_link(desk, token)
        key = self._key(channel) if channel is not None else None
        if channel is None or key is None:
            return Offer(person=person).model_dump(mode="json")
        browsers = subscriptions.count(desk, person, channel.id)
        return Offer(person=person, channel=channel.id, public_key=public_key(key), browsers=browsers).model_dump(
            mode="json"
        )

    def _of_link(self, desk: Desk, token: str) -> tuple[str, WebPushSettings | None]:
        """Return the person of a link, and the first Web Push of their list; raises RefusedError for a bad link."""
        name = verify_token(token, self._signing_key, desk.now_ns).person
        person = desk.directory.person(name)
        wanted = [desk.directory.channels.get(channel) for channel in (person.channels if person else ())]
        return name, next((one for one in wanted if isinstance(one, WebPushSettings)), None)

    def _key(self, channel: WebPushSettings) -> str | None:
        return channel.key or self._office.aids.vapid_key

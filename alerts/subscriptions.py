"""Browsers that people are pushed to: kept in the database, removed when their push service forgets them.

A browser subscribes through a signed answer link and belongs to the person of that link. Each coming and going is in
the audit with the push service's host; the address itself, and the keys, are secrets and are in no reply and no log.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from sqlalchemy import Select, select

from alerts.channels.contract import Subscription
from alerts.channels.web_push import check_endpoint
from alerts.desk import Desk
from alerts.office import Office
from alerts.schema import PushSubscription
from domain.clock import NS_PER_S
from domain.errors import RefusedError, StoreError
from domain.ids import stable_id
from domain.site.channels import WebPushSettings

log = logging.getLogger(__name__)

MOST_BROWSERS = 5
"""Browsers of one person on one channel; a further one takes the place of the one that was longest without a message.
Assumption: a phone, a tablet, a desk, and two that were forgotten."""

SEEN_NS = 60 * NS_PER_S
"""A browser that took a message is noted at most so often."""


class SubscriptionBook:
    """What `WebPushChannel` asks, over the database of the record."""

    def __init__(self, office: Office) -> None:
        """Read and write through ``office``."""
        self._office = office

    async def of(self, person: str, channel: str) -> Sequence[Subscription]:
        """Return the browsers of a person on a channel, newest first; raises StoreError."""
        query = _living(person, channel).order_by(PushSubscription.created_ns.desc())
        found = await self._office.database.read(lambda session: session.scalars(query).all())
        return [Subscription(one.id, one.endpoint, one.p256dh, one.auth) for one in found]

    async def worked(self, subscription: str) -> None:
        """Note that a push service took a message; without the database the message went all the same."""

        def work(desk: Desk) -> None:
            found = desk.session.get(PushSubscription, subscription)
            if found is not None and (found.last_ok_ns or 0) + SEEN_NS < desk.now_ns:
                found.last_ok_ns = desk.now_ns

        await self._try(work)

    async def gone(self, subscription: str, reason: str) -> None:
        """Remove one that its push service no longer knows."""

        def work(desk: Desk) -> None:
            found = desk.session.get(PushSubscription, subscription)
            if found is not None and found.removed_ns is None:
                remove(desk, found, reason)

        await self._try(work)

    async def _try(self, work: Callable[[Desk], None]) -> None:
        try:
            await self._office.change(work)
        except StoreError as error:
            self._office.fail("push subscriptions", error)


def subscribe(
    desk: Desk, person: str, channel: WebPushSettings, *, endpoint: str, p256dh: str, auth: str
) -> PushSubscription:
    """Take a browser; raises RefusedError for an address or keys that are none. Taking it again renews it."""
    check_endpoint(endpoint, channel.services)
    _check_keys(p256dh, auth)
    name = stable_id("push-subscription", channel.id, endpoint)
    found = desk.session.get(PushSubscription, name)
    if found is None:
        found = PushSubscription(id=name, channel=channel.id, endpoint=endpoint)
        desk.session.add(found)
    elif found.removed_ns is None and found.person != person:
        remove(desk, found, f"the browser is now pushed to for {person}")
    found.person, found.p256dh, found.auth = person, p256dh.rstrip("="), auth.rstrip("=")
    found.created_ns, found.last_ok_ns, found.removed_ns, found.removed_why = desk.now_ns, None, None, None
    desk.session.flush()
    desk.write(None, "push_subscribed", actor=person, channel=channel.id, host=host_of(endpoint))
    _make_room(desk, person, channel.id)
    return found


def unsubscribe(desk: Desk, person: str, channel: str, endpoint: str) -> None:
    """Remove a browser of a person; one that is not theirs, or not there, is left alone."""
    found = desk.session.get(PushSubscription, stable_id("push-subscription", channel, endpoint))
    if found is not None and found.person == person and found.removed_ns is None:
        remove(desk, found, "unsubscribed on the phone", actor=person)


def remove(desk: Desk, found: PushSubscription, reason: str, *, actor: str = "system") -> None:
    """Push there no more."""
    found.removed_ns, found.removed_why = desk.now_ns, reason[:200]
    desk.write(
        None,
        "push_unsubscribed",
        actor=actor,
        person=found.person,
        channel=found.channel,
        host=host_of(found.endpoint),
        reason=reason[:200],
    )


def count(desk: Desk, person: str, channel: str) -> int:
    """Return how many browsers a person has on a channel."""
    return len(desk.session.scalars(_living(person, channel)).all())


def host_of(endpoint: str) -> str:
    """Return the push service of an address."""
    return urlsplit(endpoint).hostname or ""


def _living(person: str, channel: str) -> Select[PushSubscription]:
    return select(PushSubscription).where(
        PushSubscription.person == person,
        PushSubscription.channel == channel,
        PushSubscription.removed_ns.is_(None),
    )


def _make_room(desk: Desk, person: str, channel: str) -> None:
    browsers = desk.session.scalars(_living(person, channel)).all()
    by_use = sorted(browsers, key=lambda one: one.last_ok_ns or one.created_ns, reverse=True)
    for old in by_use[MOST_BROWSERS:]:
        remove(desk, old, f"more than {MOST_BROWSERS} browsers")


def _check_keys(p256dh: str, auth: str) -> None:
    """Raise RefusedError unless the keys are a point of P-256 and 16 bytes (RFC 8291)."""
    try:
        point, secret = _decoded(p256dh), _decoded(auth)
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    except (ValueError, binascii.Error) as error:
        raise RefusedError("浏览器的密钥无效 / the browser's key is no key") from error
    if len(secret) != 16 or len(point) != 65:
        raise RefusedError("浏览器的密钥长度不对 / the browser's key has the wrong length")


def _decoded(text: str) -> bytes:
    bare = text.rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), b"-_", validate=True)

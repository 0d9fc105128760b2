"""What the outbox hands to a channel, and what a channel is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from alerts.channels.verdict import Verdict
from alerts.messages.words import Words

FIRE_SLOTS = 4
OTHER_SLOTS = 8
"""Messages on their way at one time, by lane; each lane has as many connections."""


@dataclass(frozen=True, slots=True)
class Push:
    """One message to one person, ready to go.

    ``key`` is the notification's id: the same at every repeat. ``body`` is what `alerts.notices` wrote, with the
    answer link as ``answer_url``; ``words`` is what a person reads of it. ``address`` is where the person is
    reached on this channel: a telephone number, a mail address, an id to be mentioned in a group; None for a
    channel that needs none. ``callback`` is where the platform may report to (`alerts.receipts`).
    """

    key: str
    fire: bool
    body: Mapping[str, Any]
    address: str | None = None
    words: Words = field(default_factory=Words)
    callback: str | None = None


@dataclass(frozen=True, slots=True)
class Subscription:
    """One browser that a person told us to push to (RFC 8030): where, and the keys that it decrypts with (RFC 8291)."""

    id: str
    endpoint: str
    p256dh: str
    auth: str


class Subscriptions(Protocol):
    """Who may be reached by Web Push, kept by the alerts service."""

    async def of(self, person: str, channel: str) -> Sequence[Subscription]:
        """Return the browsers of a person on a channel, newest first."""
        ...

    async def worked(self, subscription: str) -> None:
        """Note that a push service took a message for it."""
        ...

    async def gone(self, subscription: str, reason: str) -> None:
        """Remove one that its push service no longer knows."""
        ...


@dataclass(frozen=True, slots=True)
class Aids:
    """What the process lends to channels that need more than their settings."""

    subscriptions: Subscriptions | None = None
    vapid_key: str | None = field(default=None, repr=False)


class Channel(Protocol):
    """A way out. `send` is one try: bounded in time, and it never raises for what the other side does."""

    async def send(self, push: Push, *, now_s: int) -> Verdict:
        """Try once at the time ``now_s`` (seconds since 1970)."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...

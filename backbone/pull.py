"""Pulling from a JetStream consumer continuously.

A request is always outstanding, so a message arrives when it is stored, not when somebody asks next.

One `Pull` is one subscription on one consumer. It hands on raw deliveries and says when it can't be
trusted any more (`broken`): consumer deleted, link lost in between, heartbeats missing. Whoever owns
it then makes a new consumer where the old one stopped.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError

EXPIRES_S = 30.0
HEARTBEAT_S = 1.0
NS = 1_000_000_000

HEARTBEAT, EXPIRED = "100", "408"
"""Statuses that lose nothing: a sign of life, and a request whose time is over."""


class Pull:
    """Deliveries of one consumer, in order of arrival."""

    def __init__(self, client: Client, stream: str, consumer: str, *, window: int) -> None:
        """Keep up to ``window`` messages requested ahead."""
        self._client = client
        self._request_subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._window = window
        self._inbox = client.new_inbox()
        self._waiting: deque[Msg] = deque()
        self._arrived = asyncio.Event()
        self._outstanding = 0
        self._reconnects = client.stats["reconnects"]
        self._last_sign = 0.0
        self._subscription: Subscription | None = None
        self.broken: str | None = None

    async def start(self) -> None:
        """Subscribe and ask for the first messages."""
        self._subscription = await self._client.subscribe(
            self._inbox, cb=self._on_message, pending_msgs_limit=-1, pending_bytes_limit=-1
        )
        self._sign()
        await self._ask()

    async def stop(self) -> None:
        """Unsubscribe; deliveries not taken yet are the caller's to forget."""
        if self._subscription is not None and self._client.is_connected:
            try:
                await self._subscription.unsubscribe()
            except NatsError:
                return  # the link went away first, and the subscription with it

    def untaken(self) -> list[Msg]:
        """Return the deliveries that nobody took, and forget them."""
        left = list(self._waiting)
        self._waiting.clear()
        return left

    async def take(self, most: int, wait_s: float) -> list[Msg]:
        """Return 1..``most`` deliveries, or none when ``wait_s`` passes or the pull is `broken`."""
        if not self._waiting and self.broken is None:
            self._arrived.clear()
            try:
                async with asyncio.timeout(wait_s):
                    await self._arrived.wait()
            except TimeoutError:
                self._check_signs()
                return []
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        if self.broken is None and self._outstanding <= self._window // 2:
            await self._ask()
        return taken

    async def _ask(self) -> None:
        count = self._window - self._outstanding
        body = {"batch": count, "expires": round(EXPIRES_S * NS), "idle_heartbeat": round(HEARTBEAT_S * NS)}
        self._outstanding += count
        try:
            await self._client.publish(self._request_subject, json.dumps(body).encode(), reply=self._inbox)
        except NatsError as error:
            self._break(f"can't ask: {error}")

    async def _on_message(self, message: Msg) -> None:
        self._sign()
        status = message.headers.get("Status") if message.headers and not message.reply.startswith("$JS.ACK") else None
        if status is None:
            self._outstanding = max(0, self._outstanding - 1)
            self._waiting.append(message)
            self._arrived.set()
        elif status == EXPIRED:
            self._outstanding = max(0, self._outstanding - _left(message, self._outstanding))
            await self._ask_if_idle()
        elif status != HEARTBEAT:
            description = message.headers.get("Description", "") if message.headers else ""
            self._break(f"{status} {description}")

    async def _ask_if_idle(self) -> None:
        if self.broken is None and self._outstanding <= self._window // 2:
            await self._ask()

    def _sign(self) -> None:
        self._last_sign = asyncio.get_running_loop().time()

    def _check_signs(self) -> None:
        """Call the pull broken when heartbeats stopped or the link was lost since it began."""
        if self._client.stats["reconnects"] != self._reconnects:
            self._break("the link was lost in between")
        elif asyncio.get_running_loop().time() - self._last_sign > 3 * HEARTBEAT_S:
            self._break("no heartbeat")

    def _break(self, reason: str) -> None:
        self.broken = reason
        self._arrived.set()


def _left(message: Msg, fallback: int) -> int:
    """Return how many messages an expired request had still to get."""
    text = message.headers.get("Nats-Pending-Messages") if message.headers else None
    return int(text) if text and text.isdigit() else fallback

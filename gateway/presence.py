"""The gateway's presence: an MQTT connection whose will is the NDEATH.

When the gateway or its link dies, the server says so in the gateway's name. Every new connection is a
new session: bdSeq + 1, kept in the spool's file so that it outlives a restart. Telemetry itself does
not travel here (see `gateway.session`); where the MQTT listener can't be reached the gateway delivers
all the same, only its death will then be noticed by silence. A listener that goes away takes the session with it,
for the server publishes the will: while the backbone is linked otherwise the gateway is born again at once, under the
next bdSeq and without a will, and once more when the listener is back. No data wait for that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import aiomqtt

from backbone.credentials import Credentials
from backbone.sparkplug import encode_death
from backbone.tls import TlsError, TlsFiles
from domain.cancellation import heed_cancellation
from gateway.backoff import Backoff
from gateway.nodes import Nodes
from gateway.session import Voice
from gateway.spool import Spool

log = logging.getLogger(__name__)

KEEPALIVE_S = 5
"""The server takes the gateway for dead after 1.5 times this (MQTT 3.1.1, 3.1.2.10)."""

PATIENCE_S = 5.0
"""How long data waits for the will to be in place before it goes without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttListener:
    """Where the backbone speaks MQTT."""

    host: str
    port: int
    credentials: Credentials | None
    tls: TlsFiles | None = None
    """As for the backbone itself; without any file the listener is spoken to in clear."""


class Presence:
    """Keeps one session open at a time, with its will, for ever."""

    def __init__(self, nodes: Nodes, voice: Voice, spool: Spool, listener: MqttListener) -> None:
        """Nothing is connected before `run`."""
        self._nodes = nodes
        self._voice = voice
        self._session = nodes.own
        self._spool = spool
        self._listener = listener

    async def run(self, linked: Callable[[], bool]) -> None:
        """Connect, give birth, hold on; ``linked`` tells whether the backbone can be reached otherwise."""
        loop = asyncio.get_running_loop()
        backoff = Backoff(first_s=0.3, longest_s=5.0)
        alone_since_s = loop.time()
        while True:
            bd_seq = await self._next_session()
            try:
                async with self._client(bd_seq) as client:
                    heed_cancellation()
                    backoff.reset()
                    await self._open(bd_seq)
                    await self._hold(client)
            except (aiomqtt.MqttError, TlsError) as error:
                if self._voice.alive.is_set() and self._session.bd_seq == bd_seq:
                    log.warning("presence lost: %s", error)
                    alone_since_s = loop.time()
                    if linked():
                        await self._session.birth(await self._next_session())
                    else:
                        self._voice.alive.clear()
            if not self._voice.alive.is_set() and linked() and loop.time() - alone_since_s > PATIENCE_S:
                log.warning("no presence at %s:%d: delivering without a will", self._listener.host, self._listener.port)
                await self._open(bd_seq)
            await asyncio.sleep(backoff.next_s())

    async def _open(self, bd_seq: int) -> None:
        """Give birth; the nodes that are hosted follow."""
        await self._session.birth(bd_seq)
        self._voice.alive.set()
        self._nodes.repeat_births()

    async def _next_session(self) -> int:
        return await self._spool.count("bd_seq") % 256

    def _client(self, bd_seq: int) -> aiomqtt.Client:
        listener = self._listener
        will = aiomqtt.Will(
            f"spBv1.0/{self._session.unit}/NDEATH/{self._session.node}",
            encode_death(bd_seq, self._voice.clock.now_ns()),
            qos=1,
        )
        return aiomqtt.Client(
            listener.host,
            listener.port,
            username=listener.credentials.user if listener.credentials else None,
            password=listener.credentials.password if listener.credentials else None,
            identifier=f"fengsui-presence-{self._session.unit}-{self._session.node}",
            will=will,
            keepalive=KEEPALIVE_S,
            timeout=PATIENCE_S,
            tls_context=listener.tls.context() if listener.tls else None,
        )

    @staticmethod
    async def _hold(client: aiomqtt.Client) -> None:
        """Wait until the connection ends; nothing is subscribed, so no message ever comes."""
        async for _ in client.messages:
            pass

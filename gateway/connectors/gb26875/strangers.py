"""What happens to frames of transmitters that nobody registered: quarantine, and word of a fire.

By default they are not confirmed, for a confirm says that a centre took the information. Where the settings
want a confirm, the frame is kept as a dead letter first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from domain.clock import Clock
from gateway.connectors.contract import MOST_RAW_BYTES, DeadLetter
from gateway.connectors.gb26875 import centre
from gateway.connectors.gb26875.access_device import AccessDevice
from gateway.connectors.gb26875.fire import says_fire
from gateway.connectors.gb26875.intake import Aside
from gateway.connectors.gb26875.mapping import Harvest
from gateway.connectors.gb26875.objects import decode_unit
from gateway.connectors.gb26875.profile import address_text
from gateway.connectors.gb26875.profiles import STANDARD
from gateway.connectors.gb26875.protocol import Command, Frame, Received
from gateway.connectors.gb26875.quarantine import FIRE_AGAIN_S, Quarantine, Stranger
from gateway.connectors.gb26875.session import Line

SENT_BY_DEVICES = (Command.SEND, 7, 254)
"""Commands that a confirm answers: upload, and the two heartbeats that are not in the standard."""


class Strangers:
    """Takes frames of strangers; ``aside`` puts what must be stored into the next commit, if there is room."""

    def __init__(
        self,
        quarantine: Quarantine,
        device: AccessDevice,
        clock: Clock,
        *,
        connection: str,
        confirm: bool,
        now: Callable[[], datetime],
        aside: Callable[[Aside], bool],
    ) -> None:
        """``confirm``: tell them that we took it; ``now`` is local time."""
        self.quarantine = quarantine
        self._device = device
        self._clock = clock
        self._connection = connection
        self._confirm = confirm
        self._now = now
        self._aside = aside
        self._loop = asyncio.get_running_loop()

    def take(self, line: Line, event: Received) -> None:
        """Take a frame: count it, tell a fire, confirm it where that is wanted."""
        frame = event.frame
        unit = decode_unit(frame, STANDARD)
        stranger = self.quarantine.take(frame, event.raw, line.ip, unit.type, self._clock.now_ns())
        if says_fire(unit):
            self._tell_fire(stranger, line)
        if self._confirm and frame.command in SENT_BY_DEVICES:
            self._aside(Aside(lambda harvest: self._keep(harvest, event), lambda: self._answer(line, frame)))

    def _tell_fire(self, stranger: Stranger, line: Line) -> None:
        stranger.fire = True
        now_s = self._loop.time()
        if now_s - stranger.fire_told_s < FIRE_AGAIN_S:
            return
        address = address_text(stranger.address, STANDARD)
        text = f"地址 {address}，来自 {line.ip}:{line.port} / address {address}, from {line.ip}:{line.port}"
        if self._aside(Aside(lambda harvest: self._device.tell(harvest, {"stranger_fire": 1.0}, text))):
            stranger.fire_told_s = now_s

    def _keep(self, harvest: Harvest, event: Received) -> None:
        address = address_text(event.frame.source, STANDARD)
        harvest.letters.append(
            DeadLetter(
                time_ns=self._clock.now_ns(),
                connection=self._connection,
                reason="stranger",
                detail=f"address {address} is no transmitter of this connection",
                raw=event.raw[:MOST_RAW_BYTES],
            )
        )

    def _answer(self, line: Line, frame: Frame) -> None:
        line.send(centre.confirm(frame, self._now()).encode())

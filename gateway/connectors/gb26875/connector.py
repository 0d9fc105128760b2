"""The access server of one connection; see `gateway.connectors.contract.Connector` and the README beside this.

What outlives a closed port is here: the transmitters with their counts, the quarantine, the tally.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from domain.errors import RefusedError
from gateway.connectors.contract import Health, Sink, Wiring
from gateway.connectors.gb26875.access import Access, state_dir
from gateway.connectors.gb26875.config import Gb26875Settings
from gateway.connectors.gb26875.directory import Directory
from gateway.connectors.gb26875.quarantine import Quarantine
from gateway.connectors.gb26875.spelling import frame_words
from gateway.connectors.gb26875.tally import Tally


class Gb26875Connector:
    """Listens for transmitters; hosts each as a node of its own unit."""

    def __init__(self, wiring: Wiring) -> None:
        """Load what is known; opens the port in `run`. Raises ValueError for wiring without hosting."""
        if wiring.hosting is None or wiring.state_dir is None:
            raise ValueError(f"connection '{wiring.connection.id}' needs a hosting gateway and a folder for its state")
        self._wiring = wiring
        self._hosting = wiring.hosting
        self._settings = Gb26875Settings.model_validate(wiring.connection.settings)
        own = [one for one in wiring.transmitters if one.connection == wiring.connection.id]
        self._directory = Directory(own, self._settings.centre_address.to_bytes(6, "little"))
        self._quarantine = Quarantine(
            state_dir(wiring) / "strangers.json", is_known=lambda raw, ip: self._directory.find(raw, ip) is not None
        )
        self._tally = Tally()
        self._access: Access | None = None
        self.opened = asyncio.Event()
        """Set while the port is open."""

    @property
    def port(self) -> int:
        """The port that is open, 0 while none is."""
        return self._access.port if self._access is not None else 0

    async def run(self, sink: Sink) -> None:
        """Listen until cancelled; raises LinkError when the port can't be opened."""
        self._access = Access(
            self._wiring,
            self._settings,
            self._hosting,
            ZoneInfo(self._wiring.timezone),
            directory=self._directory,
            quarantine=self._quarantine,
            tally=self._tally,
        )
        try:
            await self._access.run(sink, self.opened)
        finally:
            self.opened.clear()
            self._access = None

    def health(self) -> Health:
        """Return counts; ``polls`` are frames of registered transmitters, ``missed`` those that found no room."""
        waiting, lines = (0, 0) if self._access is None else (self._access.waiting, self._access.lines)
        figures = self._tally.figures(self._directory, strangers=len(self._quarantine), lines=lines, waiting=waiting)
        return Health(
            ok=self.opened.is_set(),
            polls=self._tally.frames,
            missed=self._tally.errors["overrun"],
            errors=self._tally.all_errors(),
            figures=figures,
        )

    def spell(self, raw: bytes, peer: str, *, out: bool) -> tuple[str, str]:
        """Say in words what bytes of a line are."""
        del peer, out  # a frame says itself what it is
        return frame_words(raw)

    async def command(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what people ask; raises RefusedError while the port is closed, ValueError for nonsense."""
        if self._access is None or not self.opened.is_set():
            raise RefusedError(f"connection '{self._wiring.connection.id}' does not listen now", retryable=True)
        return await self._access.command(request)

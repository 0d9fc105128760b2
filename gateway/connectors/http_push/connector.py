"""The endpoint of one platform; see `gateway.connectors.contract.Connector` and the README beside this.

What outlives a closed port is here: the devices with the times they have used, the counts, who is unregistered.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import Counter
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from backbone.services import NOT_FOUND
from backbone.tls import TlsError, server_context
from domain.errors import LinkError, RefusedError
from domain.site import Device
from gateway.connectors.contract import MOST_RAW_BYTES, DeadLetter, Health, Sink, Wiring
from gateway.connectors.http_push.config import HttpPushOptions, HttpPushSettings
from gateway.connectors.http_push.door import Door
from gateway.connectors.http_push.findings import exposure
from gateway.connectors.http_push.intake import Intake, Outcome
from gateway.connectors.http_push.protocol import BodyError, EnvelopeReader
from gateway.connectors.json_decoder import MessageDecoder, fields_of
from gateway.connectors.json_listener import Listener, Timekeeper
from gateway.connectors.text_words import text_words
from gateway.connectors.unregistered import Unregistered

log = logging.getLogger(__name__)

SHUTDOWN_S = 2.0
"""How long requests that are being answered have when the gateway stops."""


class HttpPushConnector:
    """Listens for one platform's messages."""

    def __init__(self, wiring: Wiring) -> None:
        """Compile the decoders; opens the port in `run`."""
        self._wiring = wiring
        self._settings = HttpPushSettings.model_validate(wiring.connection.settings)
        limits = self._settings.limits
        self._reader = EnvelopeReader(
            self._settings.envelope,
            connection=wiring.connection.id,
            zone=ZoneInfo(wiring.timezone),
            messages=limits.messages,
            depth=limits.depth,
        )
        decoders: dict[str, MessageDecoder] = {}
        self._listeners: dict[str, Listener] = {}
        for device in wiring.devices:
            decoder = decoders.setdefault(device.profile.profile, _decoder(device))
            rows = wiring.table.of_device(wiring.unit, device.settings.id).tolist()
            self._listeners[str(device.settings.address)] = Listener(device.settings.id, decoder, rows)
        self._errors: Counter[str] = Counter()
        self._unregistered = Unregistered()
        self._requests = 0
        self._stored = 0
        self.port = 0
        """The port that is open, 0 while none is."""
        self.opened = asyncio.Event()
        """Set while the port is open."""

    def health(self) -> Health:
        """Return counts; ``polls`` are requests with a token."""
        figures = {"unregistered": float(len(self._unregistered)), "stored": float(self._stored)}
        return Health(ok=self.opened.is_set(), polls=self._requests, errors=dict(self._errors), figures=figures)

    def spell(self, raw: bytes, peer: str, *, out: bool) -> tuple[str, str]:
        """Return a body as the text that it is."""
        del peer, out  # the path stands beside it
        return text_words(raw)

    async def command(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Show who pushes and is no device here; raises RefusedError for anything else."""
        if request.get("command") != "unregistered":
            raise RefusedError("http_push takes the command 'unregistered' only", code=NOT_FOUND)
        return {"unregistered": self._unregistered.documents()}

    async def run(self, sink: Sink) -> None:
        """Listen until cancelled; raises LinkError when the port can't be opened."""
        settings, times = self._settings, self._wiring.clock
        context = self._context()
        intake = Intake(
            self._wiring,
            self._reader,
            self._listeners,
            times=Timekeeper(times, settings.clock_tolerance_s, self._errors, late_s=settings.late_s),
            unregistered=self._unregistered,
            errors=self._errors,
            most_waiting=settings.limits.waiting,
        )
        door = Door(settings, lambda body: self._take(body, intake, sink), self._errors)
        runner = web.ServerRunner(door.server(), shutdown_timeout=SHUTDOWN_S)
        await runner.setup()
        try:
            await self._listen(runner, context)
            await intake.run(sink)
        finally:
            self.opened.clear()
            self.port = 0
            await runner.cleanup()

    def _context(self) -> ssl.SSLContext | None:
        settings = self._settings
        if settings.cert_file is None or settings.key_file is None:
            return None
        try:
            return server_context(settings.cert_file, settings.key_file, settings.client_ca_file)
        except TlsError as error:
            self._errors[error.code] += 1
            raise

    async def _listen(self, runner: web.ServerRunner, context: ssl.SSLContext | None) -> None:
        settings = self._settings
        try:
            await web.TCPSite(runner, settings.host, settings.port, ssl_context=context).start()
        except OSError as error:
            raise LinkError(f"can't listen on {settings.host}:{settings.port}: {error.strerror or error}") from error
        exposed = exposure(self._wiring.connection.id, settings)
        if exposed is not None:
            log.warning("%s", exposed)
        self.port = int(runner.addresses[0][1])
        self.opened.set()

    async def _take(self, body: bytes, intake: Intake, sink: Sink) -> Outcome:
        """Store a body; a request that can't be read at all leaves a dead letter too. Raises BodyError."""
        self._requests += 1
        if self._wiring.tap.is_on:
            self._wiring.tap.note(body, out=False, peer=self._settings.path)
        try:
            messages = self._reader.messages(body)
        except BodyError as error:
            await sink.dead_letter(
                DeadLetter(
                    time_ns=self._wiring.clock.now_ns(),
                    connection=self._wiring.connection.id,
                    reason=error.code,
                    detail=f"{error.at}: {error.detail}"[:500],
                    raw=body[:MOST_RAW_BYTES],
                )
            )
            raise
        outcome = await intake.put(messages)
        self._stored += outcome.stored
        return outcome


def _decoder(device: Device) -> MessageDecoder:
    """Compile a device's profile, which has been checked before."""
    options = HttpPushOptions.model_validate(device.profile.options)
    return MessageDecoder(options, fields_of(device.profile.points))

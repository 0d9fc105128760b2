"""The gateway's HTTP face: ``/healthz``, ``/readyz``, ``/metrics``; loopback unless the site says otherwise.

| path | answers | token |
|---|---|---|
| ``/healthz`` | 200, or 503 with what is stuck | never asked: it tells nothing else |
| ``/readyz`` | 200, or 503 with why; every connection, the spool and the uplink | where there is one |
| ``/metrics`` | Prometheus text | where there is one |

A port that is taken does not keep a gateway from reading: it is told in the log and tried again.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web

from domain.errors import StoreError
from domain.site.models import HttpSettings
from gateway.observing.metrics import exposition
from gateway.observing.observer import Observer
from gateway.observing.vitals import Vitals

log = logging.getLogger(__name__)

AGAIN_S = 10.0
ASK_S = 5.0
"""How long an answer may wait for the spool."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HttpFace:
    """Serves until cancelled; ``port`` is the one that it listens on, None before."""

    def __init__(self, settings: HttpSettings, observer: Observer, vitals: Vitals) -> None:
        """Nothing listens before `run`."""
        self._settings = settings
        self._observer = observer
        self._vitals = vitals
        self.port: int | None = None

    @property
    def where(self) -> str | None:
        """Return the address for the status document, None while nothing listens."""
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        return None if self.port is None else f"http://{host}:{self.port}"

    async def run(self) -> None:
        """Listen for ever."""
        app = web.Application(client_max_size=1024, middlewares=[self._guard])
        app.add_routes([web.get("/healthz", self._healthz), web.get("/readyz", self._readyz)])
        app.router.add_get("/metrics", self._metrics)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await self._listen(runner)
            await asyncio.Event().wait()
        finally:
            self.port = None
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        while True:
            try:
                await web.TCPSite(runner, self._settings.host, self._settings.port).start()
            except OSError as error:
                log.warning("no HTTP face at %s:%d: %s", self._settings.host, self._settings.port, error)
                await asyncio.sleep(AGAIN_S)
            else:
                self.port = runner.addresses[0][1]
                log.info("health and metrics at %s", self.where)
                return

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        token = self._settings.token
        if token is not None and request.path != "/healthz":
            given = request.headers.get("Authorization", "").encode()
            if not hmac.compare_digest(given, f"Bearer {token}".encode()):
                return web.Response(
                    status=401, text="a bearer token is needed\n", headers={"WWW-Authenticate": "Bearer"}
                )
        return await handler(request)

    async def _healthz(self, request: web.Request) -> web.StreamResponse:
        del request
        stuck = self._vitals.stuck()
        return web.json_response({"ok": not stuck, "stuck": stuck}, status=503 if stuck else 200)

    async def _readyz(self, request: web.Request) -> web.StreamResponse:
        del request
        why = self._vitals.unready()
        self._observer.look()
        document = {
            "ready": not why,
            "why": why,
            "uplink": "up" if self._observer.uplink.up else "down",
            "connections": {
                name: {"ok": one.ok, "lost": sorted(one.lost)} for name, one in self._observer.health().items()
            },
        }
        return web.json_response(document, status=503 if why else 200)

    async def _metrics(self, request: web.Request) -> web.StreamResponse:
        del request
        try:
            async with asyncio.timeout(ASK_S):
                snapshot = await self._observer.snapshot()
        except (StoreError, TimeoutError) as error:
            return web.Response(status=503, text=f"the spool does not answer: {error}\n")
        return web.Response(body=exposition(snapshot), headers={"Content-Type": CONTENT_TYPE})

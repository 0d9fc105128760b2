"""A push endpoint with two detectors, and a platform that is not ours to talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from domain.clock import Clock
from gateway.connectors.http_push.connector import HttpPushConnector
from tests.gateway.gateway_sites import connection, device, registry_of, wiring_of

TOKEN = "0123456789abcdef-token"  # noqa: S105  # made up for the tests
ENVELOPE = {"device": "IMEI", "time": "timestamp", "fields": "payload"}


def pushes(**settings: Any) -> dict[str, Any]:
    devices = [device("nb-1", "nbiot_smoke", "861428040004543"), device("nb-2", "nbiot_smoke", "861428040004544")]
    all_of = {"port": 0, "token": TOKEN, "envelope": ENVELOPE, **settings}
    return connection("cloud", "http_push", all_of, devices)


def make(clock: Clock | None = None, **settings: Any) -> HttpPushConnector:
    return HttpPushConnector(wiring_of(registry_of(pushes(**settings)), clock))


def message(smoke: int = 0, *, imei: Any = "861428040004543", ts: Any = None, **fields: Any) -> dict[str, Any]:
    stamp = int(time.time() * 1000) if ts is None else ts
    return {"IMEI": imei, "timestamp": stamp, "payload": {"smoke": smoke, "battery": 93, **fields}}


class Platform:
    """A client that posts with the right token unless told otherwise."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def push(self, body: Any, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {TOKEN}", **more.pop("headers", {})}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.client.post(more.pop("path", "/push"), content=content, headers=headers, **more)


@contextlib.asynccontextmanager
async def listening(connector: HttpPushConnector, sink: Any, **client: Any) -> AsyncIterator[Platform]:
    task = asyncio.create_task(connector.run(sink))
    scheme = "https" if "verify" in client else "http"
    opened = asyncio.create_task(connector.opened.wait())
    try:
        async with asyncio.timeout(40):
            await asyncio.wait({opened, task}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
        base = f"{scheme}://127.0.0.1:{connector.port}"
        async with httpx.AsyncClient(base_url=base, timeout=30, **client) as made:
            yield Platform(made)
    finally:
        opened.cancel()
        task.cancel()
        await asyncio.gather(task, opened, return_exceptions=True)


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(40):
        while not condition():
            await asyncio.sleep(0.01)

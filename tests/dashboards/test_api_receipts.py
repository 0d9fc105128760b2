"""``POST /receipts/{channel}`` of a running console: signed by the channel, small, not too often."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from alerts.channels.webhook import signature
from alerts.face import AlertsFace
from dashboards.api.receipts import MOST_ADDRESSES, WINDOW_S, Allowance
from tests.dashboards.control_room import ControlRoom, control_room

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    async with control_room(tmp_path_factory.mktemp("receipts")) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def http(room: ControlRoom) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=room.console.url, timeout=15) as client:
        yield client


def secret_of(room: ControlRoom) -> tuple[str, str]:
    """Return a channel of the room that reports, and its secret."""
    return next((one.id, one.secret) for one in room.registry.site.channels if getattr(one, "secret", None))


async def post(http: httpx.AsyncClient, channel: str, secret: str, content: bytes) -> httpx.Response:
    stamp = int(time.time())
    headers = {"X-Fengsui-Timestamp": str(stamp), "X-Fengsui-Signature": signature(secret, stamp, content)}
    return await http.post(f"/receipts/{channel}", content=content, headers=headers)

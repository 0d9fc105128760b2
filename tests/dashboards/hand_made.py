"""Events made by hand, as somebody would who uses not our page but its live connection: for what must be refused."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from playwright.async_api import Page

LISTENERS = """(type) => Object.entries(mounted_app.elements).flatMap(([id, element]) =>
    (element.events ?? [])
      .filter((one) => one.type === type)
      .map((one) => ({ id: Number(id), listener: one.listener_id })))"""

SEND = """({ id, listener, args, client, times }) => {
    for (let i = 0; i < times; i++)
      window.socket.emit("event", { id, client_id: client ?? window.clientId, listener_id: listener, args });
  }"""


async def listeners(page: Page, kind: str) -> list[dict[str, Any]]:
    """Return the elements of a page that listen to a kind of event, with the listener's id."""
    found: list[dict[str, Any]] = await page.evaluate(LISTENERS, kind)
    return found


async def send(page: Page, listener: dict[str, Any], *args: Any, client: str | None = None, times: int = 1) -> None:
    """Send an event over a page's connection; ``client``: in the name of another page."""
    made = [json.dumps(one) for one in args]
    await page.evaluate(SEND, {**listener, "args": made, "client": client, "times": times})


async def act(page: Page, row: str, action: str) -> None:
    """Send an act on a row to everything on a page that takes acts, once there is something."""
    async with asyncio.timeout(20):
        while not (found := await listeners(page, "act")):
            await asyncio.sleep(0.1)
    for one in found:
        await send(page, one, {"id": row, "action": action})

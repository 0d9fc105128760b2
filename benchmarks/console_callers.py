"""Browsers that only listen: each loads the page and holds its websocket, as a hundred open screens would.

`python -m benchmarks.console_callers URL COUNT` prints ``ready`` when all are connected, then, at the end of its
input, what they received. They speak engine.io themselves and count bytes instead of drawing, so that the processor is
the console's: what a browser costs its own machine is no matter of ours.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

ACK_S = 1.0
AT_ONCE = 4
CLIENT = re.compile(r"client_id['\"]: ?['\"]([0-9a-f-]{36})")
NUMBER = re.compile(r'"_id":(\d+)')


@dataclass(slots=True)
class Heard:
    """What all callers received, and how often one was cut off."""

    frames: int = 0
    bytes: int = 0
    cut: int = 0


async def call(session: aiohttp.ClientSession, url: str, heard: Heard, connected: asyncio.Semaphore) -> None:
    """Load the page, open its websocket, answer pings, acknowledge what comes."""
    async with connected:
        page = await (await session.get(url)).text()
        client = CLIENT.findall(page)[-1]
        query = {"client_id": client, "tab_id": "t", "document_id": "d", "next_message_id": 0}
        asked = urlencode({**query, "implicit_handshake": "true", "EIO": "4", "transport": "websocket"})
        socket = await session.ws_connect(f"{url}_nicegui_ws/socket.io/?{asked}", max_msg_size=0)
        await socket.receive()
        await socket.send_str("40")
        await socket.receive()
    print("in", flush=True)
    acked, newest = -1, -1
    loop = asyncio.get_running_loop()
    due = loop.time() + ACK_S
    async for message in socket:
        words = message.data
        heard.frames += 1
        heard.bytes += len(words)
        if words == "2":
            await socket.send_str("3")
        number = NUMBER.search(words, max(0, len(words) - 40))
        newest = int(number.group(1)) if number else newest
        if newest > acked and loop.time() > due:
            acked, due = newest, loop.time() + ACK_S
            said = json.dumps(["ack", {"client_id": query["client_id"], "next_message_id": newest + 1}])
            await socket.send_str(f"42{said}")
    heard.cut += 1


async def main(url: str, count: int) -> None:
    """Hold ``count`` callers until standard input ends."""
    heard, door = Heard(), asyncio.Semaphore(AT_ONCE)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        tasks = [asyncio.create_task(call(session, url, heard, door)) for _ in range(count)]
        await asyncio.to_thread(sys.stdin.read)
        for task in tasks:
            task.cancel()
        failed = [task for task in await asyncio.gather(*tasks, return_exceptions=True) if isinstance(task, Exception)]
    print(json.dumps({"frames": heard.frames, "bytes": heard.bytes, "cut": heard.cut + len(failed)}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

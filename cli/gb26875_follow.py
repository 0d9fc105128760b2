"""Following the frames of a running site: its gateway keeps the newest of each transmitter, and is asked for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cli.gb26875_heard import Heard
from cli.gb26875_service import GatewayFace
from cli.gb26875_stream import take_apart
from domain.errors import RefusedError

LOOK_S = 0.5
MOST_KEPT = 32
"""Frames that a gateway keeps of each transmitter."""

MOST_FOLLOWED = 50
"""Transmitters at once (assumption): more lines than these nobody reads."""


async def follow(face: GatewayFace, host: str, transmitter: str | None, tell: Callable[[Heard], None]) -> None:
    """Tell what is kept, then what comes, until cancelled.

    Raises RefusedError when the gateway hosts nobody of that name, or too many for one screen.
    """
    rows = await _followed(face, host, transmitter)
    newest: dict[str, int] = {}
    while True:
        for row in rows:
            key = f"{row['unit']}/{row['id']}"
            request = {"unit": row["unit"], "transmitter": row["id"], "connection": row.get("connection")}
            data = await face.ask(host, "frames", limit=MOST_KEPT, **request)
            told = _told(key, data.get("frames", ()), newest.get(key, 0))
            for heard in told:
                tell(heard)
            newest[key] = max([newest.get(key, 0), *(heard.time_ns for heard in told)])
        await asyncio.sleep(LOOK_S)


async def _followed(face: GatewayFace, host: str, transmitter: str | None) -> Sequence[Mapping[str, Any]]:
    if transmitter is not None:
        return [await face.transmitter(transmitter)]
    if host not in await face.hosts():
        raise RefusedError(f"网关 {host} 没有接入传输装置 / gateway {host} hosts no transmitters")
    answers = await face.rows("transmitters", "transmitters")
    rows = [row for row in answers.rows if row["host"] == host]
    if len(rows) > MOST_FOLLOWED:
        raise RefusedError(f"{len(rows)} 台装置，请选一台 / too many to follow: name one --transmitter")
    return rows


def _told(key: str, frames: Sequence[Mapping[str, Any]], after_ns: int) -> list[Heard]:
    """Return the frames that are newer than the last one told; the clock of the gateway orders them."""
    return [
        Heard(time_ns=int(one["time_ns"]), peer=key, event=found.event, out=one.get("direction") == "out")
        for one in frames
        if int(one["time_ns"]) > after_ns
        for found in take_apart(bytes.fromhex(str(one["hex"])))
    ]

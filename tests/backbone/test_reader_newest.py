"""A reader that begins with the newest message of each subject, and then misses nothing."""

from __future__ import annotations

import asyncio
from pathlib import Path

from backbone.layout import TELEMETRY
from backbone.subjects import telemetry
from tests.servers import connected, embedded_server


async def test_the_newest_of_each_subject_first_then_all_that_come(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        for number in range(3):
            for node in ("a", "b"):
                await backbone.publish(telemetry("u", "NDATA", node), f"{node}{number}".encode())
        await backbone.publish(telemetry("u", "NDEATH", "a"), b"gone")
        await backbone.publish(telemetry("u", "DDATA", "a", "d"), b"not asked for")
        subjects = [telemetry("*", kind, "*") for kind in ("NDATA", "NDEATH")]
        found: list[bytes] = []
        async with asyncio.timeout(40):
            batches = backbone.reader(TELEMETRY, subjects=subjects, newest=True)
            async for batch in batches:
                found += [message.data for message in batch]
                if len(found) == 3:
                    for payload in (b"a3", b"a4"):
                        await backbone.publish(telemetry("u", "NDATA", "a"), payload)
                if len(found) == 5:
                    break
            await batches.aclose()  # type: ignore[attr-defined]  # it is an async generator
    assert found == [b"a2", b"b2", b"gone", b"a3", b"a4"]

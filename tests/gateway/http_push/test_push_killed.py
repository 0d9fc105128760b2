"""What was answered 200 is on disk, whenever the gateway is killed; bytes that are no HTTP harm nobody."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

import httpx
import pytest

from backbone.server import free_ports
from backbone.sparkplug import decode_data
from domain.clock import SystemClock
from gateway.spool import Spool, SpoolLimits
from tests.gateway.gateway_sites import ListSink
from tests.gateway.http_push.push_desk import TOKEN, listening, make, message
from tests.servers import answering, require

CHILD = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.gateway.http_push.test_http_push import Spool, SpoolLimits, SystemClock, hosted

async def main():
    spool = await Spool.open(Path(sys.argv[3]), limits=SpoolLimits(), clock=SystemClock())
    await hosted({"port": int(sys.argv[2])}, spool).run(spool)

asyncio.run(main())
"""


async def test_what_was_answered_is_stored_once_through_kills(tmp_path: Path) -> None:
    path, port, start = tmp_path / "spool.sqlite", free_ports(1)[0], int(time.time() * 1000) - 100_000
    taken: set[int] = set()
    number = 0
    for _ in range(3):
        words = [sys.executable, "-c", CHILD, str(Path(__file__).parents[3]), str(port), str(path)]
        child = await asyncio.create_subprocess_exec(*words)
        await answering(port, 60)

        async def pushes() -> None:
            nonlocal number
            async with httpx.AsyncClient(timeout=20) as client:
                while True:
                    number += 1
                    stamp = start + number
                    headers = {"Authorization": f"Bearer {TOKEN}"}
                    body = message(number % 2, ts=stamp)
                    answer = await client.post(f"http://127.0.0.1:{port}/push", json=[body, body], headers=headers)
                    if answer.json().get("stored") == 1:
                        taken.add(stamp)

        busy = [asyncio.create_task(pushes()) for _ in range(4)]
        before = len(taken)
        async with asyncio.timeout(60):
            while len(taken) < before + 40:
                await asyncio.sleep(0.02)
        child.kill()
        await child.wait()
        for ended in await asyncio.gather(*busy, return_exceptions=True):
            assert isinstance(ended, httpx.HTTPError), ended
    spool = await Spool.open(path, limits=SpoolLimits(), clock=SystemClock())
    found: list[int] = []
    while rows := await spool.events(500):
        for row in rows:
            data = decode_data(row.body)
            found += [int(time_ns) // 1_000_000 for time_ns in data.time_ns]
    await spool.close()
    assert taken <= set(found)
    assert len(found) == len(set(found))


async def test_bytes_that_are_no_http_end_their_own_connection_only(caplog: pytest.LogCaptureFixture) -> None:
    made = random.Random(26875)  # a fixed story
    head = f"POST /push HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: 9\r\n\r\n".encode()
    sink = ListSink()
    async with listening(connector := make(limits={"head_s": 1, "body_s": 1}), sink) as platform:

        async def throw(data: bytes) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", connector.port)
            try:
                writer.write(data)
                writer.write_eof()
                async with asyncio.timeout(40):
                    await reader.read()
            except ConnectionError:
                return
            finally:
                writer.close()

        stories = [made.randbytes(made.randrange(1, 400)) for _ in range(60)]
        for _ in range(60):
            broken = bytearray(head + b'{"a": 1}\n')
            for _ in range(made.randrange(1, 6)):
                broken[made.randrange(len(broken))] = made.randrange(256)
            stories.append(bytes(broken))
        await asyncio.gather(*map(throw, stories))
        assert (await platform.push(message())).json()["stored"] == 1
    assert len(sink.of("nb-1/smoke")) == 1
    assert connector.health().errors["not_http"] > 10
    assert not [record for record in caplog.records if record.exc_info]  # no trace for each of them


@pytest.mark.parametrize("expect", [[], ["-H", "Expect: 100-continue"]])
async def test_curl_of_the_readme_is_answered_as_the_readme_says(expect: list[str]) -> None:
    curl = require("curl")
    body = (
        '[{"IMEI": "861428040004543", "timestamp": 1800000000123, "payload": {"smoke": 1, "battery": 93}},'
        '{"IMEI": "861428040009999", "timestamp": 1800000000456, "payload": {"smoke": 0, "battery": 88}}]'
    )
    async with listening(connector := make(), ListSink()):
        words = [curl, "-s", "-i", f"http://127.0.0.1:{connector.port}/push", "-H", f"Authorization: Bearer {TOKEN}"]
        child = await asyncio.create_subprocess_exec(
            *words, *expect, "-d", body, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        told = (await child.communicate())[0].decode()
    assert "HTTP/1.1 200 OK" in told
    assert told.endswith(
        '{"stored": 1, "copies": 0, "left": 0, "set_aside": {"count": 1, "first": [{"at": "[1]", "reason":'
        ' "unknown_device", "detail": "no device of this connection has the address \'861428040009999\'"}]}}'
    )

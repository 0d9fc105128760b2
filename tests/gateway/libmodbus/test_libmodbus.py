"""Our gateway reads a server made of libmodbus: a reading of the standard that is not our own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from domain.quality import GOOD, Reason
from gateway.connectors.modbus_tcp.connector import ModbusTcpConnector
from tests.gateway.gateway_sites import LABELS, ListSink, connection, device, registry_of, wiring_of
from tests.gateway.libmodbus.cable import serial_cable
from tests.servers import missing, require

SOURCE = Path(__file__).with_name("server.c")
UNIT = 5
FLOAT = 231.5

READS: dict[str, tuple[dict[str, Any], float]] = {
    "coil": ({"function": "coil", "address": 3}, 1.0),
    "coil_off": ({"function": "coil", "address": 4}, 0.0),
    "discrete": ({"function": "discrete", "address": 17}, 1.0),
    "input": ({"function": "input", "address": 7, "scale": 0.1}, 65.0),
    "holding": ({"address": 0, "scale": 0.1}, 20.5),
    "negative": ({"address": 1, "type": "i16"}, -40.0),
    "bits": ({"address": 2, "bits": [9, 10]}, 3.0),
    "abcd": ({"address": 10, "type": "f32", "order": "ABCD"}, FLOAT),
    "dcba": ({"address": 12, "type": "f32", "order": "DCBA"}, FLOAT),
    "badc": ({"address": 14, "type": "f32", "order": "BADC"}, FLOAT),
    "cdab": ({"address": 16, "type": "f32", "order": "CDAB"}, FLOAT),
    "i32": ({"address": 20, "type": "i32"}, -123456.0),
    "i64": ({"address": 24, "type": "i64"}, float(2**53 - 1)),
}
"""How each value is read, and what libmodbus was told to serve."""

BEYOND = {"id": "beyond", "labels": LABELS, "read": {"address": 70}}
TEXT = {"id": "name", "kind": "event", "labels": LABELS, "read": {"address": 30, "type": "text", "registers": 3}}
PROFILE = {
    "profile": "libmodbus",
    "protocol": "modbus_tcp",
    "kind": "server",
    "labels": LABELS,
    "source": "tests/gateway/libmodbus/server.c",
    "points": [*({"id": id_, "labels": LABELS, "read": read} for id_, (read, _) in READS.items()), TEXT, BEYOND],
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the server, built by the system's compiler against the system's libmodbus."""
    compiler, pkg_config = require("cc"), require("pkg-config")
    asked = subprocess.run([pkg_config, "--cflags", "--libs", "libmodbus"], capture_output=True, text=True, check=False)
    if asked.returncode:
        missing("libmodbus (libmodbus-dev)")
    built = tmp_path_factory.mktemp("libmodbus") / "server"
    command = [compiler, "-Wall", "-Wextra", "-Werror", "-o", str(built), str(SOURCE), *asked.stdout.split()]
    subprocess.run(command, check=True)
    return built


@contextlib.asynccontextmanager
async def serving(program: Path, *words: str) -> AsyncIterator[str]:
    """Run the server; gives the line that it says when it is ready."""
    process = await asyncio.create_subprocess_exec(program, *words, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(40):
            ready = (await process.stdout.readline()).decode().strip()
        yield ready
    finally:
        process.kill()
        await process.wait()


async def values_of(settings: dict[str, Any], until: Callable[[ListSink], bool]) -> ListSink:
    """Poll the server with the gateway's connector until enough has come."""
    line = connection("line", "modbus_tcp", {"timeout_s": 1.0, **settings}, [device("d", "libmodbus", UNIT)], 0.1)
    sink = ListSink()
    task = asyncio.create_task(ModbusTcpConnector(wiring_of(registry_of(line, profiles=[PROFILE]))).run(sink))
    try:
        async with asyncio.timeout(40):
            while not until(sink):
                await asyncio.sleep(0.01)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    return sink


def all_good(sink: ListSink) -> bool:
    """Tell whether each value came good at least once: until the refused register is known, its block fails whole."""
    return all(any(quality == GOOD for _, quality, _ in sink.of(f"d/{name}")) for name in READS)


def check(sink: ListSink) -> None:
    """Every value as libmodbus was told it; the register that it refuses is bad with the exception, and alone in it."""
    for name, (_, expected) in READS.items():
        assert {value for value, quality, _ in sink.of(f"d/{name}") if quality == GOOD} == {expected}, name
    assert {text for batch in sink.batches for text in batch.text.values()} == {"SN-42"}
    assert {(quality == GOOD, reason) for _, quality, reason in sink.of("d/beyond")} == {(False, Reason.EXCEPTION)}


async def test_every_table_type_and_order_over_tcp(program: Path) -> None:
    async with serving(program, "tcp") as port:
        check(await values_of({"host": "127.0.0.1", "port": int(port)}, all_good))


async def test_the_same_over_a_serial_line(program: Path) -> None:
    with serial_cable() as (ours, theirs):
        async with serving(program, "rtu", theirs) as said:
            assert said == "ready"
            check(await values_of({"transport": "serial", "device": ours, "baud": 9600}, all_good))


async def test_the_installers_commands_find_and_read_it(program: Path) -> None:
    async with serving(program, "tcp") as port:
        target = f"127.0.0.1:{port}"
        code, out = await modbus("scan", target, "--units", "5", "--json")
        assert (code, [one["unit"] for one in json.loads(out)]) == (0, [UNIT])
        code, out = await modbus("read", target, "--unit", "5", "--at", "16", "--count", "2", "--json")
        assert code == 0
        assert json.loads(out)[0]["orders"]["CDAB"]["f32"] == FLOAT


async def modbus(*words: str) -> tuple[int, str]:
    """Run ``fengsui modbus``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "modbus", *words), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return process.returncode or 0, out.decode()

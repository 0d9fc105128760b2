"""Real servers for tests: started on free loopback ports, stopped by their own process id."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

import pytest

from backbone.client import Backbone
from backbone.server import EmbeddedServer, free_ports
from backbone.server_config import GatewayUser

CHROMIUM = "/usr/bin/chromium"


def require(program: str) -> str:
    """Return the path of a server program; skip without it, fail where everything must be there."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if found is None:
        missing(program)
    return found


def missing(program: str) -> NoReturn:
    """Skip a test whose server is not there; fail where everything must be there."""
    reason = f"{program} is not installed"
    if os.environ.get("FENGSUI_REQUIRE_ALL") == "1":
        pytest.fail(f"{reason}, and FENGSUI_REQUIRE_ALL=1 asks for everything")
    pytest.skip(reason)


@asynccontextmanager
async def embedded_server(
    folder: Path, gateways: Sequence[tuple[str, str] | GatewayUser] = ()
) -> AsyncIterator[EmbeddedServer]:
    """Run an embedded nats-server with its files below ``folder``; gateways are named by unit and id."""
    users = [one if isinstance(one, GatewayUser) else GatewayUser(*one) for one in gateways]
    async with EmbeddedServer(folder / "nats", users) as server:
        yield server


@asynccontextmanager
async def connected(server: EmbeddedServer, name: str = "test", *, partitions: int = 4) -> AsyncIterator[Backbone]:
    """Connect as the service user, with all streams in place."""
    backbone = await Backbone.connect(
        server.url, credentials=server.credentials["service"], name=name, partitions=partitions
    )
    async with backbone:
        await backbone.ensure_streams()
        yield backbone


@asynccontextmanager
async def mosquitto(folder: Path, *more: str) -> AsyncIterator[int]:
    """Run a Mosquitto broker (MQTT 3.1.1 and 5) that lets anybody in; yields its loopback port.

    ``more`` are lines of its configuration, about its listener first.
    """
    program = require("mosquitto")
    port = free_ports(1)[0]
    kept = folder / f"mosquitto-{port}"
    kept.mkdir()
    config = kept / "mosquitto.conf"
    lines = [
        f"user {getpass.getuser()}", f"listener {port} 127.0.0.1", "allow_anonymous true", *more,
        "persistence true", f"persistence_location {kept}/",
    ]  # fmt: skip
    config.write_text("\n".join(lines) + "\n")
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await answering(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def answering(port: int, timeout_s: float = 60) -> None:
    """Wait until something listens on a loopback port."""
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
                continue
            writer.close()
            await writer.wait_closed()
            return

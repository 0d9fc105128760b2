"""UDP: senders can be made up, so that nobody takes room before a registered transmitter speaks from there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from simulators.gb26875.frames import Command, Frame, FrameReader
from tests.gateway.gateway_sites import UNIT
from tests.gateway.gb26875.access_servers import FIRE, Device, Server, calling, component, serving

SMOKE = f"{UNIT}/utd-fas/smoke"


@contextmanager
def door(server: Server) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setblocking(False)
        one.connect(("127.0.0.1", server.port))
        yield one


async def answer(one: socket.socket) -> Frame:
    async with asyncio.timeout(40):
        (frame,) = FrameReader().feed(await asyncio.get_running_loop().sock_recv(one, 2048))
    return frame


async def test_made_up_senders_take_no_room(tmp_path: Path) -> None:
    async with serving(tmp_path, transport="udp", limits={"connections": 3}) as server:
        with ExitStack() as stack:
            for _ in range(10):
                stack.enter_context(door(server)).send(b"@")
            stack.enter_context(door(server)).send(Device(4711).frame(component(FIRE)).encode())
            await server.until(lambda: server.figure("strangers") == 1)
            assert server.figure("lines") == 0
            device = stack.enter_context(door(server))
            device.send(Device().frame(component(FIRE)).encode())
            assert (await answer(device)).command == Command.CONFIRM
            assert server.desk.values(SMOKE) == [FIRE]
            assert server.figure("lines") == 1


async def test_when_all_room_is_taken_the_oldest_unknown_line_goes_for_a_newcomer(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, transport="both", limits={"connections": 2}) as server,
        calling(server) as oldest,
        calling(server) as idle,
    ):
        await server.until(lambda: server.figure("lines") == 2)
        with door(server) as device:
            device.send(Device().frame(component(FIRE)).encode())
            assert (await answer(device)).command == Command.CONFIRM
            await oldest.cut()
            assert server.errors()["cut_full"] == 1
            await server.until(lambda: server.figure("lines") == 2)
            async with calling(server) as newcomer:
                await idle.cut()
                assert (await newcomer.say()).command == Command.CONFIRM
                assert server.errors()["cut_full"] == 2


async def test_a_registered_sender_is_served_even_where_there_is_no_room_for_him(tmp_path: Path) -> None:
    async with serving(tmp_path, transport="both", limits={"connections": 1}) as server, calling(server) as known:
        await known.say()
        with door(server) as device:
            device.send(Device().frame(component(FIRE)).encode())
            assert (await answer(device)).command == Command.CONFIRM
            assert server.desk.values(SMOKE) == [FIRE]

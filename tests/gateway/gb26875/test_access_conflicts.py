"""Two peers with one address: nobody takes a transmitter over, commands and answers stay on the line that holds it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest

from gateway.connectors.gb26875.holders import MOST_RIVALS
from simulators.gb26875.frames import Command
from tests.gateway.gateway_sites import UNIT
from tests.gateway.gb26875.access_servers import (
    FIRE,
    NORMAL,
    Caller,
    Server,
    calling,
    component,
    operation,
    own_state,
    serving,
    transmitter,
)

UTD = {"unit": UNIT, "transmitter": "utd"}
ELSEWHERE = "127.0.0.2"
CONFLICT = f"{UNIT}/access-1/address_conflict"


async def peer_of(server: Server) -> str:
    return str((await server.row())["peer"])


def place(caller: Caller) -> str:
    ip, port = caller.writer.get_extra_info("sockname")[:2]
    return f"{ip}:{port}"


async def test_a_heartbeat_from_elsewhere_cuts_nobody_gets_no_commands_and_is_told(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device, calling(server, own_ip=ELSEWHERE) as intruder:
        await device.say()
        assert (await intruder.say()).command == Command.CONFIRM
        asking = asyncio.create_task(server.ask("set_clock", **UTD))
        command = await device.command(90)
        await device.send(command=Command.CONFIRM, sequence=command.sequence)
        assert await asking == {"outcome": "confirmed"}
        assert "cut_replaced" not in server.errors()
        assert (await server.row())["conflicts"] == server.figure("conflicts") == 1
        await server.until(lambda: server.desk.values(CONFLICT))
        (text,) = [text for key, _, text in server.desk.readings if key == CONFLICT]
        assert place(device) in text
        assert place(intruder) in text


async def test_both_lines_are_heard(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device, calling(server, own_ip=ELSEWHERE) as other:
        await device.say(own_state(NORMAL))
        assert (await other.say(component(FIRE))).command == Command.CONFIRM
        assert server.desk.values(f"{UNIT}/utd-fas/smoke") == [FIRE]
        assert (await device.say(own_state(FIRE))).command == Command.CONFIRM


async def test_an_answer_by_another_line_than_the_commands_is_none(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device, calling(server, own_ip=ELSEWHERE) as intruder:
        await device.say()
        asking = asyncio.create_task(server.ask("set_clock", **UTD))
        command = await device.command(90)
        await intruder.send(command=Command.CONFIRM, sequence=command.sequence)
        await intruder.heard()
        assert not asking.done()
        await device.send(command=Command.DENY, sequence=command.sequence)
        await device.command(90)
        asking.cancel()
        assert (await server.row())["unexpected"] == 1


async def test_a_roll_call_is_answered_only_on_the_line_that_it_went_out_on(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device, calling(server, own_ip=ELSEWHERE) as intruder:
        await device.say()
        ringing = asyncio.create_task(server.ask("roll_call", **UTD, minutes=2, by="li"))
        command = await device.command(91)
        await device.send(command=Command.CONFIRM, sequence=command.sequence)
        await ringing
        await intruder.say(operation(1 << 5, 66))
        assert [one["result"] for one in (await server.ask("roll_calls"))["calls"]] == ["waiting"]
        assert server.desk.values(f"{UNIT}/utd/operation") == [1 << 5], "it is on record all the same"
        await device.say(operation(1 << 5, 7))
        (call,) = (await server.ask("roll_calls"))["calls"]
        assert (call["result"], call["operator"]) == ("present", 7)


async def test_an_answer_after_the_device_dialled_again_counts(tmp_path: Path) -> None:
    async with serving(tmp_path, reconnect_s=60) as server:
        async with calling(server) as device:
            await device.say()
            ringing = asyncio.create_task(server.ask("roll_call", **UTD, minutes=2, by="li"))
            command = await device.command(91)
            await device.send(command=Command.CONFIRM, sequence=command.sequence)
            await ringing
        async with calling(server, own_ip=ELSEWHERE) as device:
            await device.say(operation(1 << 5, 7))
            (call,) = (await server.ask("roll_calls"))["calls"]
            assert (call["result"], call["operator"]) == ("present", 7)


async def test_who_stays_silent_loses_the_commands_and_has_them_again_when_he_speaks(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, answer_s=1.5) as server,
        calling(server) as device,
        calling(server, own_ip=ELSEWHERE) as other,
    ):
        await device.say()
        await other.say()
        assert await peer_of(server) == place(device)
        async with asyncio.timeout(40):
            while await peer_of(server) != place(other):
                await other.say()
        assert "cut_replaced" not in server.errors()
        await device.say()
        assert await peer_of(server) == place(device), "it was there first"


async def test_a_line_that_ends_leaves_the_transmitter_to_the_other_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path, reconnect_s=0) as server, calling(server, own_ip=ELSEWHERE) as other:
        async with calling(server) as device:
            await device.say()
            await other.say()
        await server.until(lambda: server.figure("lines") == 1)
        assert await peer_of(server) == place(other)
        assert server.nodes.said == [("up", f"{UNIT}/utd")]


async def test_lines_of_many_addresses_are_served_and_only_a_few_remembered(tmp_path: Path) -> None:
    async with serving(tmp_path, transmitter()) as server, calling(server) as device:
        await device.say()
        async with contextlib.AsyncExitStack() as stack:
            for last in range(2, 10):
                other = await stack.enter_async_context(calling(server, own_ip=f"127.0.0.{last}"))
                assert (await other.say(own_state(FIRE), sequence=last)).command == Command.CONFIRM
            assert len(server.desk.values(f"{UNIT}/utd/state")) == 8
            assert await peer_of(server) == place(device)
            assert (await server.row())["conflicts"] == MOST_RIVALS


@pytest.mark.parametrize(
    ("peers", "settings", "warned"),
    [
        ((None, "10.0.0.2"), {"host": "0.0.0.0"}, True),  # noqa: S104  # what a site writes
        (("10.0.0.1", "10.0.0.2"), {"host": "0.0.0.0"}, False),  # noqa: S104  # the same
        ((None, None), {"host": "0.0.0.0", "allow": ["10.0.0.0/8"]}, False),  # noqa: S104  # the same
        ((None, None), {}, False),
    ],
)
async def test_a_port_that_anybody_may_take_a_transmitter_over_by_is_warned_of(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    peers: tuple[str | None, ...],
    settings: dict[str, Any],
    warned: bool,  # noqa: FBT001  # a case of the table
) -> None:
    devices = [transmitter(f"t{at}", 900 + at, **({"peer": peer} if peer else {})) for at, peer in enumerate(peers)]
    async with serving(tmp_path, *devices, **settings):
        assert any("'allow'" in record.message for record in caplog.records) == warned

"""Our own commands: resent as the standard wants, matched by number; inspection, clocks, people's requests."""

from __future__ import annotations

import asyncio
import struct
from pathlib import Path
from typing import Any

import pytest

from domain.errors import RefusedError
from gateway.connectors.tap import Tap
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
    stamp,
    transmitter,
)

UTD = {"unit": UNIT, "transmitter": "utd"}
QUIET: Any = {"inspection_s": 7200}
READ_STATE, READ_TIME, INITIALISE, SET_CLOCK, ROLL_CALL = 81, 88, 89, 90, 91


async def asked(server: Server, device: Caller, command: str, **request: Any) -> asyncio.Task[dict[str, Any]]:
    """Make a request of people while the device is on the line."""
    await device.say()
    return asyncio.create_task(server.ask(command, **UTD, **request))


async def test_5_a_command_without_an_answer_is_resent_three_times_with_its_number(tmp_path: Path) -> None:
    async with serving(tmp_path, answer_s=0.1, **QUIET) as server, calling(server) as device:
        outcome = await asked(server, device, "set_clock")
        sent = [await device.command(SET_CLOCK) for _ in range(4)]
        assert len({one.sequence for one in sent}) == 1
        assert await outcome == {"outcome": "no_answer"}
        assert [one for one in await device.heard() if one.type_flag == SET_CLOCK] == []


async def test_5_resends_and_their_time_are_settable(tmp_path: Path) -> None:
    async with serving(tmp_path, answer_s=0.05, resends=1, **QUIET) as server, calling(server) as device:
        outcome = await asked(server, device, "set_clock")
        for _ in range(2):
            await device.command(SET_CLOCK)
        assert await outcome == {"outcome": "no_answer"}
        assert [one for one in await device.heard() if one.type_flag == SET_CLOCK] == []


async def test_5_a_denied_command_is_resent_and_then_has_failed(tmp_path: Path) -> None:
    async with serving(tmp_path, resends=2, **QUIET) as server, calling(server) as device:
        outcome = await asked(server, device, "set_clock")
        for _ in range(3):
            command = await device.command(SET_CLOCK)
            await device.send(command=Command.DENY, sequence=command.sequence)
        assert await outcome == {"outcome": "denied"}


async def test_a_confirm_after_a_resend_ends_the_command(tmp_path: Path) -> None:
    async with serving(tmp_path, answer_s=0.5, **QUIET) as server, calling(server) as device:
        before = stamp()
        outcome = await asked(server, device, "set_clock")
        await device.command(SET_CLOCK)
        command = await device.command(SET_CLOCK)
        await device.send(command=Command.CONFIRM, sequence=command.sequence)
        assert await outcome == {"outcome": "confirmed"}
        assert command.command == Command.CONTROL
        assert command.data[2:][2:] in {before[2:], stamp()[2:]}


async def test_a_command_to_a_transmitter_that_is_not_there_says_line_down(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        assert await server.ask("set_clock", **UTD) == {"outcome": "line_down"}


async def test_each_command_has_the_next_number(tmp_path: Path) -> None:
    async with serving(tmp_path, **QUIET) as server, calling(server) as device:
        numbers = []
        for _ in range(3):
            outcome = await asked(server, device, "set_clock")
            command = await device.command(SET_CLOCK)
            numbers.append(command.sequence)
            await device.send(command=Command.CONFIRM, sequence=command.sequence)
            await outcome
        assert numbers == [0, 1, 2]


async def test_more_commands_than_a_device_can_take_are_refused(tmp_path: Path) -> None:
    async with serving(tmp_path, answer_s=60, resends=0, **QUIET) as server, calling(server) as device:
        under_way = [await asked(server, device, "set_clock") for _ in range(4)]
        commands = [await device.command(SET_CLOCK) for _ in range(4)]
        with pytest.raises(RefusedError, match="under way"):
            await server.ask("set_clock", **UTD)
        for command in commands:
            await device.send(command=Command.CONFIRM, sequence=command.sequence)
        assert {one["outcome"] for one in await asyncio.gather(*under_way)} == {"confirmed"}


async def test_read_returns_the_objects_of_the_response_and_stores_them_as_readings(tmp_path: Path) -> None:
    async with serving(tmp_path, **QUIET) as server, calling(server) as device:
        reply = await asked(server, device, "read", type=62, system="utd-fas", component="smoke")
        request = await device.command(62)
        assert request.command == Command.REQUEST
        assert request.data == struct.pack("<BBBBHH", 62, 1, 1, 1, 10, 2)
        await device.send(component(FIRE), command=Command.RESPONSE, sequence=request.sequence)
        answered = await reply
        assert answered["type"] == 2
        assert answered["objects"][0]["state"] == FIRE
        await server.until(lambda: server.desk.values(f"{UNIT}/utd-fas/smoke") == [FIRE])
        assert [one for one in await device.heard() if one.command == Command.CONFIRM] == []


async def test_a_response_that_nobody_asked_for_is_mapped_and_counted(tmp_path: Path) -> None:
    async with serving(tmp_path, **QUIET) as server, calling(server) as device:
        await device.send(own_state(FIRE), command=Command.RESPONSE, sequence=77)
        await server.until(lambda: server.desk.values(f"{UNIT}/utd/state") == [FIRE])
        assert (await server.row())["unexpected"] == 1


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"type": 60}, "reads nothing"),
        ({"type": "81"}, "write a number"),
        ({"type": 61}, "'system'"),
        ({"type": 61, "system": "nowhere"}, "utd-fas"),
        ({"type": 62, "system": "1-1", "component": "x"}, "component address"),
        ({"type": 84, "start": "yesterday"}, "local time"),
        ({"type": 84, "start": "2026-01-01T00:00:00+08:00"}, "without a zone"),
    ],
)
async def test_a_request_without_sense_says_what_to_write(tmp_path: Path, request_: dict[str, Any], said: str) -> None:
    async with serving(tmp_path) as server:
        with pytest.raises(ValueError, match=said):
            await server.ask("read", **UTD, **request_)


@pytest.mark.parametrize("flag", [61, 65, 66, 68, 63, 67, 64, 81, 85, 86, 88, 84])
async def test_every_type_that_reads_can_be_asked(tmp_path: Path, flag: int) -> None:
    async with serving(tmp_path, **QUIET) as server, calling(server) as device:
        more = {"system": "1-1", "component": "10-2", "start": "2026-01-01T00:00:00"}
        reply = await asked(server, device, "read", type=flag, **more)
        request = await device.command(flag)
        await device.send(own_state(NORMAL), command=Command.RESPONSE, sequence=request.sequence)
        assert (await reply)["type"] == 21


async def test_read_of_a_device_that_is_silent_is_refused_with_the_reason(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        with pytest.raises(RefusedError, match="line_down"):
            await server.ask("read", **UTD, type=81)


async def test_unknown_commands_and_transmitters_are_named(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        with pytest.raises(ValueError, match="no command of gb26875"):
            await server.ask("dance")
        with pytest.raises(RefusedError, match="no transmitter hotel/other"):
            await server.ask("frames", unit=UNIT, transmitter="other")


async def test_devices_are_initialised_only_where_the_site_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        with pytest.raises(RefusedError, match="allow_initialise"):
            await server.ask("initialise", **UTD)
    async with serving(tmp_path, allow_initialise=True, **QUIET) as server, calling(server) as device:
        outcome = await asked(server, device, "initialise")
        command = await device.command(INITIALISE)
        await device.send(command=Command.CONFIRM, sequence=command.sequence)
        assert await outcome == {"outcome": "confirmed"}


async def test_gb50440_the_link_is_inspected_every_period_by_reading_the_state(tmp_path: Path) -> None:
    async with serving(tmp_path, inspection_s=0.2) as server, calling(server) as device:
        await device.say()
        for _ in range(2):
            request = await device.command(READ_STATE)
            await device.send(own_state(NORMAL), command=Command.RESPONSE, sequence=request.sequence)
        await server.until(lambda: len(server.desk.values(f"{UNIT}/utd/state")) >= 2)
        assert (await server.row())["inspection"] == "confirmed"


async def test_a_device_that_answers_no_inspection_is_shown_and_not_cut(tmp_path: Path) -> None:
    async with serving(tmp_path, inspection_s=0.1, answer_s=0.05, resends=0) as server, calling(server) as device:
        await device.say()
        await device.command(READ_STATE)
        async with asyncio.timeout(40):
            while (await server.row())["inspection"] != "no_answer":
                await asyncio.sleep(0.02)
        assert (await device.say()).command == Command.CONFIRM


async def test_gb50440_a_clock_that_is_wrong_is_set_once_where_allowed(tmp_path: Path) -> None:
    async with serving(tmp_path, set_clocks=True, **QUIET) as server, calling(server) as device:
        await device.say(time=stamp(-60))
        command = await device.command(SET_CLOCK)
        await device.send(command=Command.CONFIRM, sequence=command.sequence, time=stamp(-60))
        await device.say(time=stamp(-60))
        await asyncio.sleep(1.2)  # more than one sweep
        assert [one for one in await device.heard() if one.type_flag == SET_CLOCK] == []


@pytest.mark.parametrize(
    ("settings", "off_s"),
    [({}, -60), ({"set_clocks": True}, -2), ({"set_clocks": ["hotel/other"]}, -60)],
    ids=["nothing is written by default", "within 5 s", "another transmitter"],
)
async def test_a_clock_is_left_alone(tmp_path: Path, settings: dict[str, Any], off_s: float) -> None:
    others = [transmitter(), transmitter("other", 890)]
    async with serving(tmp_path, *others, **settings, **QUIET) as server, calling(server) as device:
        await device.say(time=stamp(off_s))
        await asyncio.sleep(1.2)  # more than one sweep
        assert [one for one in await device.heard() if one.type_flag == SET_CLOCK] == []


async def test_a_device_whose_frames_carry_no_time_is_asked_for_it_before_its_clock_is_set(tmp_path: Path) -> None:
    async with serving(tmp_path, set_clocks=True, inspection_s=0.2) as server, calling(server) as device:
        await device.say(time=bytes(6))
        request = await device.command(READ_STATE)
        await device.send(own_state(1), command=Command.RESPONSE, sequence=request.sequence, time=bytes(6))
        request = await device.command(READ_TIME)
        answer = bytes((28, 1)) + stamp(-600)
        await device.send(answer, command=Command.RESPONSE, sequence=request.sequence, time=bytes(6))
        assert (await device.command(SET_CLOCK)).command == Command.CONTROL


async def test_a_roll_call_rings_and_its_answer_makes_the_person_present(tmp_path: Path) -> None:
    async with serving(tmp_path, **QUIET) as server, calling(server) as device:
        ringing = await asked(server, device, "roll_call", minutes=2, by="li")
        command = await device.command(ROLL_CALL)
        assert command.data == bytes((ROLL_CALL, 1, 2))
        await device.send(command=Command.CONFIRM, sequence=command.sequence)
        call = (await ringing)["call"]
        assert (call["by"], call["minutes"], call["result"]) == ("li", 2, "waiting")
        await device.say(operation(1 << 5, 7))
        (listed,) = (await server.ask("roll_calls", unit=UNIT, limit=5))["calls"]
        assert (listed["id"], listed["result"], listed["operator"]) == (call["id"], "present", 7)
        await server.until(lambda: server.desk.values(f"{UNIT}/utd/roll_call")[-1:] == [1])


async def test_a_roll_call_to_a_dead_line_is_not_the_persons_fault(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await server.ask("roll_call", **UTD, by="li")
        await server.until(lambda: server.desk.values(f"{UNIT}/utd/roll_call")[-1:] == [4])


async def test_frames_of_the_port_pass_before_who_asks_strangers_too(tmp_path: Path) -> None:
    tap = Tap()
    async with serving(tmp_path, tap=tap, **QUIET) as server, calling(server) as device:
        await device.say()
        assert tap.after(0) == ([], 0)
        tap.open()
        await device.say(component(FIRE))
        frames, _ = tap.after(0)
    assert [one.out for one in frames[:2]] == [False, True]
    assert frames[0].peer.startswith("127.0.0.1:")
    zh, en = server.connector.spell(frames[0].raw, frames[0].peer, out=False)
    assert "火警" in zh
    assert "fire" in en

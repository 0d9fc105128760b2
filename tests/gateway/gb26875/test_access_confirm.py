"""The access server confirms what is on disk, once, and says no to what failed its check."""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path

import pytest

from domain.clock import FakeClock
from gateway.connectors.gb26875 import intake
from gateway.connectors.gb26875.mapping import Harvest, Mapper
from gateway.connectors.gb26875.objects import Unit
from gateway.connectors.gb26875.protocol import Frame
from simulators.gb26875.frames import Command
from tests.gateway.gateway_sites import UNIT
from tests.gateway.gb26875.access_servers import (
    CENTRE,
    FIRE,
    NORMAL,
    calling,
    component,
    operation,
    own_state,
    serving,
    stamp,
    transmitter,
)

SMOKE = f"{UNIT}/utd-fas/smoke"


async def test_confirm_repeats_the_number_swaps_addresses_carries_no_data_and_local_time(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        before = stamp()
        answer = await device.say(component(FIRE), sequence=41)
        assert answer.command == Command.CONFIRM
        assert (answer.sequence, answer.source, answer.destination, answer.data) == (41, CENTRE, device.address, b"")
        assert answer.time[2:] in {before[2:], stamp()[2:]}, "China's hour and day: some firmware sets its clock by it"
        assert server.desk.values(SMOKE) == [FIRE]


async def test_confirm_leaves_only_after_the_spool_has_committed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        server.desk.held.clear()
        sent = await device.send(component(FIRE))
        await server.until(lambda: server.figure("frames") == 1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await device.answer(sent)
        server.desk.held.set()
        assert (await device.answer(sent)).command == Command.CONFIRM


async def test_frames_wait_for_company_and_a_fire_waits_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = transmitter("utd", 889), transmitter("other", 890)
    async with serving(tmp_path, *both) as server, calling(server) as device, calling(server, 890) as other:
        assert (await device.say(component(NORMAL))).command == Command.CONFIRM
        monkeypatch.setattr(intake, "GATHER_S", 3600.0)
        sent = await other.send(component(NORMAL))
        await server.until(lambda: server.figure("frames") == 2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await other.answer(sent)
        assert (await device.say(component(FIRE))).command == Command.CONFIRM
        assert (await other.answer(sent)).command == Command.CONFIRM, "and takes along who waits"


async def test_nothing_is_confirmed_that_the_disk_refused_and_the_resend_is_taken(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        server.desk.fails = True
        sent = await device.send(component(FIRE))
        await server.until(lambda: server.errors().get("not_stored") == 1)
        server.desk.fails = False
        await device.write(sent.encode())
        assert (await device.answer(sent)).command == Command.CONFIRM
        assert server.desk.values(SMOKE) == [FIRE]
        assert (await server.row())["duplicates"] == 0


async def test_7_item_5_a_resend_is_confirmed_again_and_raises_nothing_twice(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        sent = await device.send(component(FIRE))
        await device.answer(sent)
        await device.write(sent.encode())
        assert (await device.answer(sent)).command == Command.CONFIRM
        assert server.desk.values(SMOKE) == [FIRE]
        assert (await server.row())["duplicates"] == 1


async def test_a_resend_while_the_first_waits_is_stored_once_and_confirmed_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        server.desk.held.clear()
        sent = await device.send(component(FIRE))
        await device.write(sent.encode())
        await server.until(lambda: server.figure("duplicates") == 1)
        server.desk.held.set()
        await device.answer(sent)
        assert [one for one in await device.heard() if one.command == Command.CONFIRM] == []
        assert server.desk.values(SMOKE) == [FIRE]


async def test_a_resend_after_a_restart_of_the_centre_is_known(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        sent = await device.send(component(FIRE))
        await device.answer(sent)
    async with serving(tmp_path) as server, calling(server) as device:
        await device.write(sent.encode())
        assert (await device.answer(sent)).command == Command.CONFIRM
        assert server.desk.values(SMOKE) == []


async def test_same_number_and_time_with_other_content_is_another_frame(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        tag = stamp()
        await device.say(component(FIRE), sequence=0, time=tag)
        await device.say(component(NORMAL), sequence=0, time=tag)
        assert server.desk.values(SMOKE) == [FIRE, NORMAL]


async def test_a_name_without_a_time_does_not_outlive_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        sent = await device.send(own_state(FIRE), time=bytes(6))
        await device.answer(sent)
        await device.write(sent.encode())
        await device.answer(sent)
        assert server.desk.values(f"{UNIT}/utd/state") == [FIRE], "within a minute it is a copy"
    async with serving(tmp_path) as server, calling(server) as device:
        await device.write(sent.encode())
        await device.answer(sent)
        assert server.desk.values(f"{UNIT}/utd/state") == [FIRE], "a rebooted device begins its numbers anew"


@pytest.mark.parametrize("spoilt", [-3, -1], ids=["checksum", "end"])
async def test_7_item_2_a_frame_that_fails_its_check_is_denied_and_not_taken(tmp_path: Path, spoilt: int) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        await device.say()
        sent = device.frame(component(FIRE))
        raw = bytearray(sent.encode())
        raw[spoilt] ^= 0x55
        await device.write(bytes(raw) + bytes(40))
        assert (await device.answer(sent)).command == Command.DENY
        assert server.desk.values(SMOKE) == []
        assert (await server.row())["refused"] == 1


async def test_7_item_2_deny_can_be_switched_off(tmp_path: Path) -> None:
    async with serving(tmp_path, deny=False) as server, calling(server) as device:
        await device.say()
        raw = bytearray(device.frame(component(FIRE)).encode())
        raw[-3] ^= 0x55
        await device.write(bytes(raw))
        assert [one.command for one in await device.heard()] == []


async def test_an_unreadable_header_is_met_with_silence(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        await device.write(b"\x40\x40" + b"\xff" * 24)
        assert await device.heard() == []
        assert server.errors()["length"] == 1


async def test_7_item_3_a_size_that_does_not_fit_is_kept_raw_and_confirmed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        answer = await device.say(component(FIRE) + b"\x00")
        assert answer.command == Command.CONFIRM
        assert server.desk.values(f"{UNIT}/utd/unread") == [2]
        assert component(FIRE)[:40] in server.desk.letters[0].raw or server.desk.letters[0].raw


async def test_7_item_6_device_time_and_doubt_are_kept(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        await device.say(component(FIRE), time=stamp(-3600))
        (error,) = server.desk.values(f"{UNIT}/utd/clock_error")
        assert -3602 < error < -3598
        assert (await server.row())["clock_error_s"] == pytest.approx(-3600, abs=3)


async def test_an_unknown_command_is_denied(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        answer = await device.say(own_state(1), command=77)
        assert answer.command == Command.DENY
        assert server.errors()["command"] == 1


@pytest.mark.parametrize("data", [b"", b"\x01"], ids=["empty", "one byte"])
async def test_heartbeats_are_confirmed_and_store_no_reading(tmp_path: Path, data: bytes) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        answer = await device.say(data)
        assert (answer.command, answer.data) == (Command.CONFIRM, b"")
        assert server.desk.letters == []
        assert ("up", f"{UNIT}/utd") in server.nodes.said


async def test_a_keepalive_of_a_known_make_gets_its_own_answer(tmp_path: Path) -> None:
    made = transmitter(address="192.168.1.4:7533", profile="fanhai_sanjiang")
    async with serving(tmp_path, made) as server, calling(server, bytes((192, 168, 1, 4, 0x6D, 0x1D))) as device:
        assert (await device.say(b"\x16")).data == b"\x17"


async def test_a_roll_call_answer_and_other_operations_are_stored_and_confirmed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        assert (await device.say(operation(1 << 5, 7))).command == Command.CONFIRM
        assert server.desk.values(f"{UNIT}/utd/operation") == [1 << 5]


async def test_a_defect_of_our_own_sets_one_frame_aside_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Mapper.take

    def broken(self: Mapper, unit: Unit, frame: Frame, received_ns: int, harvest: Harvest) -> None:
        if unit.type == 21:
            raise IndexError("our mistake")
        whole(self, unit, frame, received_ns, harvest)

    monkeypatch.setattr(Mapper, "take", broken)
    async with serving(tmp_path) as server, calling(server) as device:
        sent = await device.send(own_state(FIRE))
        assert (await device.answer(sent)).command == Command.CONFIRM
        assert [(one.reason, one.raw) for one in server.desk.letters] == [("defect", sent.encode())]
        assert server.desk.values(f"{UNIT}/utd/state") == [FIRE | NORMAL], "what we can't map is a fire all the same"
        assert (await device.say(component(FIRE))).command == Command.CONFIRM
        assert server.desk.values(SMOKE) == [FIRE]


async def test_a_gateway_whose_clock_stands_in_1970_confirms_all_the_same(tmp_path: Path) -> None:
    async with serving(tmp_path, clock=FakeClock(0)) as server, calling(server) as device:
        answer = await device.say(component(FIRE))
        assert (answer.command, answer.time) == (Command.CONFIRM, bytes((0, 0, 0, 1, 1, 0)))


async def test_any_bytes_leave_the_server_serving(tmp_path: Path) -> None:
    chance = random.Random(26875)
    async with serving(tmp_path, limits={"junk_bytes": 2000}) as server:
        for _ in range(100):
            async with calling(server) as peer:
                raw = bytearray(b"".join(peer.frame(chance.randbytes(chance.randrange(60))).encode() for _ in range(5)))
                for _ in range(chance.randrange(4)):
                    raw[chance.randrange(len(raw))] = chance.randrange(256)
                with contextlib.suppress(ConnectionError):
                    await peer.write(bytes(raw) + chance.randbytes(chance.randrange(3000)))
        async with calling(server) as device:
            assert (await device.say(component(FIRE))).command == Command.CONFIRM
        assert "defect" not in server.errors()

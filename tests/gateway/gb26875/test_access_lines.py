"""Whose frames they are and on which line it is answered: relays, the newest line, UDP, offline, restarts."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from simulators.gb26875.frames import Command, Frame, FrameReader
from tests.gateway.gateway_sites import UNIT, registry_of
from tests.gateway.gb26875.access_servers import (
    FIRE,
    NORMAL,
    Device,
    access_connection,
    calling,
    component,
    own_state,
    serving,
    stamp,
    transmitter,
)

UTD = f"{UNIT}/utd"


async def test_several_transmitters_behind_one_relay_are_told_apart(tmp_path: Path) -> None:
    async with serving(tmp_path, transmitter(), transmitter("other", 890)) as server, calling(server) as relay:
        assert (await relay.say(own_state(NORMAL))).destination == (889).to_bytes(6, "little")
        assert (await relay.say(own_state(FIRE), source=890)).destination == (890).to_bytes(6, "little")
        assert server.desk.values(f"{UTD}/state") == [NORMAL]
        assert server.desk.values(f"{UNIT}/other/state") == [FIRE]
        assert server.figure("up") == 2
        assert server.figure("lines") == 1


async def test_the_newest_connection_of_a_source_wins_and_the_old_one_is_closed(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as old:
        await old.say()
        async with calling(server) as new:
            await new.say()
            await old.cut()
            assert server.errors()["cut_replaced"] == 1
            assert (await server.row())["peer"] == f"127.0.0.1:{new.writer.get_extra_info('sockname')[1]}"
            assert server.nodes.said == [("up", UTD)], "the transmitter was never away"


async def test_a_relay_stays_when_one_of_its_transmitters_calls_by_itself(tmp_path: Path) -> None:
    async with serving(tmp_path, transmitter(), transmitter("other", 890)) as server, calling(server) as relay:
        await relay.say()
        await relay.say(source=890)
        async with calling(server, 890) as alone:
            await alone.say()
            assert (await relay.say()).command == Command.CONFIRM
            assert "cut_replaced" not in server.errors()


async def test_a_frame_that_waited_for_the_disk_is_confirmed_on_the_new_line(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as old:
        server.desk.held.clear()
        sent = await old.send(component(FIRE))
        await server.until(lambda: server.figure("frames") == 1)
        old.hang_up()
        async with calling(server) as new:
            await new.write(sent.encode())
            await server.until(lambda: server.figure("duplicates") == 1)
            server.desk.held.set()
            assert (await new.answer(sent)).command == Command.CONFIRM


async def test_a_line_that_is_back_in_time_never_was_away_and_one_that_is_not_goes_down(tmp_path: Path) -> None:
    async with serving(tmp_path, reconnect_s=60) as server:
        for _ in range(3):
            async with calling(server) as device:
                await device.say()
        assert server.nodes.said == [("up", UTD)]
    async with serving(tmp_path, reconnect_s=0) as server:
        async with calling(server) as device:
            await device.say()
        await server.until(lambda: ("down", UTD) in server.nodes.said)
        assert (await server.row())["state"] == "down"


async def test_a_transmitter_without_a_frame_for_the_offline_time_is_cut_and_down(tmp_path: Path) -> None:
    async with serving(tmp_path, offline_s=0.3) as server, calling(server) as device:
        await device.say()
        await device.cut()
        await server.until(lambda: ("down", UTD) in server.nodes.said)
        assert server.errors()["cut_offline"] == 1


async def test_a_stop_tells_that_all_are_away(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        await device.say()
    assert server.nodes.said == [("up", UTD), ("down", UTD)]


async def test_many_transmitters_are_told_page_by_page(tmp_path: Path) -> None:
    devices = [transmitter(f"t{n}", 1000 + n) for n in range(5)]
    async with serving(tmp_path, *devices) as server, calling(server, 1003) as device:
        await device.say()
        page = await server.ask("transmitters", skip=4)
        assert ([row["id"] for row in page["transmitters"]], page["total"]) == (["t4"], 5)
        (third,) = [row for row in (await server.ask("transmitters"))["transmitters"] if row["state"] == "up"]
        assert third["id"] == "t3"


async def test_states_never_up_and_down_are_told_apart(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        assert (await server.row())["state"] == "never"
        async with calling(server) as device:
            await device.say()
            assert (await server.row())["state"] == "up"


async def test_an_address_that_says_nothing_is_known_by_its_peer(tmp_path: Path) -> None:
    async with serving(tmp_path, transmitter(address=0, peer="127.0.0.1")) as server, calling(server, 4711) as device:
        await device.say(own_state(FIRE))
        assert server.desk.values(f"{UTD}/state") == [FIRE]


async def test_a_registered_address_from_another_peer_is_a_stranger(tmp_path: Path) -> None:
    async with serving(tmp_path, transmitter(peer="10.9.9.9")) as server, calling(server) as impostor:
        await impostor.send(own_state(FIRE))
        await server.until(lambda: server.figure("strangers") == 1)
        assert server.desk.values(f"{UTD}/state") == []


@pytest.mark.parametrize("starts", [1, 3])
async def test_a_fire_behind_false_starts_is_confirmed_as_soon_as_nothing_more_comes(
    tmp_path: Path, starts: int
) -> None:
    """Long before the time for half frames: a device that hears no confirm gives up."""
    async with serving(tmp_path, limits={"half_frame_s": 40, "silent_s": 60}) as server, calling(server) as device:
        fire = device.frame(component(FIRE))
        begun = device.frame(bytes(900)).encode()[:60]
        await device.write(begun * starts + fire.encode())
        assert (await device.answer(fire)).command == Command.CONFIRM
        assert server.desk.values(f"{UNIT}/utd-fas/smoke") == [FIRE]


async def test_all_half_frames_that_are_too_old_are_given_up_together(tmp_path: Path) -> None:
    async with serving(tmp_path, limits={"half_frame_s": 0.3}) as server, calling(server) as device:
        await device.say()
        await device.write(device.frame(bytes(900)).encode()[:60] * 4)
        await server.until(lambda: server.errors().get("half"))
        assert server.errors()["half"] == 4
        assert (await device.say(component(FIRE))).command == Command.CONFIRM


async def test_profile_auto_is_decided_by_the_frames_with_reasons(tmp_path: Path) -> None:
    async with serving(tmp_path, transmitter(profile="auto")) as server, calling(server) as device:
        digits = bytes(int(f"{byte:02d}", 16) for byte in stamp())
        digits = b"\x59\x59" + digits[2:]
        await device.say(time=digits)
        row = await server.row()
        assert row["profile"] == "detected"
        assert any("bcd" in reason["en"] for reason in row["profile_reasons"])


async def test_profile_auto_finds_an_address_in_another_form(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, transmitter(address=13800001234, profile="auto")) as server,
        calling(server, bytes.fromhex("013800001234")[::-1]) as device,
    ):
        assert (await device.say()).command == Command.CONFIRM


async def test_udp_is_answered_to_the_sender_and_a_datagram_holds_whole_frames(tmp_path: Path) -> None:
    async with serving(tmp_path, transport="udp", reconnect_s=0, offline_s=0.5) as server:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
            door.setblocking(False)
            door.connect(("127.0.0.1", server.port))
            device = Device()
            first, second = device.frame(component(FIRE)), device.frame(own_state(NORMAL))
            door.send(first.encode() + second.encode())
            door.send(first.encode()[:30])
            loop, frames = asyncio.get_running_loop(), FrameReader()
            answers: list[Frame] = []
            async with asyncio.timeout(40):
                while len(answers) < 2:
                    answers += frames.feed(await loop.sock_recv(door, 2048))
            assert [one.sequence for one in answers] == [0, 1]
            assert server.desk.values(f"{UNIT}/utd-fas/smoke") == [FIRE]
            await server.until(lambda: server.errors().get("half") == 1)
            await server.until(lambda: ("down", UTD) in server.nodes.said)
            assert server.figure("lines") == 0


async def test_tcp_and_udp_share_a_port(tmp_path: Path) -> None:
    async with serving(tmp_path, transport="both") as server, calling(server) as device:
        assert (await device.say()).command == Command.CONFIRM


async def test_frames_show_what_passed_in_both_directions(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server) as device:
        sent = await device.send(own_state(NORMAL))
        answer = await device.answer(sent)
        found = (await server.ask("frames", unit=UNIT, transmitter="utd", limit=5))["frames"]
        assert [(one["direction"], one["hex"]) for one in found] == [
            ("in", sent.encode().hex()),
            ("out", answer.encode().hex()),
        ]


async def test_a_site_may_leave_the_access_server_device_out(tmp_path: Path) -> None:
    connection = {**access_connection([transmitter()], {}), "devices": []}
    async with serving(tmp_path, registry=registry_of(connection)) as server, calling(server) as device:
        assert (await device.say(component(FIRE))).command == Command.CONFIRM


async def test_figures_of_the_access_server_are_readings(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await server.until(lambda: server.desk.values(f"{UNIT}/access-1/online"))
        assert server.desk.values(f"{UNIT}/access-1/strangers") == [0]

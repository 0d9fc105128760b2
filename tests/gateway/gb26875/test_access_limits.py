"""What peers may not do, and that nobody else is harmed by it: each is limited or cut, and counted by reason."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

import pytest

from gateway.connectors.gb26875.config import PeerLimits
from gateway.connectors.gb26875.limits import Allowance, Cut, Gate
from simulators.gb26875.frames import Command
from tests.gateway.gateway_sites import UNIT
from tests.gateway.gb26875.access_servers import (
    FIRE,
    NORMAL,
    Caller,
    calling,
    component,
    own_state,
    serving,
    transmitter,
)

SMOKE = f"{UNIT}/utd-fas/smoke"


async def test_half_frame_is_given_up_after_its_time_and_the_next_one_is_read(tmp_path: Path) -> None:
    async with serving(tmp_path, limits={"half_frame_s": 0.2}) as server, calling(server) as device:
        await device.say()
        await device.write(device.frame(component(FIRE)).encode()[:40])
        await server.until(lambda: server.errors().get("half"))
        assert (await device.say(component(FIRE))).command == Command.CONFIRM
        assert server.desk.values(SMOKE) == [FIRE]


async def test_a_frame_behind_a_half_one_is_read_when_that_is_given_up(tmp_path: Path) -> None:
    async with serving(tmp_path, limits={"half_frame_s": 0.2}) as server, calling(server) as device:
        long = bytearray(device.frame(bytes(900)).encode()[:100])
        whole = device.frame(component(FIRE))
        await device.write(bytes(long) + whole.encode())
        assert (await device.answer(whole)).command == Command.CONFIRM


async def test_a_silent_peer_is_cut(tmp_path: Path) -> None:
    async with serving(tmp_path, limits={"silent_s": 0.2}) as server, calling(server) as peer:
        await peer.cut()
        assert server.errors()["cut_silent"] == 1


async def test_slow_loris_is_cut_as_silent_while_a_device_beside_it_is_served(tmp_path: Path) -> None:
    limits = {"silent_s": 0.5, "half_frame_s": 0.2}
    async with serving(tmp_path, limits=limits) as server, calling(server) as device, calling(server) as loris:
        dripping = asyncio.create_task(drip(loris, loris.frame(component(FIRE)).encode()))
        await device.say()
        await loris.cut()
        dripping.cancel()
        assert (await device.say()).command == Command.CONFIRM
        assert server.errors()["cut_silent"] == 1


async def drip(peer: Caller, raw: bytes) -> None:
    with contextlib.suppress(ConnectionError):
        for byte in raw:
            await peer.write(bytes((byte,)))
            await asyncio.sleep(0.05)


async def test_garbage_is_cut_after_so_many_bytes(tmp_path: Path) -> None:
    async with serving(tmp_path, limits={"junk_bytes": 2000}) as server, calling(server) as peer:
        with contextlib.suppress(ConnectionError):
            await peer.write(b"@" * 100_000)
        await peer.cut()
        assert server.errors()["cut_junk"] == 1


async def test_a_flooder_is_cut_while_fifty_others_are_all_confirmed(tmp_path: Path) -> None:
    devices = [transmitter(f"t{n}", 1000 + n) for n in range(50)]
    limits = {"frames_per_s": 200, "burst_frames": 100}
    async with serving(tmp_path, transmitter(), *devices, limits=limits) as server, calling(server) as flooder:
        flood = asyncio.create_task(pour(flooder))
        async with contextlib.AsyncExitStack() as stack:
            callers = [await stack.enter_async_context(calling(server, 1000 + n)) for n in range(50)]
            for _ in range(20):
                answers = await asyncio.gather(*(one.say(component(FIRE)) for one in callers))
                assert {one.command for one in answers} == {Command.CONFIRM}
            await flooder.cut()
        flood.cancel()
        assert server.errors()["cut_flood"] == 1
        assert server.figure("limited") >= 1
        assert all(len(server.desk.values(f"{UNIT}/t{n}-fas/smoke")) == 20 for n in range(50))


async def pour(peer: Caller) -> None:
    with contextlib.suppress(ConnectionError):
        while True:
            await peer.write(b"".join(peer.frame(component(NORMAL)).encode() for _ in range(200)))
            peer.sequence %= 60_000


async def test_a_peer_that_waits_for_its_confirms_is_never_cut_for_speed() -> None:
    limits = PeerLimits(frames_per_s=10, burst_frames=5)
    allowance, now_s, paused = Allowance(limits.burst_frames, 0.0), 0.0, 0
    for _ in range(200):
        pause_s = allowance.take(1, 76, now_s, limits)
        paused += pause_s > 0
        now_s += max(pause_s, 0.001)
        assert not allowance.is_used_up
    assert paused > 100
    assert now_s > 15, "it was slowed down to its allowance"


async def test_a_peer_that_does_not_wait_is_used_up_soon() -> None:
    limits = PeerLimits(frames_per_s=10, burst_frames=5)
    allowance, now_s = Allowance(limits.burst_frames, 0.0), 0.0
    for _ in range(4):
        now_s += allowance.take(20, 600, now_s, limits)
    assert allowance.is_used_up


async def test_a_peer_that_reads_no_confirms_is_cut(tmp_path: Path) -> None:
    limits = {"frames_per_s": 1e6, "burst_frames": 1_000_000, "waiting_per_transmitter": 20_000}
    async with serving(tmp_path, limits=limits) as server:
        plain = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", server.port))
        reader, writer = await asyncio.open_connection(sock=plain)
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a TCP transport has it
        peer = Caller(reader, writer)
        beats = b"".join(peer.frame(sequence=n % 60_000).encode() for n in range(2000))
        async with asyncio.timeout(30):
            while "cut_unread" not in server.errors():
                with contextlib.suppress(ConnectionError):
                    await peer.write(beats)
                await asyncio.sleep(0)
        peer.hang_up()


async def test_only_allowed_networks_may_call(tmp_path: Path) -> None:
    async with serving(tmp_path, allow=["10.0.0.0/8"]) as server, calling(server) as peer:
        await peer.cut()
        assert server.errors()["cut_not_allowed"] == 1
        assert server.figure("lines") == 0
    async with serving(tmp_path, allow=["127.0.0.0/8"]) as server, calling(server) as peer:
        assert (await peer.say()).command == Command.CONFIRM


async def test_connections_of_all_and_of_one_unknown_address_are_bounded(tmp_path: Path) -> None:
    async with (
        serving(tmp_path, limits={"unknown_per_ip": 1}) as server,
        calling(server) as device,
        calling(server) as second,
    ):
        await second.cut()
        assert server.errors()["cut_too_many"] == 1
        await device.say()
        async with calling(server) as third:
            await third.send(source=4711)
            await server.until(lambda: server.figure("strangers") == 1)


def test_the_gate_counts_only_those_that_nobody_knows_yet() -> None:
    gate = Gate(PeerLimits(connections=3, unknown_per_ip=1), ())
    gate.enter("10.0.0.1")
    assert gate.refusal("10.0.0.1") is Cut.TOO_MANY
    assert gate.refusal("10.0.0.2") is None
    gate.known("10.0.0.1")
    gate.enter("10.0.0.1")
    gate.known("10.0.0.1")
    gate.enter("10.0.0.1")
    assert gate.refusal("10.0.0.9") is Cut.FULL
    gate.leave("10.0.0.1", known=False)
    assert gate.refusal("10.0.0.1") is None


async def test_frames_beyond_the_room_are_counted_and_not_confirmed_and_the_resend_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.connectors.gb26875.intake.MOST_COMMITS", 1)
    async with serving(tmp_path, limits={"waiting_per_transmitter": 2}) as server, calling(server) as device:
        await device.say()
        server.desk.held.clear()
        first = await device.send(own_state(NORMAL))
        await server.until(lambda: server.figure("frames") == 2 and server.figure("waiting") == 0)
        sent = [await device.send(component(NORMAL, point=point)) for point in range(3)]
        await server.until(lambda: server.errors().get("overrun") == 1)
        server.desk.held.set()
        for one in (first, *sent[:2]):
            await device.answer(one)
        assert Command.CONFIRM not in {one.command for one in await device.heard()}
        await device.write(sent[2].encode())
        assert (await device.answer(sent[2])).command == Command.CONFIRM


async def test_fire_goes_first_when_more_wait_than_fit_and_nobody_overtakes_himself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.connectors.gb26875.intake.MOST_TOGETHER", 3)
    monkeypatch.setattr("gateway.connectors.gb26875.intake.MOST_COMMITS", 1)
    async with (
        serving(tmp_path, transmitter(), transmitter("other", 890)) as server,
        calling(server) as usual,
        calling(server, 890) as burning,
    ):
        await usual.say()
        await burning.say()
        server.desk.held.clear()
        await usual.send(own_state(NORMAL))
        await server.until(lambda: server.figure("frames") == 3 and server.figure("waiting") == 0)
        for point in range(5):
            await usual.send(component(NORMAL, point=100 + point))
        await burning.send(component(NORMAL))
        fire = await burning.send(component(FIRE))
        await server.until(lambda: server.figure("waiting") == 7)
        server.desk.held.set()
        await burning.answer(fire)
        await server.until(lambda: server.figure("waiting") == 0)
        order = [key.split("/")[1] for key, _, _ in server.desk.readings if not key.endswith(("clock_error", "state"))]
        states = [name for name in order if name.endswith("fas")]
        assert states[:2] == ["other-fas", "other-fas"]
        assert server.desk.values(f"{UNIT}/other-fas/smoke") == [NORMAL, FIRE]

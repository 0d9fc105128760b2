"""A transmitter on a real socket against a small centre: talk, buttons, orders, faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import cast

import pytest

from domain.clock import FakeClock
from simulators.errors import SimulationError, UnknownNameError
from simulators.faults import Fault, FaultKind
from simulators.gb26875.buttons import Push
from simulators.gb26875.dialect import DIALECTS, STANDARD, Dialect
from simulators.gb26875.equipment import bench_equipment
from simulators.gb26875.link import CentreAddress, Link
from simulators.gb26875.outbox import Outbox
from simulators.gb26875.presses import Press
from simulators.gb26875.transmitter import Event, Told, Transmitter
from tests.simulators.centre import Centre, Seen, frame, running_centre

CHINA = timezone(timedelta(hours=8))
NOW = bytes((0, 0, 16, 15, 1, 27))
"""Time tag of `FakeClock`'s start, 2027-01-15T08:00:00Z, on a clock in China."""


class Bench:
    """A transmitter, its link, its fault and all that it told."""

    def __init__(self, centre: Centre, dialect: Dialect = STANDARD, *, patience_s: float = 10.0) -> None:
        self.told: list[Told] = []
        self.fault: Fault | None = None
        self.clock = FakeClock()
        self.transmitter = Transmitter(
            "utd",
            "10.0.0.7:5900" if dialect.name == "fanhai_sanjiang" else 889,
            bench_equipment(3, (1, 11)),
            dialect,
            clock=self.clock,
            zone=CHINA,
            outbox=Outbox(patience_s=patience_s),
            tell=self.told.append,
        )
        self.link = Link(self.transmitter, CentreAddress(port=centre.port), fault_of=lambda: self.fault, retry_s=0.02)

    def strike(self, kind: FaultKind | None, **more: float) -> None:
        self.fault = Fault(kind=kind, **more) if kind else None  # type: ignore[arg-type]  # the only number is a float
        self.link.wake()

    def push(self, press: Press, **more: object) -> None:
        self.link.push(Push(press=press, **more))  # type: ignore[arg-type]  # fields of Push by name

    def events(self, event: Event) -> list[Told]:
        return [told for told in self.told if told.event is event]


@asynccontextmanager
async def talking(
    dialect: Dialect = STANDARD, *, patience_s: float = 10.0, fault: FaultKind | None = None
) -> AsyncIterator[tuple[Bench, Centre]]:
    """Let a transmitter and a centre talk; yields when the greeting is over, with a fault at once."""
    async with running_centre() as centre:
        bench = Bench(centre, dialect, patience_s=patience_s)
        bench.fault = Fault(kind=fault) if fault else None
        task = asyncio.create_task(bench.link.run())
        try:
            if fault is None:
                await settled(bench, centre)
            yield bench, centre
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def settled(bench: Bench, centre: Centre) -> None:
    """Wait until everything that was to be said has been confirmed."""
    await centre.until(lambda centre: len(centre.seen) >= 3)
    await until(lambda: bench.link.connected and len(bench.transmitter.outbox) == 0)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not holds():
            await asyncio.sleep(0.01)


async def test_it_introduces_itself_with_all_states() -> None:
    async with talking() as (_, centre):
        kinds = [one.data[:2] for one in centre.seen]
        assert kinds == [b"\x15\x01", b"\x01\x02", b"\x02\x06"]  # itself, two systems, six components
        assert [one.sequence for one in centre.seen] == [0, 1, 2]
        assert {one.time for one in centre.seen} == {NOW}
        assert {one.source for one in centre.seen} == {(889).to_bytes(6, "little")}


async def test_a_fire_is_told_of_the_component_then_of_its_system_then_of_itself() -> None:
    async with talking() as (bench, centre):
        bench.push(Press.FIRE, component="2")
        await centre.until(lambda centre: len(centre.of_type(21)) == 2)
        component, system, itself = centre.seen[3:]
        assert component.data[2:11].hex() == "01012a" + "01000200" + "0300"
        assert system.data[2:6].hex() == "01010300"
        assert itself.data[2:3] == b"\x03"


async def test_a_reset_ends_fires_and_leaves_faults() -> None:
    async with talking() as (bench, centre):
        bench.push(Press.FIRE, component="1")
        bench.push(Press.FAULT, component="2")
        bench.push(Press.RESET, operator=4)
        await until(lambda: len(bench.transmitter.outbox) == 0)
        [operation] = centre.of_type(4)
        assert operation.data[2:6] == bytes((1, 1, 1, 4))
        assert [component.state for component in bench.transmitter.equipment.components()][:2] == [1, 5]
        assert centre.of_type(21)[-1].data[2] == 0b101


@pytest.mark.parametrize(
    ("press", "bit"),
    [(Press.MUTE, 1), (Press.MANUAL_ALARM, 2), (Press.CLEAR, 3), (Press.SELF_TEST, 4), (Press.TEST, 6)],
)
async def test_keys_are_operations_of_the_transmitter(press: Press, bit: int) -> None:
    async with talking() as (bench, centre):
        bench.push(press, operator=3)
        await centre.until(lambda centre: bool(centre.of_type(24)))
        assert centre.of_type(24)[0].data[1:4] == bytes((1, 1 << bit, 3))


async def test_keys_of_a_panel_are_operations_of_its_system() -> None:
    async with talking() as (bench, centre):
        bench.push(Press.MUTE, system="11-1", operator=3)
        await centre.until(lambda centre: bool(centre.of_type(4)))
        assert centre.of_type(4)[0].data[2:6] == bytes((11, 1, 2, 3))
        with pytest.raises(SimulationError, match="write one of 1-1, 11-1"):
            bench.push(Press.MUTE, system="12-1")


async def test_the_mains_fail_at_the_transmitter_and_its_panel_and_come_back() -> None:
    async with talking() as (bench, centre):
        bench.push(Press.MAINS_FAULT)
        await until(lambda: len(bench.transmitter.outbox) == 0)
        bench.push(Press.MAINS_BACK)
        await until(lambda: len(bench.transmitter.outbox) == 0)
        assert [one.data[2] for one in centre.of_type(21)] == [1, 0b1001, 1]
        assert [one.data[4:6].hex() for one in centre.of_type(1)][1:] == ["0101", "0100"]


async def test_a_test_takes_bit_0_away_and_gives_it_back() -> None:
    async with talking() as (bench, centre):
        bench.push(Press.TEST)
        bench.push(Press.TEST_OVER)
        await until(lambda: len(bench.transmitter.outbox) == 0)
        assert [one.data[2] for one in centre.of_type(21)] == [1, 0, 1]


async def test_a_measurement_is_a_count_of_the_standards_resolution() -> None:
    async with talking() as (bench, centre):
        bench.push(Press.MEASURE, component="s11-1-c92-4-1", analog=2, value=3.25)
        bench.push(Press.MEASURE, component="s11-1-c92-4-1", analog=3, value=-12.5)
        await centre.until(lambda centre: len(centre.of_type(3)) == 2)
        level, temperature = (one.data[2:] for one in centre.of_type(3))
        assert level[:10].hex() == "0b015c" + "04000100" + "02" + "4501"
        assert int.from_bytes(temperature[8:10], "little", signed=True) == -125


async def test_a_component_that_is_not_there_is_named_with_its_mend() -> None:
    async with talking() as (bench, _):
        with pytest.raises(UnknownNameError, match="no component 'smoke-9' here"):
            bench.push(Press.FIRE, component="smoke-9")
        with pytest.raises(SimulationError, match="name one"):
            bench.push(Press.FIRE)


async def test_type_91_rings_until_it_is_answered() -> None:
    async with talking() as (bench, centre):
        centre.order(77, 1, b"\x5b\x01\x03")
        await centre.until(lambda centre: any(one.command == 3 and one.sequence == 77 for one in centre.seen))
        left_s = bench.transmitter.ringing_s(asyncio.get_running_loop().time())
        assert left_s is not None
        assert 170 < left_s <= 180
        assert bench.transmitter.ringing_s(asyncio.get_running_loop().time() + 181) is None
        bench.push(Press.ANSWER, operator=2)
        await centre.until(lambda centre: bool(centre.of_type(24)))
        assert centre.of_type(24)[0].data[2:4] == bytes((1 << 5, 2))
        assert bench.transmitter.ringing_s(0.0) is None


async def test_type_90_sets_its_clock_and_type_88_reads_it() -> None:
    async with talking() as (bench, centre):
        centre.order(1, 1, b"\x5a\x01" + bytes((0, 30, 16, 15, 1, 27)))
        centre.order(2, 4, b"\x58\x01\x00")
        await centre.until(lambda centre: any(one.command == 5 for one in centre.seen))
        answer = next(one for one in centre.seen if one.command == 5)
        assert (answer.sequence, answer.data) == (2, b"\x1c\x01" + bytes((0, 30, 16, 15, 1, 27)))
        assert bench.transmitter.clock_error_s == 1800


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("3d010101", "01010101" + "0100"),
        ("3e010101" + "01000200", "020101012a01000200" + "0100"),
        ("43010101" + "01000300", "070101011701000300"),
        ("41010101", "05010101" + "0101"),
        ("44010101", "08010101"),
        ("510100", "150101"),
        ("550100", "19010101"),
        ("560100", "1a01"),
        ("540105000000010100", "1800"),
        ("40010101" + "05" + "000000010100", "0400"),
    ],
)
async def test_requests_61_to_86_are_answered_by_the_type_of_the_standard(request_: str, answer: str) -> None:
    async with talking() as (_, centre):
        centre.order(500, 4, bytes.fromhex(request_))
        await centre.until(lambda centre: any(one.command == 5 for one in centre.seen))
        [found] = [one for one in centre.seen if one.command == 5]
        assert found.sequence == 500
        assert found.data.hex().startswith(answer)


async def test_operations_are_remembered_for_a_centre_that_asks() -> None:
    async with talking() as (bench, centre):
        bench.push(Press.MUTE, operator=9)
        bench.push(Press.RESET, operator=8)
        centre.order(1, 4, b"\x54\x01\x0a" + bytes((0, 0, 0, 1, 1, 20)))
        centre.order(2, 4, b"\x40\x01\x01\x01\x0a" + bytes((0, 0, 0, 1, 1, 20)))
        await centre.until(lambda centre: sum(one.command == 5 for one in centre.seen) == 2)
        own, panel = (one.data for one in centre.seen if one.command == 5)
        assert own[:4] == b"\x18\x01\x02\x09"
        assert panel[:6] == b"\x04\x01\x01\x01\x01\x08"


@pytest.mark.parametrize("data", ["", "3d", "3e01010109000900", "3d010909", "5a0101", "ff0101"])
async def test_what_it_cannot_answer_it_denies(data: str) -> None:
    async with talking() as (_, centre):
        centre.order(321, 4, bytes.fromhex(data))
        await centre.until(lambda centre: any(one.command == 6 for one in centre.seen))
        assert centre.seen[-1].sequence == 321


async def test_type_89_starts_it_anew_from_number_0() -> None:
    async with talking() as (_, centre):
        centre.order(5, 1, b"\x59\x01\x00")
        await centre.until(lambda centre: len(centre.of_type(2)) == 2)
        assert [one.sequence for one in centre.seen if one.command == 2] == [0, 1, 2, 0, 1, 2]


async def test_no_confirm_brings_the_same_bytes_three_times_more_and_then_a_new_line() -> None:
    async with talking(patience_s=0.05) as (bench, centre):
        centre.seen.clear()
        centre.answer = lambda _: None
        bench.push(Press.MUTE)
        await centre.until(lambda centre: centre.calls == 2)
        assert [one.raw for one in centre.of_type(24)[:4]] == [centre.of_type(24)[0].raw] * 4
        assert bench.events(Event.FAILED)
        centre.answer = lambda seen: frame(seen.sequence, 3, seen.source)
        await until(lambda: len(bench.transmitter.outbox) == 0)
        assert centre.of_type(24)[-1].raw == centre.of_type(24)[0].raw


async def test_a_deny_brings_the_same_bytes_at_once() -> None:
    async with talking() as (bench, centre):
        centre.seen.clear()
        denied: list[Seen] = []

        def deny_once(seen: Seen) -> bytes:
            denied.append(seen)
            return frame(seen.sequence, 6 if len(denied) == 1 else 3, seen.source)

        centre.answer = deny_once
        bench.push(Press.MUTE)
        await until(lambda: len(bench.transmitter.outbox) == 0)
        assert [one.raw for one in centre.seen] == [centre.seen[0].raw] * 2


async def test_a_cut_line_keeps_what_happens_and_tells_it_with_its_own_time() -> None:
    async with talking() as (bench, centre):
        bench.strike(FaultKind.CUT)
        await until(lambda: not bench.link.connected)
        bench.push(Press.FIRE, component="1")
        bench.clock.advance(90)
        assert len(bench.transmitter.outbox) == 3
        bench.strike(None)
        await centre.until(lambda centre: len(centre.of_type(2)) == 2)
        late = centre.of_type(2)[1]
        assert (late.time, late.data[-6:]) == (bytes((30, 1, 16, 15, 1, 27)), NOW)


@pytest.mark.parametrize("kind", [FaultKind.BAD_CHECKSUM, FaultKind.BAD_END])
async def test_spoilt_frames_are_no_frames(kind: FaultKind) -> None:
    async with talking(patience_s=0.05) as (bench, centre):
        before = len(centre.seen)
        bench.strike(kind)
        bench.push(Press.MUTE)
        await centre.until(lambda centre: centre.junk > 0)
        assert len(centre.seen) == before
        bench.strike(None)
        await centre.until(lambda centre: bool(centre.of_type(24)))


async def test_every_frame_comes_twice() -> None:
    async with talking() as (bench, centre):
        bench.strike(FaultKind.TWICE)
        bench.push(Press.MUTE)
        await centre.until(lambda centre: len(centre.of_type(24)) == 2)
        first, second = centre.of_type(24)
        assert first.raw == second.raw


async def test_a_deaf_transmitter_sends_again_what_was_confirmed() -> None:
    async with talking(patience_s=0.05) as (bench, centre):
        bench.strike(FaultKind.IGNORE_CONFIRM)
        bench.push(Press.MUTE)
        await centre.until(lambda centre: len(centre.of_type(24)) == 4)
        bench.strike(None)
        await until(lambda: len(bench.transmitter.outbox) == 0)


async def test_a_flood_of_garbage_holds_no_frame() -> None:
    async with talking(fault=FaultKind.GARBAGE) as (bench, centre):
        await centre.until(lambda centre: centre.junk > 50_000)
        assert not centre.seen
        bench.strike(None)
        await until(lambda: len(bench.transmitter.outbox) == 0 or centre.calls > 1)


async def test_half_a_frame_and_then_silence() -> None:
    received = bytearray()
    grown = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            received.extend(data)
            grown.set()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        centre = Centre(port=server.sockets[0].getsockname()[1])
        bench = Bench(centre)
        bench.fault = Fault(kind=FaultKind.HALF_FRAME)
        task = asyncio.create_task(bench.link.run())
        async with asyncio.timeout(40):
            await grown.wait()
        for _ in range(5):
            bench.link.wake()
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert received[:2] == b"@@"
    assert len(received) == (30 + 9) // 2


async def test_a_dripping_line_still_brings_whole_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simulators.gb26875.link.DRIP_PAUSE_S", 0.001)
    async with talking(fault=FaultKind.DRIP) as (_, centre):
        await centre.until(lambda centre: len(centre.seen) >= 2)


async def test_a_wrong_clock_and_no_clock_are_on_every_time_tag() -> None:
    async with talking() as (bench, centre):
        bench.strike(FaultKind.CLOCK, off_s=-8 * 3600.0)
        bench.push(Press.MUTE)
        bench.strike(FaultKind.ZERO_TIME)
        bench.push(Press.CLEAR)
        await centre.until(lambda centre: len(centre.of_type(24)) == 2)
        off, zero = centre.of_type(24)
        assert off.data[-6:] == bytes((0, 0, 8, 15, 1, 27))
        assert zero.time == bytes(6)


async def test_a_reboot_drops_the_line_and_counts_from_0() -> None:
    async with talking() as (bench, centre):
        bench.push(Press.REBOOT)
        await centre.until(lambda centre: centre.calls == 2 and len(centre.of_type(2)) == 2)
        assert [one.sequence for one in centre.seen] == [0, 1, 2, 0, 1, 2]


async def test_a_line_that_the_centre_drops_comes_back() -> None:
    async with talking() as (bench, centre):
        centre.hang_up()
        await centre.until(lambda centre: centre.calls == 2 and len(centre.of_type(21)) == 2)
        assert bench.events(Event.LOST)


@pytest.mark.parametrize(
    ("profile", "command", "data"),
    [
        ("standard", 2, b""),
        ("fanhai_sanjiang", 2, b"\x16"),
        ("bt_firmware", 2, b"\x15\x01\x01"),
        ("dahua", 7, b""),
        ("heartbeat_254", 254, b""),
    ],
)
async def test_signs_of_life_are_the_makers(profile: str, command: int, data: bytes) -> None:
    async with talking(replace(DIALECTS[profile], heartbeat_s=0.05)) as (_, centre):
        centre.seen.clear()
        await centre.until(lambda centre: len(centre.seen) >= 2)
        assert {(one.command, one.data) for one in centre.seen} == {(command, data)}


async def test_datagrams_carry_the_same_frames() -> None:
    taken: asyncio.Queue[bytes] = asyncio.Queue()

    class Datagrams(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            taken.put_nowait(data)
            cast("asyncio.DatagramTransport", self.transport).sendto(
                frame(int.from_bytes(data[2:4], "little"), 3, data[12:18]), addr
            )

    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Datagrams, local_addr=("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    transmitter = Transmitter("utd", 7, bench_equipment(1), STANDARD, clock=FakeClock(), zone=UTC)
    task = asyncio.create_task(Link(transmitter, CentreAddress(port=port, udp=True)).run())
    async with asyncio.timeout(40):
        first = [await taken.get() for _ in range(3)]
    await until(lambda: len(transmitter.outbox) == 0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    transport.close()
    assert [raw[27] for raw in first] == [21, 1, 2]

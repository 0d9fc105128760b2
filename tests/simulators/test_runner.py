"""Scenarios of a second or two on real sockets, judged by a feed that the test writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException

from cli.yaml_documents import parse_document
from domain.clock import FakeClock
from domain.errors import RefusedError
from simulators.cable import Cable
from simulators.devices.modbus_devices import PowerMeter
from simulators.expectations import State
from simulators.listener import Listener
from simulators.phone import Phone
from simulators.runner import Runner
from simulators.scenario import Scenario, load_scenario
from simulators.scenario_model import OperatorStep
from simulators.site import Fleet
from tests.simulators.hotel import FOLDER, hotel

Item = Mapping[str, Any]


def scenario(steps: str, duration_s: float = 1.5) -> Scenario:
    head = f"scenario: short\nlabels: {{zh: 短, en: short}}\nduration_s: {duration_s}\nsteps:\n"
    return load_scenario(parse_document(head + steps, "short.yaml"), FOLDER)


async def feed_of(queue: asyncio.Queue[Item]) -> AsyncIterator[Item]:
    while True:
        yield await queue.get()


@asynccontextmanager
async def master(fleet: Fleet, line: str, timeout_s: float = 10) -> AsyncIterator[AsyncModbusTcpClient]:
    port = fleet.ports[f"hotel/gw-east/{line}"]
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=timeout_s, retries=0, reconnect_delay=0)
    assert await client.connect()
    try:
        yield client
    finally:
        client.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not holds():
            await asyncio.sleep(0.02)


async def test_the_whole_hotel_answers_on_its_lines() -> None:
    async with Fleet(hotel(), seed=3) as fleet:
        assert (len(fleet.rows()), fleet.skipped) == (42, [])
        async with master(fleet, "panel-line") as client:
            assert (await client.read_holding_registers(0x0101, count=24, device_id=1)).registers == [1] * 24
        async with master(fleet, "power-line") as client:
            for unit in range(1, 7):
                assert not (await client.read_holding_registers(0x2000, count=16, device_id=unit)).isError()
            for unit in range(11, 20):
                assert not (await client.read_input_registers(0x0004, count=31, device_id=unit)).isError()
        async with master(fleet, "water-line") as client:
            codes = [
                (await client.read_holding_registers(2, count=3, device_id=unit)).registers[0] for unit in range(1, 7)
            ]
        assert codes == [10, 10, 9, 10, 10, 9]
        assert not fleet.lines()["hotel/gw-east/sensors"].connected


async def test_the_same_seed_gives_the_same_life() -> None:
    frozen = time.monotonic()
    fleets = [Fleet(hotel(), seed=seed, monotonic=lambda: frozen) for seed in (1, 1, 2)]
    first, same, other = ([dict(row.values) for row in fleet.rows()] for fleet in fleets)
    assert first == same
    assert first != other


async def test_steps_reach_the_registers() -> None:
    play = scenario(
        "  - {at: 0.1, device: panel-1, set: {l1p07: fire, state: test}}\n"
        "  - {at: 0.2, device: pressure-1, ramp: {pressure: {to: 180, over_s: 0.2}}}\n"
        "  - {at: 0.3, device: rcd-1, set: {residual_current: 320}}\n"
    )
    async with Fleet(hotel()) as fleet:
        report = await Runner(play, fleet).run()
        async with master(fleet, "panel-line") as client:
            assert (await client.read_holding_registers(0x0107, count=1, device_id=1)).registers == [0b11]
            assert (await client.read_holding_registers(0, count=1, device_id=1)).registers == [0b10]
        async with master(fleet, "water-line") as client:
            raw = (await client.read_holding_registers(4, count=1, device_id=1)).registers[0]
            assert abs(raw - 1800) <= 61
        async with master(fleet, "power-line") as client:
            assert (await client.read_input_registers(5, count=1, device_id=11)).registers[0] in range(312, 329)
        touched = {row.device.settings.id: set(row.touched) for row in fleet.rows() if row.touched}
        assert touched == {"panel-1": {"l1p07", "state"}, "pressure-1": {"pressure"}, "rcd-1": {"residual_current"}}
    assert report.passed
    assert report.verdicts == ()


async def test_a_replay_step_plays_its_file() -> None:
    replay = "{file: kitchen_steam.csv, time: seconds, column: obscuration_dB_per_m, to: obscuration, speed: 20}"
    play = scenario(f"  - {{at: 0, device: smoke-13, replay: {replay}}}\n", duration_s=0.6)
    async with Fleet(hotel()) as fleet:
        await Runner(play, fleet).run()
        [row] = [row for row in fleet.rows() if row.device.settings.id == "smoke-13"]
        assert 0.1 < row.values["obscuration"] <= 0.27


async def test_a_fault_ends_after_its_time() -> None:
    play = scenario("  - {at: 0, fault: {device: panel-1, kind: silent, for_s: 3}}\n", duration_s=30)
    async with Fleet(hotel()) as fleet:
        stop = asyncio.Event()
        running = asyncio.create_task(Runner(play, fleet).run(stop=stop))
        await until(lambda: any(row.fault for row in fleet.rows()))
        async with master(fleet, "panel-line", timeout_s=0.3) as client:
            with pytest.raises(ModbusIOException):
                await client.read_holding_registers(0, count=1, device_id=1)
        await until(lambda: not any(row.fault for row in fleet.rows()))
        async with master(fleet, "panel-line") as client:
            assert (await client.read_holding_registers(0, count=1, device_id=1)).registers == [1]
        stop.set()
        assert (await running).played_s < 30


async def test_expectations_are_judged_by_the_feed() -> None:
    play = scenario(
        "  - at: 0\n"
        "    expect:\n"
        "      - {alert: {rule: panel_fire, event: raised, device: panel-1}, within: 1}\n"
        "      - {push: {rule: panel_fire, person: p-lin}, within: 1}\n"
        "      - {alert: {rule: smoke_alarm, event: raised}, within: 1}\n"
        "      - {alert: {rule: smoke_alarm, event: raised}, between: [0, 1], never: true}\n"
    )
    clock, queue = FakeClock(), asyncio.Queue[Item]()
    queue.put_nowait({"kind": "alert", "rule": "panel_fire", "event": "raised", "device": "panel-1", "alert_id": "a"})
    queue.put_nowait({"kind": "push", "rule": "panel_fire", "person": "p-lin", "time_ns": clock.now_ns() + 500_000_000})
    async with Fleet(hotel()) as fleet:
        report = await Runner(play, fleet, feed=feed_of(queue), clock=clock).run()
    assert [verdict.state for verdict in report.verdicts] == [State.PASSED, State.PASSED, State.FAILED, State.PASSED]
    assert not report.passed
    assert report.verdicts[1].at_s == 0.5, "the time that was told counts, not when it came in"
    assert [item["state"] for item in report.as_dict()["expectations"]] == ["passed", "passed", "failed", "passed"]


async def test_without_a_feed_nothing_is_judged_and_nothing_fails() -> None:
    play = scenario("  - {at: 0, expect: [{alert: {rule: panel_fire, event: raised}, within: 0.1}]}\n", duration_s=0.2)
    async with Fleet(hotel()) as fleet:
        report = await Runner(play, fleet).run()
    assert [verdict.state for verdict in report.verdicts] == [State.NOT_JUDGED]
    assert report.passed


async def test_a_link_is_cut_and_mended_and_left_mended_at_the_end() -> None:
    async def hold(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with (
        Listener(hold) as far,
        Cable("127.0.0.1", far.port) as one,
        Cable("127.0.0.1", far.port) as other,
        Fleet(hotel()) as fleet,
    ):
        seen = []
        play = scenario("  - {at: 0.1, fault: {link: uplink, kind: cut, for_s: 0.5}}\n", duration_s=30)
        stop = asyncio.Event()
        running = asyncio.create_task(Runner(play, fleet, cables={"uplink": [one, other]}).run(stop=stop))
        await until(lambda: one.is_cut and other.is_cut)
        await until(lambda: not one.is_cut and not other.is_cut)
        stop.set()
        seen.append(await running)
        forever = scenario("  - {at: 0, fault: {link: uplink, kind: cut}}\n", duration_s=0.3)
        seen.append(await Runner(forever, fleet, cables={"uplink": [one]}).run())
        assert not one.is_cut
    assert all(report.passed and not report.remarks for report in seen)


async def test_people_answer_by_phone_and_at_the_screen() -> None:
    answers: list[bytes] = []
    acts: list[OperatorStep] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answers.append(await reader.readuntil(b"}"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()

    async def operate(step: OperatorStep) -> None:
        acts.append(step)
        if step.operator == "reset":
            raise RefusedError("it is still burning")

    play = scenario(
        "  - {at: 0, person: p-lin, answer: on_site, rule: panel_fire, note: 已到场}\n"
        "  - {at: 0.1, operator: acknowledge, rule: panel_fire}\n"
        "  - {at: 0.2, operator: reset, rule: panel_fire, device: panel-1}\n"
        "  - {at: 0.2, person: s-wang, answer: received, rule: panel_fire, patience_s: 0.2}\n"
    )
    async with Listener(take) as desk, Phone() as phone, Fleet(hotel()) as fleet:
        running = asyncio.create_task(Runner(play, fleet, phone=phone, operator=operate).run())
        async with httpx.AsyncClient(trust_env=False) as client:
            link = f"http://127.0.0.1:{desk.port}/answer/t"
            push = {"id": "1", "person": {"id": "p-lin"}, "rule": "panel_fire", "answer_url": link}
            assert (await client.post(phone.url, json=push)).status_code == 200
        report = await running
    assert len(answers) == 1
    assert b'"answer":"on_site"' in answers[0].replace(b'": "', b'":"')
    assert [step.operator.value for step in acts] == ["acknowledge", "reset"]
    assert [(remark.line, remark.failed) for remark in report.remarks] == [(7, True), (8, True)]
    assert not report.passed


async def test_what_is_not_here_is_left_out_with_a_remark() -> None:
    play = scenario(
        "  - {at: 0, fault: {link: uplink, kind: cut, for_s: 1}}\n"
        "  - {at: 0, operator: reset, rule: panel_fire}\n"
        "  - {at: 0, person: p-lin, answer: received, rule: panel_fire}\n",
        duration_s=0.2,
    )
    async with Fleet(hotel()) as fleet:
        report = await Runner(play, fleet).run()
    assert [(remark.line, remark.failed) for remark in report.remarks] == [(5, False), (6, False), (7, False)]
    assert report.passed


def test_models_take_every_point_of_their_profile() -> None:
    fleet = Fleet(hotel())
    for row in fleet.rows():
        names = {point.id for point in row.device.profile.points}
        assert names <= set(row.values) | {"image"}, row.device.key
    assert PowerMeter.kind == "power_meter"

"""The transmitters of a site: the district calls a small centre, scenarios press, break and call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cli.site_files import load_registry
from cli.yaml_documents import parse_document
from domain.errors import ConfigurationError
from domain.site import Registry
from simulators.errors import SimulationError
from simulators.expectations import State
from simulators.faults import Fault, FaultKind
from simulators.runner import Runner
from simulators.scenario import Scenario, load_scenario
from simulators.scenario_check import check_against
from simulators.scenario_model import RollCallStep
from simulators.site import Fleet
from tests.simulators.centre import Centre, running_centre

FOLDER = Path(__file__).parents[2] / "examples" / "district"


@cache
def district(port: int = 1) -> Registry:
    return load_registry(FOLDER, {"FENGSUI_ACCESS_PORT": str(port)})


def scenario(steps: str, duration_s: float = 2.0) -> Scenario:
    head = f"scenario: short\nlabels: {{zh: 短, en: short}}\nduration_s: {duration_s}\nsteps:\n"
    return load_scenario(parse_document(head + steps, "short.yaml"), FOLDER)


@asynccontextmanager
async def calling() -> AsyncIterator[tuple[Fleet, Centre]]:
    """Let the district call a small centre; yields when all 200 have said everything."""
    async with running_centre() as centre, Fleet(district(centre.port)) as fleet:
        await until(lambda: all_settled(fleet))
        yield fleet, centre


def all_settled(fleet: Fleet) -> bool:
    [status] = fleet.lines().values()
    return "(200/200)" in status.where and status.waiting == 0 and status.sent >= 600


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(40):
        while not holds():
            await asyncio.sleep(0.02)


async def test_two_hundred_transmitters_report_under_their_own_addresses() -> None:
    async with calling() as (fleet, centre):
        assert len({one.source for one in centre.seen}) == 200
        assert len(centre.of_type(21)) == 200
        assert fleet.skipped == []
        assert len(fleet.rows()) == 200
        status = fleet.lines()["centre/access/gb26875"]
        assert (status.connected, status.dropped, status.trouble) == (True, 0, "")


async def test_scenario_steps_press_buttons_and_break_lines() -> None:
    play = scenario(
        "  - {at: 0.1, transmitter: u017-utd, press: fire, component: smoke-1}\n"
        "  - {at: 0.1, transmitter: p01/u001-utd, press: answer, operator: 9}\n"
        "  - {at: 0.1, fault: {transmitter: u042-utd, kind: cut}}\n"
        "  - {at: 0.1, fault: {transmitter: u099-utd, kind: garbage, for_s: 1}}\n"
    )
    async with calling() as (fleet, centre):
        check_against(play, district())
        report = await Runner(play, fleet).run()
        assert report.passed, report.remarks
        [fire] = [one for one in centre.of_type(2) if one.data[9] & 2]
        assert fire.source == (350102017).to_bytes(6, "little")
        [answer] = centre.of_type(24)
        assert answer.data[2:4] == bytes((1 << 5, 9))
        assert centre.junk > 10_000
        assert not fleet.link("u042-utd").connected
        fleet.mend("u042-utd")
        await until(lambda: fleet.link("u042-utd").connected)
        touched = {row.device.settings.id for row in fleet.rows() if row.touched}
        assert touched == {"u017-utd"}


async def test_a_roll_call_is_asked_of_the_caller_and_its_end_is_judged() -> None:
    asked: list[RollCallStep] = []
    queue: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()

    async def call(step: RollCallStep) -> None:
        asked.append(step)
        queue.put_nowait({"kind": "roll_call", "transmitter": "p05/u021-utd", "result": "late"})

    async def feed() -> AsyncIterator[Mapping[str, Any]]:
        while True:
            yield await queue.get()

    play = scenario(
        "  - {at: 0.1, roll_call: u021-utd, minutes: 1}\n"
        "  - at: 0.1\n"
        "    expect:\n"
        "      - {roll_call: {transmitter: u021-utd, result: late}, within: 1}\n"
        "      - {roll_call: {transmitter: p05/u021-utd, result: present}, within: 1}\n",
        duration_s=1.2,
    )
    report = await Runner(play, Fleet(district()), roll_caller=call, feed=feed()).run()
    assert [(step.roll_call, step.minutes) for step in asked] == [("u021-utd", 1)]
    assert [verdict.state for verdict in report.verdicts] == [State.PASSED, State.FAILED]
    assert "roll-calls ended" in report.verdicts[1].why


async def test_without_a_centre_a_roll_call_is_left_out_with_a_remark() -> None:
    report = await Runner(scenario("  - {at: 0, roll_call: u021-utd}\n", 0.2), Fleet(district())).run()
    assert report.passed
    assert "u021-utd not called" in report.remarks[0].why


def test_what_is_no_transmitter_has_no_buttons() -> None:
    fleet = Fleet(district())
    with pytest.raises(SimulationError, match="is no transmitter"):
        fleet.link("u017-fas")
    with pytest.raises(SimulationError, match="can't have the fault 'nan'"):
        fleet.strike("u017-utd", Fault(kind=FaultKind.NAN))


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{at: 0, transmitter: u999-utd, press: mute}", "no such transmitter"),
        ("{at: 0, transmitter: u017-utd, press: fire, component: smoke-9}", "no component 'smoke-9' here"),
        ("{at: 0, roll_call: u017-fas}", "no such transmitter"),
        ("{at: 0, fault: {transmitter: u01-utd, kind: cut}}", "no such transmitter"),
        ("{at: 0, expect: [{roll_call: {transmitter: u1, result: late}, within: 1}]}", "no such transmitter"),
        ("{at: 0, expect: [{alert: {rule: x, event: raised, gateway: u1}, within: 1}]}", "no such gateway"),
    ],
)
def test_names_that_the_site_lacks_are_refused(step: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        check_against(scenario(f"  - {step}\n"), district())


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("{at: 0, transmitter: u017-utd, press: fire}", "is done to a component → add 'component'"),
        ("{at: 0, transmitter: u017-utd, press: ring}", "not one of the known words"),
        ("{at: 0, roll_call: u017-utd, minutes: 0}", "too small"),
        ("{at: 0, fault: {transmitter: u017-utd, kind: nan}}", "a transmitter has no such fault"),
    ],
)
def test_steps_that_make_no_sense_are_refused_with_the_mend(step: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        scenario(f"  - {step}\n")

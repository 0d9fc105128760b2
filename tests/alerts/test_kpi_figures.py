"""The figures against a slow, obvious count over the same records."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.database import Database
from alerts.floods.figures import figures
from alerts.floods.loading import Slice
from alerts.floods.service import KpiService
from alerts.kpi_face import DAY_NS, SLOT_NS, Figures, KpiRequest
from alerts.schema import Activation, OutOfService
from domain.alarm import AlarmClass, Level, TransitionKind
from domain.alert import Confirmation
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site.operators import OperatorSettings
from tests.alerts.alerts_scene import Scene, hotel, scene
from tests.alerts.flood_scene import fault, faults, tick

START_NS = 1_800_000_000 * NS_PER_S


@dataclass(frozen=True)
class Raised:
    """One activation of the reference."""

    who: tuple[str, str]
    alarm_class: AlarmClass
    level: Level
    at_ns: int
    told: bool
    acknowledged_ns: int | None
    ended_ns: int | None


raised = st.builds(
    Raised,
    who=st.tuples(st.sampled_from(["r1", "r2", "r3"]), st.sampled_from(["hotel/a", "hotel/b"])),
    alarm_class=st.sampled_from([AlarmClass.FIRE, AlarmClass.FAULT]),
    level=st.sampled_from(list(Level)),
    at_ns=st.one_of(
        st.integers(0, 3 * 86_400).map(lambda s: START_NS + s * NS_PER_S),
        st.integers(0, 200).map(lambda s: START_NS + (90_000 + s) * NS_PER_S),
    ),
    told=st.booleans(),
    acknowledged_ns=st.one_of(st.none(), st.integers(0, 4000).map(lambda s: s * NS_PER_S)),
    ended_ns=st.one_of(st.none(), st.integers(0, 3 * 86_400).map(lambda s: s * NS_PER_S)),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(raised, max_size=60), st.integers(0, 100_000), st.integers(1, 200_000))
def test_figures_are_what_counting_says(records: list[Raised], begin_s: int, length_s: int) -> None:
    from_ns = START_NS + begin_s * NS_PER_S
    until_ns = from_ns + length_s * NS_PER_S
    found = asyncio.run(_compute(records, from_ns, until_ns))
    told = [one for one in records if one.told and from_ns <= one.at_ns < until_ns]
    assert found.alarms == len(told)
    slots = Counter((one.at_ns - from_ns) // SLOT_NS for one in told)
    assert found.slots == tuple(slots[number] for number in range(-(-(until_ns - from_ns) // SLOT_NS)))
    assert found.by_class == Counter(one.alarm_class for one in told)
    assert found.by_level == {level.value: sum(one.level is level for one in told) for level in Level}
    _check_top(found, told)
    _check_stale(found, records, from_ns, until_ns)
    _check_chattering(found, records, from_ns, until_ns)
    answered = [one for one in told if one.acknowledged_ns is not None]
    assert (found.acknowledge.count, found.acknowledge.outstanding) == (len(answered), len(told) - len(answered))


def _check_top(found: Figures, told: list[Raised]) -> None:
    counted = sorted(Counter(one.who for one in told).items(), key=lambda pair: (-pair[1], pair[0]))[:10]
    assert [((one.rule, one.entity), one.count) for one in found.top] == counted
    if told:
        assert found.top_share == pytest.approx(sum(count for _, count in counted) / len(told), abs=1e-6)


def _check_stale(found: Figures, records: list[Raised], from_ns: int, until_ns: int) -> None:
    def stale_at(moment: int) -> int:
        ages = ((one, moment - one.at_ns) for one in records if one.told)
        return sum(age >= DAY_NS and (one.ended_ns is None or age < one.ended_ns) for one, age in ages)

    days = [*range(from_ns + DAY_NS, until_ns, DAY_NS), until_ns]
    assert abs(found.stale_most - max(stale_at(day) for day in days)) <= sum(
        one.told and any(abs(day - one.at_ns - DAY_NS) < NS_PER_S for day in days) for one in records
    )


def _check_chattering(found: Figures, records: list[Raised], from_ns: int, until_ns: int) -> None:
    minute = 60 * NS_PER_S
    times: dict[tuple[str, str], list[int]] = {}
    for one in sorted(records, key=lambda one: one.at_ns):
        if from_ns <= one.at_ns < until_ns:
            times.setdefault(one.who, []).append(one.at_ns)
    most = {who: max(sum(0 <= at - first < minute for at in each) for first in each) for who, each in times.items()}
    wanted = {who: count for who, count in most.items() if count >= 3}
    assert {(one.rule, one.entity): one.in_a_minute for one in found.chattering} == wanted


async def _compute(records: list[Raised], from_ns: int, until_ns: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        database = await Database.open(f"sqlite:///{folder}/alerts.db")
        rows = [_row(number, one) for number, one in enumerate(records)]
        await database.write(lambda session: session.add_all(rows))
        part = Slice(from_ns, until_ns, ("site",))
        found = await database.report(lambda session: figures(session, part, OperatorSettings(), position=None))
        await database.close()
    return found


def _row(number: int, one: Raised) -> Activation:
    rule, entity = one.who
    return Activation(
        alert_id=f"{number:032d}",
        position="site",
        unit="hotel",
        building="east",
        rule=rule,
        entity=entity,
        alarm_class=one.alarm_class,
        level=one.level,
        at_ns=one.at_ns,
        told_ns=one.at_ns if one.told else None,
        acknowledged_ns=None if one.acknowledged_ns is None else one.at_ns + one.acknowledged_ns,
        ended_ns=None if one.ended_ns is None else one.at_ns + one.ended_ns,
    )


async def ask(bench: Scene, seconds: float = 86_400, **scope: str) -> Figures:
    """Return the figures of the time until now."""
    now_ns = bench.clock.now_ns()
    request = KpiRequest(from_ns=now_ns - round(seconds * NS_PER_S), until_ns=now_ns + 1, **scope)
    return Figures.model_validate(await KpiService(bench.office).figures(request.model_dump(mode="json")))


def mark(found: Figures, name: str) -> bool | None:
    """Return whether a figure is good."""
    return next(one.good for one in found.marks if one.name == name)


async def test_a_flood_stands_in_the_figures(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await faults(bench, 12)
        await tick(bench, 700)
        found = await ask(bench, 3600)
        (flood,) = found.floods
        assert (flood.scope, flood.alarms, flood.peak) == ("position", 12, 12)
        assert found.flood_share == pytest.approx((7 + 600 - 10) / 3600, abs=1e-3)
        assert mark(found, "flood_share") is False
        assert mark(found, "peak") is False
        assert (await ask(bench, 3600, unit="hotel")).floods[0].scope == "unit"


async def test_people_in_the_figures(tmp_path: Path) -> None:
    from alerts import actions  # noqa: PLC0415  # here only

    async with scene(tmp_path) as bench:
        change = fault(1)
        alert_id = await bench.say(change)
        bench.clock.advance(30)
        await bench.do(alert_id, lambda desk, alert: actions.acknowledge(desk, alert, "wang"))
        bench.clock.advance(90)
        await bench.do(alert_id, lambda desk, alert: actions.confirm(desk, alert, "wang", Confirmation.FALSE, "dust"))
        await bench.say(change.model_copy(update={"id": "c" * 32, "kind": TransitionKind.CLEARED}))
        found = await ask(bench)
        assert (found.acknowledge.p50_s, found.confirm.p50_s, found.close.p50_s) == (30, 120, 120)
        assert (found.false_share, found.detectors[0].false, found.detectors[0].rate) == (1.0, 1, 1.0)
        assert mark(found, "acknowledge_p95_s") is True
        assert mark(found, "false_share") is False


async def test_what_was_hidden_without_a_reason_is_counted(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        now_ns = bench.clock.now_ns()
        entry = OutOfService(
            id="x", unit="hotel", zones=[], devices=["d"], points=[], gateways=[], begun_by="wang", reason=" ",
            begun_ns=now_ns, until_ns=now_ns + 1,
        )  # fmt: skip
        await bench.office.database.write(lambda session: session.add(entry))
        assert (await ask(bench)).unauthorised == 1


@pytest.mark.parametrize("scope", [{"unit": "nobody"}, {"position": "nobody"}])
async def test_an_unknown_scope_is_refused(tmp_path: Path, scope: dict[str, Any]) -> None:
    async with scene(tmp_path) as bench:
        with pytest.raises(RefusedError, match="no such"):
            await ask(bench, **scope)


async def test_a_position_has_the_figures_of_its_units_only(tmp_path: Path) -> None:
    desks = {"positions": [{"id": "desk", "labels": {"zh": "席", "en": "desk"}, "units": ["hotel"]}]}
    async with scene(tmp_path, hotel(operators=desks)) as bench:
        await faults(bench, 3)
        assert (await ask(bench, position="desk")).alarms == 3
        assert (await ask(bench, position="site")).alarms == 0
        assert (await ask(bench)).alarms == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"from_ns": 5, "until_ns": 5},
        {"from_ns": 0, "until_ns": 401 * DAY_NS},
        {"from_ns": -1, "until_ns": 5},
        {"from_ns": 0, "until_ns": 5, "unit": "a", "position": "b"},
        {"from_ns": 0, "until_ns": 5, "unit": "a b"},
    ],
)
async def test_a_malformed_request_is_refused(tmp_path: Path, body: dict[str, Any]) -> None:
    async with scene(tmp_path) as bench:
        with pytest.raises(ValueError, match="validation error"):
            await KpiService(bench.office).figures(body)

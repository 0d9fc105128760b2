"""The rules' face on a real nats-server: what runs, why, its tests, and a backtest over a real store."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from backbone.client import Backbone
from backbone.subjects import RULES_BUCKET
from domain.clock import NS_PER_S
from domain.errors import LinkError, RefusedError
from rules.face import CATALOGUE, RulesFace
from rules.trials_face import Backtest, BacktestJob, JobState
from tests.rules.rules_desk_scene import (
    PRESSURE,
    keep,
    really_raised,
    rules_running,
    site_folder,
    store_running,
)
from tests.rules.rules_traffic import until
from tests.servers import connected, embedded_server

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]
"""Helpers give way to whoever else wants the processor: on a machine that has much to do they take their time."""

MINUTES = 60
OWN = "procedures:\n  pressure_low: {zh: 先打泵房电话, en: Call the pump room}\n"
BROKEN = """
world:
  zones: [{id: z, kind: other, floor: 1}]
tests:
  - {name: never, series: {}, expect: [{at_s: 3, kind: raised}]}
"""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Path, Path, Backbone]]:
    """A site whose store has an hour of water pressure with two dips, and one alarm of the record."""
    state = tmp_path_factory.mktemp("desk")
    folder = site_folder(state / "site")
    (folder / "rules").mkdir()
    (folder / "rules" / "procedures.yaml").write_text(OWN, encoding="utf-8")
    async with embedded_server(state, [("hotel", "gw-east")]) as server, connected(server) as backbone:
        yield folder, state, backbone


def began() -> int:
    """Return when the hour began, whole seconds."""
    return (time.time_ns() // NS_PER_S - MINUTES * 60 - 60) * NS_PER_S


async def ended(face: RulesFace, job: str) -> BacktestJob:
    """Wait until a backtest is over."""
    await until(lambda: _over(face, job), timeout_s=280)
    found = await face.job(job)
    assert found is not None
    return found


async def _over(face: RulesFace, job: str) -> bool:
    found = await face.job(job)
    return found is not None and found.state is not JobState.RUNNING


async def test_the_catalogue_tells_what_runs_also_when_nothing_runs_any_more(site: tuple[Path, Path, Backbone]) -> None:
    folder, state, backbone = site
    face = RulesFace(backbone)
    async with rules_running(folder, state, backbone):
        await until(lambda: _has_states(face))
    catalogue, states = await face.catalogue(), await face.states()
    assert catalogue is not None
    cards = {card.name: card for card in catalogue.cards}
    low = cards["pressure_low"]
    assert (low.procedure_zh, low.procedure_en) == ("先打泵房电话", "Call the pump room")
    assert (low.own, low.own_procedure, cards["pressure_high"].own_procedure) == (False, True, False)
    assert "低于档案下限" in low.condition.zh
    assert "`" not in low.condition.en + low.watches.en
    assert (cards["gateway_offline"].needs_log, low.needs_log) == (True, False)
    assert states["pressure_low"].entities == 1
    assert states["pressure_low"].unknown == 1, "nobody has heard the transmitter: that is unknown, not normal"
    assert "co_high" not in states, "what watches nothing is absent"
    with pytest.raises(LinkError):
        await face.test("pressure_low")


async def _has_states(face: RulesFace) -> bool:
    return await face.catalogue() is not None and "pressure_low" in await face.states()


async def test_a_rule_is_explained_on_its_site_and_its_cases_are_run(site: tuple[Path, Path, Backbone]) -> None:
    folder, state, backbone = site
    face = RulesFace(backbone)
    async with rules_running(folder, state, backbone, "one", "two"):
        await until(lambda: _answers(face))
        told = await face.explain("pressure_low")
        assert (told.alarms, told.tests[0].examples, told.tests[0].limits) == (1, (PRESSURE,), "250 kPa")
        assert told.tests[0].source == "point record: low"
        assert told.text.startswith("id: pressure_low")
        run = await face.test("pressure_low")
        assert (len(run.outcomes), run.failed) == (3, 0)
        now = await face.explain_entity("pressure_low", PRESSURE)
        assert now["truth"] == "unknown"
        for asks in (face.explain, face.test):
            with pytest.raises(RefusedError, match="no rule nonsense runs"):
                await asks("nonsense")


async def test_a_case_that_fails_says_why(site: tuple[Path, Path, Backbone]) -> None:
    folder, state, backbone = site
    broken = folder / "rules" / "pressure_high.test.yaml"
    broken.write_text(BROKEN, encoding="utf-8")
    face = RulesFace(backbone)
    try:
        async with rules_running(folder, state, backbone):
            await until(lambda: _answers(face))
            run = await face.test("pressure_high")
    finally:
        broken.unlink()
    assert (run.failed, run.outcomes[0].name) == (1, "never")
    assert "missing at 3 s" in run.outcomes[0].failures[0]


async def _answers(face: RulesFace) -> bool:
    try:
        await face.job()
    except LinkError:
        return False
    return True


async def test_a_backtest_says_what_the_rule_would_have_said_beside_the_record(
    site: tuple[Path, Path, Backbone], tmp_path: Path
) -> None:
    folder, state, backbone = site
    face, start_ns = RulesFace(backbone), began()
    async with rules_running(folder, state, backbone) as registry, store_running(registry, backbone, tmp_path):
        await keep(backbone, registry, start_ns, MINUTES, at=(10, 40))
        await really_raised(backbone, start_ns + 606 * NS_PER_S)
        await until(lambda: _answers(face))
        span = {"start_ns": start_ns, "end_ns": start_ns + MINUTES * 60 * NS_PER_S}
        job = await face.backtest(Backtest(rule="pressure_low", unit="hotel", by="李工", **span))
        with pytest.raises(RefusedError, match="李工"):
            await face.backtest(Backtest(rule="pressure_high", unit="hotel", **span))
        done = await ended(face, job)
        assert (done.state, done.error, done.share) == (JobState.DONE, "", 1.0)
        found = done.result
        assert found is not None
        assert (found.source, found.raised, found.recorded) == ("store", 2, 1)
        assert found.readings == MINUTES * 60 // 2
        raised = [(one.raised_ns - start_ns) // NS_PER_S for one in found.intervals]
        assert raised == [606, 2406]
        assert [one.kind for one in found.changes] == ["new"], "the first one came when the record says it did"
        assert sum(day.backtest for day in found.days) == 2
        assert sum(day.record for day in found.days) == 1
        (curve,) = found.curves
        assert (curve.point, curve.quantity, curve.limits[0].value, curve.limits[0].clears_at) == (
            PRESSURE,
            "kPa",
            250.0,
            270.0,
        )
        assert min(value for value in curve.least if value is not None) == 180.0
        assert found.transitions[0].text_zh.startswith("东楼")
        assert await face.job() == done


async def test_a_backtest_is_cancelled_and_what_can_not_be_tried_is_refused_or_fails_with_a_reason(
    site: tuple[Path, Path, Backbone],
) -> None:
    folder, state, backbone = site
    face, end_ns = RulesFace(backbone), time.time_ns()
    span = {"start_ns": end_ns - 86_400 * NS_PER_S, "end_ns": end_ns}
    async with rules_running(folder, state, backbone):
        await until(lambda: _answers(face))
        job = await face.backtest(Backtest(rule="device_silent", unit="hotel", **span))
        await face.cancel(job)
        assert (await ended(face, job)).state is JobState.CANCELLED
        nowhere = await ended(face, await face.backtest(Backtest(rule="pressure_low", unit="nowhere", **span)))
        assert (nowhere.state, "no such unit: nowhere" in nowhere.error) == (JobState.FAILED, True)
        early = await ended(face, await face.backtest(Backtest(rule="gateway_offline", unit="hotel", **span)))
        assert (early.state, "does not go back so far" in early.error) == (JobState.FAILED, True)
        with pytest.raises(RefusedError, match="no such backtest"):
            await face.job("nonsense")
        too_long = {"rule": "pressure_low", "unit": "hotel", "start_ns": 0, "end_ns": end_ns}
        with pytest.raises(RefusedError, match="31 days"):
            await backbone.request("svc.rules.desk.begin", too_long)


async def test_a_damaged_catalogue_is_written_anew(site: tuple[Path, Path, Backbone]) -> None:
    folder, state, backbone = site
    face = RulesFace(backbone)
    await backbone.kv_put(RULES_BUCKET, CATALOGUE, b"junk")
    async with rules_running(folder, state, backbone):
        await until(lambda: _mended(backbone))
        assert (await face.catalogue()) is not None


async def _mended(backbone: Backbone) -> bool:
    entry = await backbone.kv_get(RULES_BUCKET, CATALOGUE)
    return entry is not None and entry.value != b"junk"

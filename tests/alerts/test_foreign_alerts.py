"""Alerts of other makers: one for each set of labels, never a fire, over when they say so or fall silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from alerts import actions, foreign_alerts, timers
from alerts.foreign_face import PostReply, PostRequest
from alerts.foreign_service import ForeignService
from alerts.schema import Alert, ForeignAlert
from domain.alarm import AlarmClass, Level
from domain.clock import NS_PER_S
from tests.alerts.alerts_scene import Scene, hotel, scene

LABELS = {"alertname": "DiskFull", "severity": "critical", "instance": "nas:9100"}


async def post(bench: Scene, *alerts: dict[str, Any], units: list[str] | None = None) -> PostReply:
    service = ForeignService(bench.office, None, hotel())  # type: ignore[arg-type]  # the handler is called, not served
    return PostReply.model_validate(await service.post({"alerts": list(alerts), "by": "prometheus", "units": units}))


async def all_alerts(bench: Scene) -> list[Alert]:
    query = select(Alert).order_by(Alert.raised_at_ns, Alert.id)
    return list(await bench.office.database.read(lambda session: session.scalars(query).all()))


async def test_an_alert_posted_again_and_again_is_one(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        for _ in range(3):
            assert (await post(bench, {"labels": LABELS, "annotations": {"summary": "95 %"}})).taken == 1
            bench.clock.advance(60)
        (alert,) = await all_alerts(bench)
        assert (alert.alarm_class, alert.level, alert.unit) == (AlarmClass.SYSTEM, Level.CRITICAL, "hotel")
        assert "DiskFull：95 %（instance=nas:9100, severity=critical）" in alert.text_zh


async def test_an_alert_that_is_not_posted_again_is_over_after_five_minutes(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await post(bench, {"labels": LABELS})
        bench.clock.advance(299)
        await bench.office.change(timers.escalate)
        assert (await all_alerts(bench))[0].active
        bench.clock.advance(2)
        await bench.office.change(timers.escalate)
        assert not (await all_alerts(bench))[0].active


async def test_an_end_that_is_over_clears_and_a_person_closes(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await post(bench, {"labels": LABELS})
        bench.clock.advance(10)
        now_ns = bench.clock.now_ns()
        await post(bench, {"labels": LABELS, "starts_ns": now_ns - 10 * NS_PER_S, "ends_ns": now_ns})
        (alert,) = await all_alerts(bench)
        assert (alert.active, alert.closed_at_ns) == (False, None)
        await bench.do(alert.id, lambda desk, one: actions.acknowledge(desk, one, "li"))
        assert (await all_alerts(bench))[0].closed_at_ns is not None
        await post(bench, {"labels": {"alertname": "Never"}, "ends_ns": now_ns})
        assert len(await all_alerts(bench)) == 1


async def test_nobody_outside_raises_a_fire(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        for name in ("fire", "FIRE", "linkage", "hazard"):
            await post(bench, {"labels": {"alertname": "x", "class": name}})
        assert {one.alarm_class for one in await all_alerts(bench)} == {AlarmClass.SYSTEM, AlarmClass.HAZARD}
        assert AlarmClass.FIRE not in foreign_alerts.CLASSES.values()


async def test_places_that_the_site_has_are_taken_over(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await post(bench, {"labels": {"alertname": "x", "unit": "hotel", "zone": "east-1-exit", "device": "none"}})
        (alert,) = await all_alerts(bench)
        assert (alert.building, alert.floor, alert.zone, alert.device) == ("east", 1, "east-1-exit", None)


async def test_a_bad_one_harms_no_other_and_the_number_is_limited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(foreign_alerts, "MOST_OPEN", 2)
    async with scene(tmp_path) as bench:
        bad = {"labels": {"a": "b"}, "starts_ns": 10, "ends_ns": 5}
        reply = await post(bench, {"labels": {"a": "1"}}, bad, {"labels": {"a": ""}}, {"labels": {"a": "2"}})
        assert (reply.taken, sorted(reply.refused)) == (2, [1, 2])
        reply = await post(bench, {"labels": {"a": "3"}}, {"labels": {"a": "1"}})
        assert list(reply.refused) == [0]


_VALUE = st.text(max_size=12) | st.integers() | st.none() | st.booleans()


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["labels", "annotations", "generator_url", "starts_ns", "ends_ns", "x"]),
            st.dictionaries(st.text(alphabet="ab_1 中", max_size=4), _VALUE, max_size=3) | _VALUE,
        ),
        max_size=3,
    )
)
def test_any_post_is_read_or_refused(alerts: list[dict[str, Any]]) -> None:
    try:
        request = PostRequest.model_validate({"alerts": alerts})
    except ValueError:
        return
    request.model_dump_json().encode()


@settings(max_examples=15)
@given(st.dictionaries(st.from_regex(r"\A[a-z_]{1,6}\Z"), st.text(max_size=40), min_size=1, max_size=4))
async def test_any_labels_can_be_taken(tmp_path_factory: pytest.TempPathFactory, labels: dict[str, str]) -> None:
    async with scene(tmp_path_factory.mktemp("foreign")) as bench:
        try:
            request = PostRequest.model_validate({"alerts": [{"labels": labels, "annotations": labels}]})
        except ValueError:
            return
        await post(bench, *request.model_dump()["alerts"])
        found = await bench.office.database.read(lambda session: session.scalars(select(ForeignAlert)).all())
        assert [one.labels for one in found] == [{k: v for k, v in labels.items() if v}] * bool(any(labels.values()))


async def test_a_unit_outside_the_scope_of_who_posts_is_none_of_the_site(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        reply = await post(bench, {"labels": {**LABELS, "unit": "hotel"}}, units=["school"])
        assert (reply.taken, "within the scope" in reply.refused[0]) == (0, True)
        assert (await post(bench, {"labels": {**LABELS, "unit": "school"}}, units=["hotel"])).taken == 1
        (alert,) = await all_alerts(bench)
        assert alert.unit == "hotel"

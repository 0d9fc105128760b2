"""What the page of an alarm says: deciding values, people to call, receipts, audit, the past, the chart."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.face import AuditView, NotificationView
from dashboards.console.audit_details import MOST_DETAILS
from dashboards.console.components import Cell
from dashboards.console.detail import past, receipts
from dashboards.console.detail.contacts import Contact, contacts, masked
from dashboards.console.detail.course import Mark, marks, options, summary
from dashboards.console.detail.deciding import deciding, decisive_points, devices_of_zone
from dashboards.console.detail.rule_words import rule_words
from dashboards.console.devices.device_words import Look
from dashboards.console.texts import Language
from dashboards.console.wording import zoned_text
from dashboards.live.dossiers import Around, Past
from dashboards.live.windows import Window
from domain.alarm import AlarmClass, EntityKind, Place
from domain.alert import AlertView, Confirmation
from domain.clock import NS_PER_S
from domain.quality import BAD, GOOD, Reason, pack
from domain.site import Registry
from tests.dashboards.board_makers import NOW_NS, alert
from tests.dashboards.detail_room import registry_of
from tests.dashboards.premises import HOSTILE

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 28, 12, 0, tzinfo=SHANGHAI)
PUMP = Place(unit="hotel", building="east", floor=-1, zone="pump", zone_kind="pump_room")
GAUGE = PUMP.model_copy(update={"device": "pressure", "point": "pressure"})


@pytest.fixture(scope="module")
def registry() -> Registry:
    return registry_of({"pictures": ["http://127.0.0.1:9/cam/"], "phone_url": "http://127.0.0.1:9/push"})


def gauge(**changes: Any) -> AlertView:
    """Return an alert of the pressure of the sprinkler pump."""
    values: dict[str, Any] = {
        "entity_kind": EntityKind.POINT,
        "entity": "hotel/pressure/pressure",
        "place": GAUGE,
        "value": 200.0,
    }
    return alert(**values | changes)


def test_a_deciding_value_has_its_quantity_and_how_far_it_is_beyond_its_limit(registry: Registry) -> None:
    (found,) = deciding(registry, gauge(), None, Language.EN)
    assert (found.name, found.words, found.look) == ("Sprinkler pump · Pressure", "200 kPa", Look.ALARM)
    assert found.limit == "below the low limit 250 kPa by 50 kPa"
    (found,) = deciding(registry, gauge(value=1300.0), None, Language.ZH)
    assert found.limit == "高于上限 1200 kPa，超出 100 kPa"
    (found,) = deciding(registry, gauge(value=600.0), None, Language.EN)
    assert found.limit == "high 1200 kPa, low 250 kPa"
    assert found.look is Look.CALM


def test_values_of_a_zone_find_their_devices_and_what_is_unknown_keeps_its_name(registry: Registry) -> None:
    one = alert(place=PUMP, value=200.0, values={"pressure": 200.0, "pressure/battery": 5.0, "ghost": 1.0})
    devices = devices_of_zone(registry, "hotel", "pump")
    assert devices.keys == ("hotel/pressure",)
    found = deciding(registry, one, devices, Language.EN)
    assert [each.name for each in found] == ["Sprinkler pump · Pressure", "ghost", "Sprinkler pump · Battery"]
    assert [point.name for point in decisive_points(found, registry, one)] == ["pressure", "battery"]
    assert next(each.point for each in deciding(registry, one, None, Language.EN)) is None


def test_a_single_value_is_not_said_twice_and_none_is_nothing(registry: Registry) -> None:
    assert len(deciding(registry, gauge(values={"pressure": 200.0}), None, Language.EN)) == 1
    assert len(deciding(registry, gauge(values={"battery": 9.0}), None, Language.EN)) == 2
    assert deciding(registry, gauge(value=None), None, Language.EN) == ()
    assert [point.name for point in decisive_points((), registry, gauge(value=None))] == ["pressure"]


def called(found: tuple[Contact, ...]) -> list[tuple[str, list[str], bool]]:
    return [(one.id, [part.role for part in one.roles], one.absent) for one in found]


def test_contacts_are_the_people_of_the_place_each_once_with_all_they_are(registry: Registry) -> None:
    fire = alert(place=Place(unit="hotel", building="east", floor=1, zone="exit", zone_kind="exit"), owner="p-lin")
    found = contacts(registry, fire, NOON, numbers=True)
    assert called(found) == [
        ("p-lin", ["owner", "safety_manager"], False),
        ("p-chen", ["responsible"], False),
        ("p-he", ["on_duty", "maintenance_firm", "deputy"], False),
    ]
    assert [one.call for one in found] == ["+865918700" + "1234", "13800138001", "13900139000"]


def test_numbers_are_hidden_from_who_does_not_act(registry: Registry) -> None:
    found = contacts(registry, gauge(), NOON, numbers=False)
    assert [one.call for one in found] == [None, None]
    assert {one.phone for one in found} == {"+86*********34", "139******00"}
    assert masked("119") == "***"
    assert masked("") == ""


def test_who_is_absent_comes_last_behind_who_stands_in(registry: Registry) -> None:
    people = dict(registry.people)
    away = {"from": "2026-11-28 08:00", "until": "2026-11-28 18:00"}
    chen = people["p-chen"].model_dump(mode="json", exclude={"absences"}) | {"absences": [away]}
    people["p-chen"] = type(people["p-chen"]).model_validate(chen)
    fault = alert(
        alarm_class=AlarmClass.FAULT,
        place=Place(unit="hotel", building="east", floor=1, zone="exit", zone_kind="exit"),
    )
    found = contacts(replace(registry, people=people), fault, NOON, numbers=True)
    assert called(found)[-1] == ("p-chen", ["responsible"], True)
    assert ("p-he", ["maintenance_firm", "deputy"], False) in called(found)


def test_a_place_that_the_site_has_not_has_nobody_to_call(registry: Registry) -> None:
    gone = alert(alarm_class=AlarmClass.FAULT, place=Place(unit="gone", zone="x"))
    assert contacts(registry, gone, NOON, numbers=True) == ()


def notice(**changes: Any) -> NotificationView:
    values: dict[str, Any] = {
        "id": "n1",
        "person": "p-chen",
        "channel": "phone",
        "step": 0,
        "reason": "step",
        "state": "accepted",
        "attempts": 1,
        "created_ns": NOW_NS,
        "sent_at_ns": NOW_NS + NS_PER_S,
        "accepted_at_ns": NOW_NS + 2 * NS_PER_S,
        "delivered_at_ns": None,
        "answered_at_ns": None,
        "answer": None,
        "provider_id": None,
        "last_error": None,
    }
    return NotificationView(**{**values, **changes})


def test_a_receipt_has_its_times_and_what_became_of_it(registry: Registry) -> None:
    (row,) = receipts.rows(registry, SHANGHAI, [notice()], NOW_NS, Language.EN)
    cells = row["cells"]
    assert (cells["person"], cells["step"]) == ("Mr Chen · phone", "1")
    assert [cells[name] for name in receipts.TIMES] == ["16:00:00", "16:00:01", "16:00:02", "", "", ""]
    assert cells["state"] == Cell("Accepted by the platform", "✓", "soft")


@pytest.mark.parametrize(
    ("changes", "words", "mark", "look"),
    [
        ({"answer": "on_site", "answered_at_ns": NOW_NS}, "已到场", "✓", ""),
        ({"state": "dead", "attempts": 5, "last_error": "no route"}, "未送达 · 已尝试 5 次 · no route", "✗", "alarm"),
        ({"state": "queued"}, "等待发送", "…", "caution"),
        ({"state": "digested"}, "并入汇总", "✓", "soft"),
        ({"state": "of tomorrow"}, "of tomorrow", "✓", "soft"),
    ],
)
def test_states_have_words_and_marks(
    registry: Registry, changes: dict[str, Any], words: str, mark: str, look: str
) -> None:
    (row,) = receipts.rows(registry, SHANGHAI, [notice(**changes)], NOW_NS, Language.ZH)
    assert row["cells"]["state"] == Cell(words, mark, look)


def test_the_audit_shows_its_place_in_the_chain_and_speaks(registry: Registry) -> None:
    entries = [
        AuditView(number=7, at_ns=NOW_NS, actor="system", action="raised", details={"input_seq": 4}, hash="ab" * 32),
        AuditView(
            number=9,
            at_ns=NOW_NS,
            actor="p-lin",
            action="told_again",
            details={"told": ["p-chen", "p-he"], "instead": {"a": "b"}, "long": "x" * 999, "empty": []},
            hash="cd" * 32,
        ),
        AuditView(number=8, at_ns=NOW_NS, actor="x", action="of_tomorrow", details={}, hash="ef" * 32),
    ]
    rows = receipts.audit_rows(registry, SHANGHAI, entries, Language.EN)
    cells = [row["cells"] for row in rows]
    assert [one["number"] for one in cells] == [9, 8, 7]
    assert [one["action"] for one in cells] == ["Told anew", "of_tomorrow", "Raised"]
    assert [one["actor"] for one in cells] == ["Ms Lin", "x", "System"]
    assert cells[0]["details"].words.startswith("told: Mr Chen, Mr He · told instead: a (b) · long: xxx")
    assert len(cells[0]["details"].words) == MOST_DETAILS + 1
    assert cells[2]["details"].words == ""
    assert cells[2]["hash"].words == "ab" * 6


def closed(number: int, finding: Confirmation | None, **changes: Any) -> AlertView:
    return gauge(number=number, confirmed=finding, closed_at_ns=NOW_NS, active=False, **changes)


def test_the_past_counts_what_was_found_out_and_says_when_nobody_did(registry: Registry) -> None:
    found = (
        closed(1, Confirmation.FALSE, false_cause="蒸汽"),
        closed(2, Confirmation.FALSE),
        closed(3, Confirmation.REAL),
        closed(4, Confirmation.TEST),
        closed(5, None),
    )
    before = Past(found, looked_at=200, cut=True)
    assert before.false_share == pytest.approx(2 / 3)
    assert past.past_line(before, Language.ZH) == (
        "近一年 5 条：真实 1，误报 2，测试 1。 已核实的误报率 67%。 （仅查看了该处最近 200 条）"
    )
    assert "unknown" in past.past_line(Past((), 0, cut=False), Language.EN)
    rows = past.rows(registry, SHANGHAI, (*found, gauge(number=6)), NOW_NS, Language.ZH)
    outcomes = [row["cells"]["outcome"] for row in rows]
    assert outcomes[0] == Cell("误报 · 蒸汽", "✗")
    assert outcomes[4].words == "未核实"
    assert outcomes[5].words == "未关闭"
    assert rows[0]["cells"]["text"].go == "/alarm/a1"


def test_similar_ones_are_each_listed_once_newest_first() -> None:
    around = Around(
        past=Past((), 0, cut=False),
        same_rule=(gauge(number=3), gauge(number=1)),
        same_rule_cut=True,
        same_zone=(gauge(number=2), gauge(number=3)),
        same_zone_cut=False,
    )
    assert [one.id for one in past.similar(around)] == ["a3", "a2", "a1"]
    assert past.similar_line(around, Language.EN) == "2+ of this rule here, 2 in this place"


def test_searches_lead_to_the_rest() -> None:
    assert past.search(gauge(rule="a b"), by="rule") == "/history?unit=hotel&rule=a+b"
    assert past.search(gauge(), by="place") == "/history?unit=hotel&device=pressure"
    assert past.search(alert(place=PUMP), by="place") == "/history?unit=hotel&zone=pump"
    assert past.search(alert(place=Place(unit="hotel")), by="place") == "/history?unit=hotel"


def course(registry: Registry) -> dict[str, Any]:
    """Return the chart of 20 min around NOW with a gap, a bad stretch, and ten minutes still to come."""
    start = NOW_NS - 600 * NS_PER_S
    rows = [(at, 600.0 if at < 500 else 200.0, GOOD) for at in range(0, 600, 2) if not 100 <= at < 200]
    rows = [(at, None, pack(BAD, Reason.TIMEOUT)) if 300 <= at < 320 else (at, v, q) for at, v, q in rows]  # type: ignore[misc]  # None is no float
    window = Window(
        start,
        NOW_NS + 600 * NS_PER_S,
        NOW_NS,
        tuple(start + at * NS_PER_S for at, _, _ in rows),
        tuple(value for _, value, _ in rows),
        tuple(quality for _, _, quality in rows),
    )
    point = registry.points[registry.points.index("hotel/pressure/pressure")]
    happened = marks(gauge(event_time_ns=NOW_NS - 60 * NS_PER_S, raised_at_ns=NOW_NS - 50 * NS_PER_S), Language.EN)
    assert summary(point, window, SHANGHAI, Language.EN) == (
        "15:50:00–16:00:00 · least 200 kPa · greatest 600 kPa · no data for 102 s"
    )
    return options(point, window, happened, SHANGHAI, Language.EN)


def test_the_chart_shows_limits_gaps_bad_quality_what_is_to_come_and_what_happened(registry: Registry) -> None:
    drawn = course(registry)
    (series,) = drawn["series"]
    areas = [(begin["name"], (end["xAxis"] - begin["xAxis"]) / 1000) for begin, end in series["markArea"]["data"]]
    assert areas == [("no data", 102.0), ("bad quality", 20.0), ("still to come", 600.0)]
    lines = series["markLine"]["data"]
    assert [one["yAxis"] for one in lines if "yAxis" in one] == [1200.0, 250.0]
    assert [one["label"]["formatter"] for one in lines if "xAxis" in one] == ["device", "raised"]
    known = [value for _, value in series["data"]]
    assert known.count(None) == 11
    assert not series["connectNulls"]
    assert drawn["yAxis"]["min"] < 200
    assert drawn["yAxis"]["max"] > 1200
    assert datetime.fromtimestamp(drawn["xAxis"]["min"] / 1000, UTC).strftime("%H:%M") == "15:50"
    json.dumps(drawn)


def test_what_happened_at_once_is_one_mark() -> None:
    same = gauge(event_time_ns=NOW_NS, raised_at_ns=NOW_NS, acknowledged_at_ns=NOW_NS + 9 * NS_PER_S)
    assert marks(same, Language.ZH) == (Mark(NOW_NS, "现场·告警"), Mark(NOW_NS + 9 * NS_PER_S, "应答"))


def test_labels_of_devices_are_drawn_as_text_never_as_html(registry: Registry) -> None:
    """The tooltip is text on the canvas: ECharts would make HTML of it otherwise."""
    assert course(registry)["tooltip"]["renderMode"] == "richText"
    found = deciding(registry, alert(place=PUMP, values={"panel/state": 1.0}), None, Language.EN)
    assert HOSTILE in found[0].name


def test_a_rule_that_nobody_tells_of_has_no_words() -> None:
    assert rule_words(None, Language.ZH) is None


def test_times_say_their_zone() -> None:
    assert zoned_text(NOW_NS, SHANGHAI) == "2027-01-15 16:00:00 UTC+08:00"
    assert zoned_text(NOW_NS, ZoneInfo("UTC")) == "2027-01-15 08:00:00 UTC+00:00"

"""Changes of alerts, what stands open, limits and status documents, as lines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_protocol_parser import parse_line  # type: ignore[import-untyped]  # it has no types

from domain.alarm import AlarmClass, Place
from domain.alert import AlertEvent, Confirmation
from domain.clock import NS_PER_S
from domain.errors import WireError
from domain.measurements import (
    ALERT_FLAGS,
    ALERT_NUMBERS,
    ALERT_TAGS,
    ALERT_TEXTS,
    PIPELINE_FIELDS,
    PLACE_TAGS,
    READING_TAGS,
    STANDING_FIELDS,
)
from ingest.events import alert_line
from ingest.events_pipeline import figure, pipeline_lines
from ingest.events_standing import limit_lines, standing_lines
from tests.ingest.alert_events import alert, message
from tests.ingest.ingest_site import START_NS, UNIT, site

SITE = site()


def read(line: bytes) -> dict[str, Any]:
    """Read a line with a foreign parser."""
    found: dict[str, Any] = parse_line(line.decode())
    return found


def test_a_change_is_a_row_with_its_place_words_and_person() -> None:
    row = read(alert_line(message(alert(), AlertEvent.RAISED, number=7), SITE))
    assert row["measurement"] == "alert"
    assert row["tags"] == {
        "unit": UNIT, "building": "east", "zone": "east-b1-pump",
        "class": "supervisory", "rule": "pressure_low", "event": "raised",
    }  # fmt: skip
    assert row["time"] == START_NS + 7
    fields = row["fields"]
    assert (fields["open"], fields["active"], fields["acknowledged"], fields["confirmed"]) == (1, 1, 0, "-")
    assert (fields["title_zh"], fields["title_en"]) == ("水压低", "pressure is low")
    assert fields["place_zh"] == "东楼 -1层 泵房 压力"
    assert fields["notice_s"] == 2.0
    assert fields["actor"] == "p-lin"


@pytest.mark.parametrize(
    ("event", "facts", "field", "seconds"),
    [
        (AlertEvent.ACKNOWLEDGED, {"acknowledged_at_ns": START_NS + 12 * NS_PER_S}, "acknowledge_s", 12.0),
        (
            AlertEvent.CONFIRMED,
            {"confirmed_at_ns": START_NS + 90 * NS_PER_S, "confirmed": Confirmation.FALSE},
            "confirm_s",
            90.0,
        ),
        (AlertEvent.CLEARED, {"cleared_at_ns": START_NS + NS_PER_S, "active": False}, "clear_s", 1.0),
        (AlertEvent.CLOSED, {"closed_at_ns": START_NS + 100 * NS_PER_S}, "open_s", 100.0),
    ],
)
def test_response_times_stand_on_the_row_of_what_happened_and_on_no_other(
    event: AlertEvent, facts: dict[str, Any], field: str, seconds: float
) -> None:
    fields = read(alert_line(message(alert(**facts), event, number=1), SITE))["fields"]
    assert fields[field] == seconds
    assert not {"notice_s", "acknowledge_s", "confirm_s", "clear_s", "open_s"} & fields.keys() - {field}
    comment = read(alert_line(message(alert(**facts), AlertEvent.COMMENTED, number=2), SITE))["fields"]
    assert field not in comment


def test_changes_of_one_moment_in_one_zone_are_rows_of_their_own_and_a_repeat_is_the_same_row() -> None:
    lines = [alert_line(message(alert(f"alert-{n}"), AlertEvent.RAISED, number=1_999_990 + n), SITE) for n in range(20)]
    assert len({line.rpartition(b" ")[2] for line in lines}) == 20
    assert len({line.partition(b" ")[0] for line in lines}) == 1, "one series"
    assert alert_line(message(alert("alert-3"), AlertEvent.RAISED, number=1_999_993), SITE) == lines[3]


def test_all_names_are_those_of_the_schema() -> None:
    fields: set[str] = set()
    for event in AlertEvent:
        times: dict[str, Any] = {
            f"{what}_at_ns": START_NS + NS_PER_S for what in ("acknowledged", "confirmed", "cleared", "reset", "closed")
        }
        view = alert(**times, fire_order=2, suppressed_by="other")
        row = read(alert_line(message(view, event, number=3), SITE))
        assert set(row["tags"]) == set(ALERT_TAGS)
        fields |= row["fields"].keys()
    assert fields == {*ALERT_FLAGS, *ALERT_TEXTS, *ALERT_NUMBERS}
    standing = read(standing_lines([], SITE, START_NS)[0])
    assert (set(standing["tags"]), set(standing["fields"])) == (set(PLACE_TAGS), set(STANDING_FIELDS))


@given(st.text(max_size=200), st.text(max_size=200))
def test_any_words_come_through_a_foreign_parser(zh: str, en: str) -> None:
    view = alert(text_zh="x" + zh, text_en="x" + en)
    line = alert_line(message(view, AlertEvent.RAISED, number=1), SITE)
    assert b"\n" not in line
    if "\0" not in zh + en:
        said = read(line)["fields"]["title_en"]
        assert said == ("x" + en).replace("\r", " ").replace("\n", " ")


@given(
    st.one_of(
        st.binary(max_size=300),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["type", "data", "time", "auditnumber", "x"]), inner, max_size=5)
            ),
            max_leaves=10,
        ).map(lambda value: json.dumps(value).encode()),
    )
)
def test_anything_else_is_refused_in_one_way(data: bytes) -> None:
    with pytest.raises(WireError):
        alert_line(data, SITE)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time", "yesterday"),
        ("time", "2026-01-01T00:00:00"),
        ("time", "1960-01-01T00:00:00Z"),
        ("auditnumber", "-1"),
        ("auditnumber", "٣"),
        ("auditnumber", "9" * 30),
        ("type", "other"),
    ],
)
def test_a_message_with_one_wrong_part_is_refused(name: str, value: str) -> None:
    body = json.loads(message(alert(), AlertEvent.RAISED, number=1)) | {name: value}
    with pytest.raises(WireError):
        alert_line(json.dumps(body).encode(), SITE)


def test_every_zone_has_a_row_and_zero_is_said_aloud() -> None:
    elsewhere = Place(unit=UNIT, gateway="gw-east")
    alerts = [
        alert("a", alarm_class=AlarmClass.SYSTEM),
        alert("b", alarm_class=AlarmClass.FIRE, acknowledged_at_ns=START_NS),
        alert("c", place=elsewhere, raised_at_ns=START_NS - 2 * 86_400 * NS_PER_S),
    ]
    rows = [read(line) for line in standing_lines(alerts, SITE, START_NS + NS_PER_S)]
    by_zone = {row["tags"]["zone"]: row["fields"] for row in rows}
    assert by_zone.keys() == {"east-b1-pump", "-"}
    pump = by_zone["east-b1-pump"]
    assert (pump["state"], pump["open"], pump["unacknowledged"]) == (7, 2, 1)
    assert (pump["fire"], pump["system"], pump["fault"]) == (1, 1, 0)
    assert (by_zone["-"]["stale"], by_zone["-"]["oldest_s"]) == (1, 2 * 86_400 + 1)
    quiet = [read(line)["fields"] for line in standing_lines([], SITE, START_NS)]
    assert [(row["state"], row["open"]) for row in quiet] == [(0, 0), (0, 0)]


def test_limits_stand_beside_the_readings_with_their_tags() -> None:
    rows = [read(line) for line in limit_lines(SITE, START_NS)]
    assert {row["tags"]["device"] for row in rows} == {f"pressure-{n}" for n in range(1, 5)}
    assert rows[0]["fields"] == {"pressure.low": 250.0, "pressure.high": 1200.0}
    assert set(rows[0]["tags"]) == set(READING_TAGS)


def test_status_documents_become_numbers_of_the_schema() -> None:
    statuses: dict[str, dict[str, Any]] = {
        "gateway.hotel.gw-east": {
            "time_ns": START_NS, "produced": 5, "uplink": "up", "dropped": {"oldest": 2, "age": 1, "why": "x"},
            "spool": {"batches": 3, "bytes": 10, "offline_forecast_s": None}, "unheard_of": 1,
        },
        "ingest.main": {"time_ns": START_NS, "store": "down", "lag_messages": None, "events": {"stored": 4, "lag": 0}},
        "console.main": {"time_ns": START_NS, "browsers": 1},
        "rules.main": {"readings": 1},
        "rules.x y": {"time_ns": START_NS, "readings": 1},
    }  # fmt: skip
    rows = [read(line) for line in pipeline_lines(statuses)]
    assert [row["tags"] for row in rows] == [
        {"process": "gateway", "instance": "hotel/gw-east"},
        {"process": "ingest", "instance": "main"},
    ]
    assert rows[0]["fields"] == {
        "produced": 5.0,
        "dropped": 3.0,
        "spool_batches": 3.0,
        "spool_bytes": 10.0,
        "uplink_up": 1.0,
    }
    assert rows[1]["fields"] == {"store_up": 0.0, "events_stored": 4.0, "events_lag": 0.0}


@given(
    st.dictionaries(
        st.sampled_from(sorted({name for names in PIPELINE_FIELDS.values() for name in names} | {"spool", "events"})),
        st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.lists(st.integers(), max_size=2),
        max_size=6,
    )
)
def test_no_document_can_upset_it(document: dict[str, Any]) -> None:
    for names in PIPELINE_FIELDS.values():
        for name in names:
            assert isinstance(figure(document, name), float | None)

"""Every message of the feed is a CloudEvent, by the word of the CloudEvents SDK and of the published schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cloudevents.http import from_json
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from sqlalchemy import select

from alerts import actions
from alerts.feed_face import parse, schema
from alerts.feeding.models import WorkItem
from alerts.feeding.work_items import work_item
from alerts.own_alarms import OwnAlarm, raise_own
from alerts.schema import FeedEvent
from alerts.timers import escalate
from backbone.messages import LogMessage
from domain.alarm import AlarmClass, EntityKind, Level, Place, TransitionKind
from domain.alert import Confirmation
from domain.errors import WireError
from tests.alerts.alerts_scene import EXIT, Scene, fire, scene, transition

URN = "urn:fengsui:schema:"


async def fed(bench: Scene) -> list[FeedEvent]:
    """Return the rows of the feed in the order in which they leave."""
    query = select(FeedEvent).order_by(FeedEvent.priority, FeedEvent.number)
    return list(await bench.office.database.read(lambda session: session.scalars(query).all()))


def conforms(payload: str) -> dict[str, Any]:
    """Check a message with the foreign SDK and our schemas; returns its attributes and data."""
    event = from_json(payload)
    attributes = event.get_attributes()
    assert attributes["specversion"] == "1.0"
    assert attributes["datacontenttype"] == "application/json"
    name = attributes["dataschema"].removeprefix(URN)
    document = json.loads(payload)
    Draft202012Validator(schema("message-v1"), format_checker=FormatChecker()).validate(document)
    Draft202012Validator(schema(name), format_checker=FormatChecker()).validate(event.get_data())
    extensions = set(attributes) - {"specversion", "id", "source", "type", "subject", "time"}
    assert all(key.isalnum() and key.islower() and len(key) <= 20 for key in extensions)
    return {**attributes, "data": event.get_data()}


async def test_the_whole_life_of_a_fire_and_of_a_hazard_conforms(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        burning = await bench.say(fire())
        await bench.say(fire(TransitionKind.UNKNOWN))
        await bench.say(fire(TransitionKind.KNOWN))
        bench.clock.advance(40)
        await bench.office.change(escalate)
        await bench.do(burning, lambda desk, alert: actions.acknowledge(desk, alert, "王值班"))
        await bench.do(burning, lambda desk, alert: actions.confirm(desk, alert, "王值班", Confirmation.REAL, "冒烟"))
        await bench.say(fire(TransitionKind.CLEARED))
        await bench.do(burning, lambda desk, alert: actions.reset(desk, alert, "王值班"))
        await bench.say(transition(), transition(kind=TransitionKind.LEVEL, level=Level.CRITICAL))
        events = [conforms(row.payload) for row in await fed(bench)]
        kinds = {event["type"].removeprefix("fengsui.alert.") for event in events}
        assert kinds >= {
            "raised", "unknown", "known", "escalated", "acknowledged", "confirmed", "commented", "cleared", "reset",
            "closed", "level",
        }  # fmt: skip
        assert {event["dataschema"] for event in events} == {f"{URN}alert-event-v1"}
        assert all(event["source"] == "/sites/demo/alerts" for event in events)
        assert len({event["id"] for event in events}) == len(events)
        numbers = [int(event["auditnumber"]) for event in events if event["subject"] == burning]
        assert numbers == sorted(numbers)


async def test_a_work_item_goes_by_the_same_way(tmp_path: Path) -> None:
    item = WorkItem(
        id="w1", kind="chattering", alarm_class=AlarmClass.FAULT, level=Level.NOTICE, place=EXIT,
        entity="hotel/east-1-exit", rule="smoke_alarm", text_zh="频繁误报，请检修", text_en="Chatters: repair it",
        evidence={"alarms": 40}, alerts=("a1",), opened_ns=1,
    )  # fmt: skip
    async with scene(tmp_path) as bench:
        await bench.office.change(lambda desk: work_item(desk, item))
        [row] = await fed(bench)
        assert (row.subject, row.event, row.alert_id) == ("alert.hotel.fault.workitem", "workitem", "a1")
        message = conforms(row.payload)
        assert (message["type"], message["subject"]) == ("fengsui.workitem.chattering", "w1")
        assert message["dataschema"] == f"{URN}work-item-v1"
        assert WorkItem.model_validate(message["data"]) == item


async def test_an_own_alarm_is_an_event_like_all_others(tmp_path: Path) -> None:
    alarm = OwnAlarm(
        rule="feed_consumer_behind", alarm_class=AlarmClass.SYSTEM, level=Level.WARNING,
        entity_kind=EntityKind.GATEWAY, entity="hotel/feed-units-alerts", place=Place(unit="hotel"),
    )  # fmt: skip
    async with scene(tmp_path) as bench:
        await bench.office.change(lambda desk: raise_own(desk, alarm, zh="落后", en="behind"))
        rows = await fed(bench)
        assert rows[0].subject == "alert.hotel.system.raised"
        conforms(rows[0].payload)


def log_message(data: bytes) -> LogMessage:
    """Return a message as the stream hands it on."""
    return LogMessage(subject="alert.u.fire.raised", data=data, seq=7, time_ns=1)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
WHOLE = {
    "specversion": "1.0",
    "id": "i",
    "type": "fengsui.alert.raised",
    "time": "2027-01-15T08:00:00.000Z",
    "data": {},
}


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_the_stream_holds_is_an_event_or_refused(data: bytes) -> None:
    try:
        event = parse(log_message(data))
    except WireError:
        return
    assert event.id
    assert isinstance(event.data, dict)


@given(st.sampled_from(sorted(WHOLE)), JSON)
def test_an_event_with_one_wrong_field_is_one_or_refused(name: str, value: Any) -> None:
    try:
        event = parse(log_message(json.dumps({**WHOLE, name: value}).encode()))
    except WireError:
        return
    assert event.type


def test_nested_without_end_is_refused() -> None:
    with pytest.raises(WireError):
        parse(log_message(b"[" * 100_000))

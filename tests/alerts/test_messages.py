"""What messages say: complete in both languages for every event and class, and the matter word for word."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alerts import outbox
from alerts.messages import FIELDS, MessageEvent, event_of, fill, render, template
from alerts.outbox import Slots
from alerts.schema import Notification
from domain.alarm import AlarmClass, Level, TransitionKind
from domain.site.channels import WebhookSettings
from tests.alerts.alerts_scene import EBIKE_TEXT, hotel, scene, transition
from tests.alerts.test_chat_robots import BODY, LINK

COLUMNS = ("title_zh", "title_en", "text_zh", "text_en")
PAIRS = [(event, alarm_class) for event in MessageEvent for alarm_class in AlarmClass]
PHONE = {"id": "phone", "kind": "webhook", "url": "http://127.0.0.1:9/push"}


@pytest.mark.parametrize(("event", "alarm_class"), PAIRS)
def test_every_event_of_every_class_has_words_in_both_languages(event: MessageEvent, alarm_class: AlarmClass) -> None:
    row = template(event, alarm_class)
    for column in COLUMNS:
        assert row[column].strip()
        assert set(re.findall(r"\{(\w+)\}", row[column])) <= FIELDS
        assert "{text}" in row[column] or column.startswith("title")
    words = render({**BODY, "class": alarm_class.value, "digest": {"count": 7}}, event, link=LINK)
    for said in (words.title_zh, words.title_en, words.text_zh, words.text_en, words.short_zh, words.short_en):
        assert said
        assert "{" not in said
    assert EBIKE_TEXT in words.text_zh
    assert words.link == LINK


@pytest.mark.parametrize("event", list(MessageEvent))
def test_a_class_is_recognised_in_every_title(event: MessageEvent) -> None:
    titles = {render({**BODY, "class": one.value}, event).title_zh for one in AlarmClass}
    assert len(titles) == len(AlarmClass)


def test_the_e_bike_reaches_the_phone_word_for_word() -> None:
    words = render(BODY, MessageEvent.RAISED)
    assert words.text_zh == EBIKE_TEXT
    assert words.text == EBIKE_TEXT
    assert EBIKE_TEXT in words.short


@pytest.mark.parametrize(
    ("reason", "step", "occurrence", "event"),
    [
        ("step", 0, 1, MessageEvent.RAISED),
        ("step", 0, 2, MessageEvent.AGAIN),
        ("step", 1, 1, MessageEvent.ESCALATED),
        ("level-0123", 0, 1, MessageEvent.LEVEL),
        ("repeat-2", 0, 1, MessageEvent.REPEAT),
        ("unanswered", 3, 1, MessageEvent.UNANSWERED),
        ("released", 0, 1, MessageEvent.RELEASED),
        ("unreached-0", 0, 1, MessageEvent.UNREACHED),
        ("digest-0123", 0, 1, MessageEvent.DIGEST),
        ("test", 0, 1, MessageEvent.TEST),
    ],
)
def test_why_a_message_is_sent(reason: str, step: int, occurrence: int, event: MessageEvent) -> None:
    assert event_of(reason, step=step, occurrence=occurrence) is event


@given(st.text(max_size=60))
def test_a_value_is_never_read_as_a_template(text: str) -> None:
    assert fill("{text}|{place}", {"text": text, "place": "{text}"}) == f"{text}|{{text}}"


@given(
    st.sampled_from(list(MessageEvent)), st.dictionaries(st.sampled_from(["place", "person", "digest"]), st.integers())
)
def test_a_body_from_before_is_no_reason_to_fail(event: MessageEvent, odd: dict[str, Any]) -> None:
    assert render({"class": "fire", "level": "critical", "text_zh": "火警", **odd}, event).language == "zh"


async def test_the_outbox_hands_out_words_in_the_persons_language(tmp_path: Path) -> None:
    people = [
        {
            "id": "p-chen",
            "role": "unit_staff",
            "labels": {"zh": "陈", "en": "Chen"},
            "channels": ["phone"],
            "language": "en",
        },
        {"id": "p-lin", "role": "safety_manager", "labels": {"zh": "林", "en": "Lin"}},
        {"id": "s-wang", "role": "supervisor", "labels": {"zh": "王", "en": "Wang"}},
    ]
    async with scene(tmp_path, hotel([PHONE], people=people)) as bench:
        alert = await bench.say(transition())
        settings = WebhookSettings.model_validate(PHONE)
        jobs = await bench.office.change(lambda desk: outbox.claim(desk, settings, Slots(fire=9, other=9)))
        assert jobs[0].push.words.text == "An e-bike is parked and charging at the exit."
        assert jobs[0].push.words.text_zh == EBIKE_TEXT
        await bench.say(transition(kind=TransitionKind.LEVEL, level=Level.CRITICAL))
        query = select(Notification.body).where(Notification.alert_id == alert)
        bodies = await bench.office.database.read(lambda session: session.scalars(query).all())
        assert [body["event"] for body in bodies] == ["raised", "level"]

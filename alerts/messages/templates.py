"""Templates of messages: one line of ``templates.csv`` for an event, or for an event of one class.

A template has named fields and nothing else: ``{text}`` what the rule says, word for word; ``{place}``; ``{class}`` and
``{level}`` in words; ``{count}`` of a digest. A value is put in once and never read as a template again, so that a
device's text with braces stays what it is.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib.resources import files

from domain.alarm import AlarmClass

FIELDS = frozenset({"text", "place", "class", "level", "count"})
_FIELD = re.compile(r"\{([a-z_]+)\}")


class MessageEvent(StrEnum):
    """Why a message is sent."""

    RAISED = "raised"
    AGAIN = "again"
    LEVEL = "level"
    ESCALATED = "escalated"
    REPEAT = "repeat"
    UNANSWERED = "unanswered"
    UNREACHED = "unreached"
    RELEASED = "released"
    DIGEST = "digest"
    TEST = "test"


def event_of(reason: str, *, step: int = 0, occurrence: int = 1) -> MessageEvent:
    """Return the event of a notification from its ``reason`` (``level-<id>`` is a level), step and occurrence."""
    word = re.split(r"[-:]", reason, maxsplit=1)[0]
    for event in MessageEvent:
        if word == event or word == event.value.partition("_")[0]:
            return event
    if step > 0:
        return MessageEvent.ESCALATED
    return MessageEvent.AGAIN if occurrence > 1 else MessageEvent.RAISED


def template(event: MessageEvent, alarm_class: AlarmClass) -> Mapping[str, str]:
    """Return the line for an event of a class; every pair has one (a test says so)."""
    table = _table()
    return table.get((event.value, alarm_class.value)) or table[event.value, "*"]


def fill(form: str, values: Mapping[str, str]) -> str:
    """Put ``values`` into a template; a field without a value stays as it stands."""
    return _FIELD.sub(lambda field: values.get(field[1], field[0]), form)


@cache
def _table() -> dict[tuple[str, str], dict[str, str]]:
    text = files("alerts.messages").joinpath("templates.csv").read_text(encoding="utf-8")
    return {(row["event"], row["class"]): row for row in csv.DictReader(text.splitlines())}

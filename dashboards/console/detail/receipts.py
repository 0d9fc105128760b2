"""Who was told of an alarm, on which channel, and what became of it: one row a message. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import tzinfo
from typing import Any

from alerts.face import Answer, AuditView, CommentView, NotificationView
from dashboards.console.audit_details import DetailWords
from dashboards.console.audited import action_text
from dashboards.console.components import Cell, Column
from dashboards.console.texts import Language, text
from dashboards.console.wording import brief_moment_text, moment_text, person_text
from domain.alert import AlertEvent
from domain.site import Registry

SYSTEM = "system"
"""The actor of what nobody did by hand (see the audit of the alerts service)."""

TIMES = ("queued", "sent", "accepted", "delivered", "read", "answered")
STATES = ("queued", "sending", "accepted", "digested", "dead")
BOOKKEEPING = frozenset({"transition", "input_seq", "event_time_ns", "log_time_ns", "notification", "data"})
"""Details of the chain that the alarm page need not repeat."""
HASH_SHOWN = 12
_LOOKS = {"dead": ("✗", "alarm"), "queued": ("…", "caution"), "sending": ("…", "caution")}


def columns(language: Language) -> tuple[Column, ...]:
    """Return the columns: who, where, state, and the time of each receipt."""
    say = _say(language)
    return (
        Column("person", say("detail_person"), width="minmax(5rem, 1.1fr)"),
        Column("step", say("detail_step"), width="3.4rem"),
        Column("state", say("detail_state"), width="minmax(6rem, 1.3fr)"),
        *(Column(name, say(f"detail_time_{name}"), width="4.6rem", kind="time") for name in TIMES),
    )


def rows(
    registry: Registry, zone: tzinfo, notices: Iterable[NotificationView], now_ns: int, language: Language
) -> list[dict[str, Any]]:
    """Return a row a message, newest first."""
    ordered = sorted(notices, key=lambda one: (-one.created_ns, one.person, one.channel))
    return [_row(registry, zone, one, now_ns, language) for one in ordered]


def _row(registry: Registry, zone: tzinfo, notice: NotificationView, now_ns: int, language: Language) -> dict[str, Any]:
    def at(time_ns: int | None) -> str:
        return brief_moment_text(time_ns, now_ns, zone) if time_ns is not None else ""

    mark, look = _LOOKS.get(notice.state, ("✓", "soft"))
    if notice.answered_at_ns is not None:
        mark, look = "✓", ""
    times = (
        notice.created_ns,
        notice.sent_at_ns,
        notice.accepted_at_ns,
        notice.delivered_at_ns,
        notice.read_at_ns,
        notice.answered_at_ns,
    )
    cells: dict[str, Any] = {
        "person": f"{who(registry, notice.person, language)} · {notice.channel}",
        "step": str(notice.step + 1),
        "state": Cell(_state(notice, language), mark, look),
    }
    cells |= {name: at(time_ns) for name, time_ns in zip(TIMES, times, strict=True)}
    return {"id": notice.id, "look": look if notice.state == "dead" else "", "cells": cells}


def _state(notice: NotificationView, language: Language) -> str:
    """Write what became of a message: the person's answer, else its state, with how often it failed and why."""
    if notice.answer in set(Answer):
        return text(f"answer_{notice.answer}", language)
    words = text(f"notice_{notice.state}", language) if notice.state in STATES else notice.state
    if notice.attempts > 1:
        words = f"{words} · {text('detail_tries', language, count=notice.attempts)}"
    return f"{words} · {notice.last_error}" if notice.last_error else words


def who(registry: Registry, name: str, language: Language) -> str:
    """Write a person; the system by its word."""
    return text("actor_system", language) if name == SYSTEM else person_text(registry, name, language)


def comment_rows(
    registry: Registry, zone: tzinfo, comments: Iterable[CommentView], language: Language
) -> list[tuple[str, str, str]]:
    """Return (time, who, what), newest first."""
    found = sorted(comments, key=lambda one: -one.at_ns)
    return [(moment_text(one.at_ns, zone), who(registry, one.by, language), one.text) for one in found]


def audit_columns(language: Language) -> tuple[Column, ...]:
    """Return the columns of the audit: its number in the chain first."""
    say = _say(language)
    return (
        Column("number", say("detail_number"), kind="number", width="4.2rem"),
        Column("at", say("detail_at"), kind="time", width="10rem"),
        Column("actor", say("detail_actor"), width="8rem"),
        Column("action", say("detail_action"), width="9rem"),
        Column("details", say("detail_details"), width="minmax(0, 2fr)"),
        Column("hash", say("detail_hash"), width="7.5rem"),
    )


def audit_rows(
    registry: Registry, zone: tzinfo, entries: Sequence[AuditView], language: Language
) -> list[dict[str, Any]]:
    """Return a row an entry, newest first."""
    ordered = sorted(entries, key=lambda one: -one.number)
    words = DetailWords(registry, zone, language)
    return [
        {
            "id": str(one.number),
            "look": "",
            "cells": {
                "number": one.number,
                "at": moment_text(one.at_ns, zone),
                "actor": who(registry, one.actor, language),
                "action": action_text(one.action, one.details, language),
                "details": Cell(words.line(_shown(one)), look="soft"),
                "hash": Cell(one.hash[:HASH_SHOWN], look="soft"),
            },
        }
        for one in ordered
    ]


def _shown(entry: AuditView) -> dict[str, Any]:
    """Return the details that people read, without the transition's own bookkeeping."""
    hidden = BOOKKEEPING | ({"outcome"} if entry.action == AlertEvent.RECEIPT else set())  # the action says it
    return {name: value for name, value in entry.details.items() if name not in hidden}


def _say(language: Language) -> Callable[[str], str]:
    return lambda key: text(key, language)

"""One alarm with its history: why it fired, what people said, who was told, and the audit."""

from __future__ import annotations

from collections.abc import Iterable

from nicegui import ui

from alerts.face import AlertDetail, NotificationView
from dashboards.console.devices.device_words import number
from dashboards.console.texts import TEXTS, Language
from dashboards.console.view import View, box, line
from dashboards.console.wording import moment_text, person_text, place_text
from domain.alert import AlertView
from domain.glossary import terms

SYSTEM = "system"
"""The actor of what nobody did by hand (see the audit of the alerts service)."""

LINK_SCHEMES = ("http://", "https://")


async def show_detail(view: View, detail: AlertDetail) -> None:
    """Open a dialog and wait until it is closed."""
    alert = detail.alert
    with ui.dialog() as dialog, box("dialog detail", "detail"):
        line(alert.text_en if view.language is Language.EN else alert.text_zh, "dialog-title")
        line(place_text(view.console.registry, alert.place, view.language), "alarm-place")
        _facts(view, alert)
        _picture(view, alert.picture_url)
        zone = view.console.zone
        _section(
            view,
            "detail_comments",
            ((moment_text(one.at_ns, zone), _who(view, one.by), one.text) for one in detail.comments),
        )
        _section(view, "detail_notifications", (_notification(view, one) for one in detail.notifications))
        _section(
            view,
            "detail_audit",
            ((moment_text(one.at_ns, zone), _who(view, one.actor), _action(view, one.action)) for one in detail.audit),
        )
        ui.button(view.text("close"), on_click=dialog.close, color=None).classes("act").props("flat no-caps")
    await dialog
    dialog.delete()


def _facts(view: View, alert: AlertView) -> None:
    zone = view.console.zone
    values = [f"{name} = {number(value)}" for name, value in sorted(alert.values.items())]
    if alert.value is not None and not values:
        values = [number(alert.value)]
    rows = (
        ("detail_rule", f"{alert.rule} · {alert.rule_version}"),
        ("detail_value", "  ".join(values) or view.text("detail_none")),
        ("detail_event_time", moment_text(alert.event_time_ns, zone)),
        ("detail_raised", moment_text(alert.raised_at_ns, zone)),
    )
    with box("detail-facts"):
        for name, words in rows:
            line(view.text(name), "field-label")
            line(words)


def _picture(view: View, url: str | None) -> None:
    """Link to a picture; never load it: an address from a device may point anywhere."""
    if url is not None and url.startswith(LINK_SCHEMES):
        ui.link(view.text("detail_picture"), url, new_tab=True).props("rel='noopener noreferrer'")


def _section(view: View, title: str, rows: Iterable[tuple[str, ...]]) -> None:
    listed = list(rows)
    line(f"{view.text(title)} · {len(listed)}", "detail-title")
    with box("detail-rows"):
        for row in listed:
            with box("detail-row"):
                for part in row:
                    line(part)


def _notification(view: View, notice: NotificationView) -> tuple[str, ...]:
    outcome = notice.last_error or ""
    if notice.answer is not None:
        outcome = view.text(f"answer_{notice.answer}")
    told = f"{_who(view, notice.person)} · {notice.channel}"
    key = f"notice_{notice.state}"
    state = view.text(key) if key in TEXTS else notice.state
    return moment_text(notice.created_ns, view.console.zone), told, f"{state} {outcome}".strip()


def _action(view: View, action: str) -> str:
    """Write what was done as the glossary names it; an action it does not know stays its own word."""
    term = terms().get(f"alert_event.{action}")
    if term is not None:
        return term.of(view.language)
    return view.text(f"audit_{action}") if f"audit_{action}" in TEXTS else action


def _who(view: View, name: str) -> str:
    if name == SYSTEM:
        return view.text("actor_system")
    return person_text(view.console.registry, name, view.language)

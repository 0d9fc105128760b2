"""What an operator is asked before something is done: the finding, a cause, a person, for how long and why."""

from __future__ import annotations

from dataclasses import dataclass

from nicegui import ui

from dashboards.console.alarms.causes import OTHER, choices, recorded
from dashboards.console.alarms.people import assignable
from dashboards.console.dialogs import Field, Kind, ask
from dashboards.console.texts import Language
from dashboards.console.view import View, box, line
from dashboards.console.wording import span_text
from domain.alarm import AlarmClass
from domain.alert import AlertView, Confirmation
from domain.clock import NS_PER_S

MOST_REMARK = 2000
MOST_TYPED = 900
"""Of a cause: it stands in the record beside the cause in each language."""

SHELF_S = (1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 86_400, 3 * 86_400, 7 * 86_400)
FIRE_SHELF_S = tuple(one for one in SHELF_S if one <= 8 * 3600)
"""The longest are what the service allows (docs/alert-life-cycle.md): 8 h for a fire, 7 d for others."""

MARGIN_NS = 5 * NS_PER_S
"""Taken off the longest: the service counts from its own clock when the request has come."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """For how long, and why."""

    reason: str
    lasts_ns: int


async def ask_finding(view: View, alert: AlertView) -> Confirmation | None:
    """Ask what was found out about an alarm, which is named: one big button each, and one to say nothing."""
    with ui.dialog() as dialog, box("dialog", "finding") as pane:
        pane.props["role"], pane.props["aria-label"] = "dialog", view.text("finding_question")
        line(view.text("finding_question"), "dialog-title")
        line(_told(view, alert), "dialog-about")
        with box("dialog-choices"):
            for finding in Confirmation:
                choice = ui.button(
                    view.text(f"finding_{finding}"), on_click=lambda f=finding: dialog.submit(f), color=None
                )
                choice.classes(f"choice choice-{finding}").props(f"flat no-caps data-finding={finding}")
        with box("dialog-choices"):
            close = ui.button(view.text("close"), on_click=lambda: dialog.submit(None), color=None).classes("act")
            close.props("flat no-caps data-action=close")
    answer = await dialog
    dialog.delete()
    return answer if isinstance(answer, Confirmation) else None


async def ask_cause(view: View) -> str:
    """Ask what made a false alarm, until there is a cause; empty when the dialog was closed."""
    said: dict[str, str] | None = {}
    while said is not None:
        fields = [
            Field("cause", view.text("false_cause"), Kind.CHOICE, choices=choices(view), value=said.get("cause", "")),
            Field(
                "typed",
                view.text("cause_typed" if not said else "cause_needed"),
                Kind.AREA,
                needed=bool(said),
                most=MOST_TYPED,
                hint=view.text("comment_hint"),
            ),
        ]
        said = await ask(view, view.text("false_cause"), fields)
        if said is not None and (said["typed"] or said["cause"] != OTHER):
            return recorded(said["cause"], said["typed"])
    return ""


async def ask_remark(view: View, title: str, *, needed: bool = True) -> str | None:
    """Ask for something in words; None when the dialog was closed."""
    remark = Field("remark", view.text(title), Kind.AREA, needed, most=MOST_REMARK, hint=view.text("comment_hint"))
    return (await ask(view, view.text(title), [remark]) or {}).get("remark")


async def ask_person(view: View, alert: AlertView) -> str | None:
    """Ask to whom, of the people of the site; at a site without people a name is typed."""
    console = view.console
    people = assignable(console.registry, alert, view.language, now_ns=view.now_ns(), zone=console.zone)
    kind = Kind.CHOICE if people else Kind.TEXT
    field = Field("to", view.text("assign_to"), kind, choices=people, most=64)
    return (await ask(view, view.text("assign"), [field]) or {}).get("to")


async def ask_shelf(view: View, alert: AlertView | None = None) -> Shelf | None:
    """Ask why and for how long, from now on; None are several, of which none is a fire."""
    is_fire = alert is not None and alert.alarm_class is AlarmClass.FIRE
    goes_on = alert is not None and alert.shelved_until_ns is not None
    reason = alert.shelve_reason if alert is not None else None
    spans = {str(one): span_text(one, view.language) for one in (FIRE_SHELF_S if is_fire else SHELF_S)}
    fields = [
        Field("reason", view.text("shelve_reason"), Kind.AREA, most=MOST_REMARK, value=reason or ""),
        Field("lasts", view.text("shelve_lasts"), Kind.CHOICE, choices=spans, value="3600"),
    ]
    deed = view.text("extend" if goes_on else "shelve")
    title = view.text("shelve_fire") if is_fire and not goes_on else deed
    said = await ask(view, title, fields, save=deed, about=_told(view, alert) if alert is not None else "")
    if said is None or said["lasts"] not in spans:
        return None
    return Shelf(said["reason"], int(said["lasts"]) * NS_PER_S - MARGIN_NS)


def _told(view: View, alert: AlertView) -> str:
    return alert.text_en if view.language is Language.EN else alert.text_zh

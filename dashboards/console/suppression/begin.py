"""Beginning something that keeps people from being told: forms that say what they would hide, before they send.

What is checked here is what a person can mend at once; the alerts service has the last word.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import ValidationError

from alerts.maintenance_face import MaintenanceFace
from alerts.out_of_service_face import MOST_S as MOST_OUT_S
from alerts.out_of_service_face import AddRequest, OutOfServiceFace
from alerts.silences_face import SetSilence, SilencesFace
from dashboards.console import deeds
from dashboards.console.form import Form
from dashboards.console.place_picker import PlacePicker
from dashboards.console.places import Place, PlaceKind
from dashboards.console.section import Desk
from dashboards.console.suppression.agreed import agreed
from dashboards.console.suppression.scope import in_maintenance, in_places, silence_matchers
from dashboards.console.view import View
from domain.accounts import Right
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.alert_labels import labels_of
from domain.clock import NS_PER_S
from domain.matchers import Matcher, all_match

DAY_S = 86_400
MOST_SILENCE_S = 7 * DAY_S
MOST_WINDOW_S = 7 * DAY_S
MOST_FIRE_WINDOW_S = 8 * 3600
"""As the alerts service has them (`alerts.silences`, `alerts.life_cycle`)."""

FIRST_S = 4 * 3600
"""What a form proposes."""


async def begin_out_of_service(desk: Desk) -> bool:
    """Take places out of service."""
    view = desk.view
    form = Form(view, view.text("suppression_begin_out"), name="begin-out", save=view.text("suppression_begin"))
    kinds = (PlaceKind.DEVICE, PlaceKind.ZONE, PlaceKind.GATEWAY)
    with form.fields:
        picker = PlacePicker(view, kinds, form.look, words=view.text("suppression_where"))
    points = form.words("points", view.text("suppression_points"), hint="smoke-1, smoke-2")
    reason = form.words("reason", view.text("suppression_reason"))
    until = form.until("until", view.text("suppression_until"), view.now_ns() + FIRST_S * NS_PER_S)

    def check() -> tuple[str, str]:
        until_ns = form.moment(until)
        wrong = _wrong_places(view, picker.chosen) or _wrong_points(view, picker.chosen, points.value or "")
        wrong = wrong or _wrong_rest(view, reason.value, until_ns, MOST_OUT_S)
        return wrong, _effect(view, in_places(_open(view), picker.chosen, _listed(points.value)), fires=False)

    if not await form.ask(check):
        return False
    request = _add_request(view, picker.chosen, _listed(points.value), reason.value, form.moment(until) or 0)
    return await deeds.do(
        desk,
        Right.OUT_OF_SERVICE,
        view.text("suppression_begin_out"),
        lambda: OutOfServiceFace(view.console.link.backbone).add(request),
        unit=request.unit,
    )


def _add_request(view: View, chosen: Sequence[Place], points: Sequence[str], reason: str, until_ns: int) -> AddRequest:
    """Where points are named, they are out of service and not their device."""
    devices = [place.name for place in chosen if place.kind is PlaceKind.DEVICE]
    return AddRequest(
        unit=chosen[0].unit,
        zones=tuple(place.name for place in chosen if place.kind is PlaceKind.ZONE),
        devices=() if points else tuple(devices),
        gateways=tuple(place.name for place in chosen if place.kind is PlaceKind.GATEWAY),
        points=tuple(f"{devices[0]}/{point}" for point in points),
        by=view.operator,
        reason=reason.strip(),
        duration_s=max(1.0, (until_ns - view.now_ns()) / NS_PER_S),
    )


async def begin_maintenance(desk: Desk) -> bool:
    """Plan a maintenance window."""
    view = desk.view
    form = Form(view, view.text("suppression_begin_window"), name="begin-window", save=view.text("suppression_begin"))
    kinds = (PlaceKind.UNIT, PlaceKind.ZONE, PlaceKind.DEVICE)
    with form.fields:
        picker = PlacePicker(view, kinds, form.look, words=view.text("suppression_where"))
    rules = form.words("rules", view.text("suppression_rules"), hint=view.text("suppression_rules_hint"))
    reason = form.words("reason", view.text("suppression_reason"))
    begin = form.until("from", view.text("suppression_begins"), view.now_ns(), ())
    until = form.until("until", view.text("suppression_until"), view.now_ns() + FIRST_S * NS_PER_S)
    fire = form.tick("fire", view.text("suppression_fire_by_two"))

    def check() -> tuple[str, str]:
        until_ns, from_ns = form.moment(until), form.moment(begin)
        most_s = MOST_FIRE_WINDOW_S if fire.value else MOST_WINDOW_S
        wrong = _wrong_places(view, picker.chosen) or _wrong_rest(view, reason.value, until_ns, most_s, from_ns)
        kept = in_maintenance(_open(view), picker.chosen, _listed(rules.value), fires=bool(fire.value))
        return wrong, _effect(view, kept, fires=bool(fire.value))

    if not await form.ask(check):
        return False
    chosen, from_ns = picker.chosen, form.moment(begin)
    together = await agreed(desk, chosen[0].unit, fires=bool(fire.value))
    if together is None:
        return False
    return await deeds.do(
        desk,
        Right.OUT_OF_SERVICE,
        view.text("suppression_begin_window"),
        lambda: MaintenanceFace(view.console.link.backbone).begin(
            chosen[0].unit,
            by=view.operator,
            reason=(reason.value or "").strip(),
            until_ns=form.moment(until) or 0,
            zones=tuple(place.name for place in chosen if place.kind is PlaceKind.ZONE),
            devices=tuple(place.name for place in chosen if place.kind is PlaceKind.DEVICE),
            rules=tuple(_listed(rules.value)),
            from_ns=from_ns if from_ns is not None and from_ns > view.now_ns() else None,
            second=together.second,
        ),
        unit=chosen[0].unit,
    )


async def begin_silence(desk: Desk) -> bool:
    """Begin a silence; one that is to cover fires waits for another person on this page."""
    view = desk.view
    form = Form(view, view.text("suppression_begin_silence"), name="begin-silence", save=view.text("suppression_begin"))
    classes = {"": view.text("suppression_any_class")} | {one.value: view.text(f"class_{one}") for one in AlarmClass}
    with form.fields:
        kinds = (PlaceKind.UNIT, PlaceKind.ZONE, PlaceKind.DEVICE)
        picker = PlacePicker(view, kinds, form.look, words=view.text("suppression_where"), one=True)
    chosen_class = form.choice("class", view.text("suppression_class"), classes, "")
    rule = form.words("rule", view.text("suppression_rule"), most=64)
    more = form.words("matchers", view.text("suppression_matchers"), hint='severity="notice"', most=1000)
    reason = form.words("reason", view.text("suppression_reason"))
    until = form.until("until", view.text("suppression_until"), view.now_ns() + FIRST_S * NS_PER_S)
    fire = form.tick("fire", view.text("suppression_fire_too"))

    def matchers(*, fires: bool) -> tuple[Matcher, ...]:
        place = picker.chosen[0] if picker.chosen else None
        given = (place, str(chosen_class.value or ""), rule.value or "", more.value or "")
        return silence_matchers(*given, fire=fires)

    def check() -> tuple[str, str]:
        try:
            wanted = matchers(fires=True)
        except (ValueError, ValidationError) as error:
            return view.text("suppression_no_matchers", why=str(error)[:200]), ""
        wrong = "" if wanted else view.text("suppression_no_matchers", why=view.text("suppression_empty"))
        if chosen_class.value == AlarmClass.FIRE and not fire.value:
            wrong = view.text("suppression_fire_ticked")
        wrong = wrong or _wrong_rest(view, reason.value, form.moment(until), MOST_SILENCE_S)
        kept = [alert for alert in _open(view) if wanted and all_match(wanted, labels_of(alert))]
        return wrong, _effect(view, kept, fires=bool(fire.value))

    if not await form.ask(check):
        return False
    units = view.principal.units
    return await deeds.do(
        desk,
        Right.SILENCE,
        view.text("suppression_begin_silence"),
        lambda: SilencesFace(view.console.link.backbone).set(
            SetSilence(
                matchers=matchers(fires=bool(fire.value)),
                ends_ns=form.moment(until) or 1,
                by=view.operator,
                account=view.account,
                comment=(reason.value or "").strip(),
                fire=bool(fire.value),
                units=None if units is None else tuple(sorted(units)),
            )
        ),
    )


def _open(view: View) -> list[AlertView]:
    return list(view.console.board.alerts.values())


def _listed(words: str | None) -> list[str]:
    """Return names that stand between commas."""
    return [one.strip() for one in (words or "").replace("，", ",").split(",") if one.strip()]


def _wrong_places(view: View, chosen: Sequence[Place]) -> str:
    if not chosen:
        return view.text("suppression_no_place")
    return "" if len({place.unit for place in chosen}) == 1 else view.text("suppression_one_unit")


def _wrong_points(view: View, chosen: Sequence[Place], points: str) -> str:
    """Points are of one device, and of those that the site knows."""
    named = _listed(points)
    if not named:
        return ""
    if len(chosen) != 1 or chosen[0].kind is not PlaceKind.DEVICE:
        return view.text("suppression_points_of_one")
    table = view.console.registry.points
    missing = [one for one in named if table.get(f"{chosen[0].key}/{one}") is None]
    return view.text("suppression_no_point", points=", ".join(missing)[:200]) if missing else ""


def _wrong_rest(view: View, reason: str | None, until_ns: int | None, most_s: float, from_ns: int | None = None) -> str:
    if not (reason or "").strip():
        return view.text("suppression_no_reason")
    start_ns = max(from_ns or 0, view.now_ns())
    if until_ns is None or until_ns <= start_ns:
        return view.text("suppression_no_until")
    if until_ns - start_ns > most_s * NS_PER_S:
        return view.text("suppression_too_long", hours=f"{most_s / 3600:g}")
    return ""


def _effect(view: View, kept: Sequence[AlertView], *, fires: bool) -> str:
    """Say what it would keep back of what is open now, fires by themselves."""
    burning = sum(alert.alarm_class is AlarmClass.FIRE for alert in kept)
    words = view.text("suppression_effect", count=len(kept) if fires else len(kept) - burning)
    if burning:
        key = "suppression_effect_fires" if fires else "suppression_effect_told"
        return f"{words} {view.text(key, count=burning)}"
    return words

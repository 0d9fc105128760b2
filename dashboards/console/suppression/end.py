"""Ending, confirming, and putting off the end of what keeps people from being told.

Putting off never leaves a gap: of what can't be changed another one begins before the first ends, so that nobody is
called for what is meant to go on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from alerts.maintenance_face import MaintenanceFace
from alerts.out_of_service_face import AddRequest, OutOfServiceFace
from alerts.silences_face import SetSilence, SilencesFace, SilenceView
from alerts.walk_test_face import WalkTestFace
from dashboards.console import deeds, dialogs
from dashboards.console.form import Form
from dashboards.console.section import Desk
from dashboards.console.suppression.agreed import agreed
from dashboards.console.suppression.entries import Entry
from dashboards.console.suppression.rows import END_RIGHTS
from dashboards.live.hidden import Kind
from domain.accounts import Right
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.maintenance import MaintenanceView
from domain.out_of_service import OutOfServiceView
from domain.walk_test import WalkTestView

LATER_S = 4 * 3600


async def end(desk: Desk, entry: Entry) -> bool:
    """End one, after a question that says what becomes of what it hid."""
    view = desk.view
    question = view.text("suppression_end_question", count=len(entry.hides))
    right = END_RIGHTS.get(entry.kind)
    if right is None or not await dialogs.sure(view, question, yes=view.text("suppression_end")):
        return False
    return await deeds.do(desk, right, view.text("suppression_end"), _ending(desk, entry), **_about(entry))


async def confirm(desk: Desk, entry: Entry) -> bool:
    """Let a silence cover fires, as the second person."""
    view = desk.view
    question = view.text("suppression_confirm_question", by=entry.by, why=entry.why)
    if not await dialogs.sure(view, question, yes=view.text("suppression_confirm")):
        return False
    return await deeds.do(
        desk,
        Right.SHELVE_FIRE,
        view.text("suppression_confirm"),
        lambda: SilencesFace(view.console.link.backbone).confirm(entry.id, by=view.operator, units=_units(desk)),
    )


async def extend(desk: Desk, entry: Entry) -> bool:
    """Put off the end; fires need their second person anew."""
    view = desk.view
    form = Form(view, view.text("suppression_extend"), name="extend", save=view.text("suppression_extend"))
    until = form.until("until", view.text("suppression_until"), max(entry.until_ns or 0, view.now_ns()) + _later_ns())
    second = None
    if entry.fires and entry.kind in (Kind.SHELVED, Kind.MAINTENANCE):
        second = form.words("second", view.text("suppression_second"), value="", most=64)

    def check() -> tuple[str, str]:
        until_ns = form.moment(until)
        if until_ns is None or until_ns <= view.now_ns():
            return view.text("suppression_no_until"), ""
        if second is not None and not (second.value or "").strip():
            return view.text("needed", fields=view.text("suppression_second")), ""
        again = entry.kind is Kind.SILENCE and (entry.fires or entry.waits)
        return "", view.text("suppression_anew") if again else ""

    if not await form.ask(check):
        return False
    named = None if second is None else second.value
    together = await agreed(desk, named, END_RIGHTS[entry.kind], _about(entry).get("unit"))
    if together is None:
        return False
    act = _extending(desk, entry, form.moment(until) or 0, together.by)
    return await deeds.do(desk, together.right, view.text("suppression_extend"), act, **_about(entry))


def _later_ns() -> int:
    return LATER_S * NS_PER_S


def _about(entry: Entry) -> dict[str, str]:
    """Return what a deed is about, so that nobody reaches beyond their scope."""
    if isinstance(entry.source, AlertView):
        return {"alert_id": entry.source.id}
    if isinstance(entry.source, OutOfServiceView | MaintenanceView | WalkTestView):
        return {"unit": entry.source.unit}
    return {}


def _units(desk: Desk) -> tuple[str, ...] | None:
    units = desk.view.principal.units
    return None if units is None else tuple(sorted(units))


def _ending(desk: Desk, entry: Entry) -> Callable[[], Awaitable[object]]:
    by = desk.view.operator
    link = desk.view.console.link

    async def act() -> object:
        match entry.kind:
            case Kind.SILENCE:
                return await SilencesFace(link.backbone).expire(entry.id, by=by, units=_units(desk))
            case Kind.SHELVED:
                return await link.alerts.unshelve(entry.id, by=by)
            case Kind.OUT_OF_SERVICE:
                return await OutOfServiceFace(link.backbone).end(entry.id, by=by)
            case Kind.MAINTENANCE:
                return await MaintenanceFace(link.backbone).end(entry.id, by=by)
            case _:
                return await WalkTestFace(link.backbone).end(entry.id, by=by)

    return act


def _extending(desk: Desk, entry: Entry, until_ns: int, second: str | None) -> Callable[[], Awaitable[object]]:
    source = entry.source

    async def act() -> None:
        match source:
            case SilenceView():
                await _extend_silence(desk, source, until_ns)
            case AlertView():
                await _extend_shelf(desk, source, until_ns, second)
            case OutOfServiceView():
                await _extend_out_of_service(desk, source, until_ns)
            case MaintenanceView():
                await _extend_window(desk, source, until_ns, second)

    return act


async def _extend_silence(desk: Desk, silence: SilenceView, until_ns: int) -> None:
    request = SetSilence(
        id=silence.id,
        matchers=silence.matchers,
        starts_ns=silence.starts_ns,
        ends_ns=until_ns,
        by=desk.view.operator,
        comment=silence.comment,
        fire=silence.fire,
        units=_units(desk),
    )
    await SilencesFace(desk.view.console.link.backbone).set(request)


async def _extend_shelf(desk: Desk, alert: AlertView, until_ns: int, second: str | None) -> None:
    """A shelf has no other end: it is taken off and put back at once."""
    by, face = desk.view.operator, desk.view.console.link.alerts
    await face.unshelve(alert.id, by=by)
    with_second = second if alert.alarm_class is AlarmClass.FIRE else None
    await face.shelve(alert.id, by=by, reason=alert.shelve_reason or "—", until_ns=until_ns, second_by=with_second)


async def _extend_out_of_service(desk: Desk, entry: OutOfServiceView, until_ns: int) -> None:
    face = OutOfServiceFace(desk.view.console.link.backbone)
    by = desk.view.operator
    request = AddRequest(
        unit=entry.unit,
        zones=entry.zones,
        devices=entry.devices,
        gateways=entry.gateways,
        points=entry.points,
        by=by,
        reason=entry.reason,
        duration_s=max(1.0, (until_ns - desk.view.now_ns()) / NS_PER_S),
    )
    await face.add(request)
    await face.end(entry.id, by=by)


async def _extend_window(desk: Desk, window: MaintenanceView, until_ns: int, second: str | None) -> None:
    face = MaintenanceFace(desk.view.console.link.backbone)
    by = desk.view.operator
    await face.begin(
        window.unit,
        by=by,
        reason=window.reason,
        until_ns=until_ns,
        zones=window.zones,
        devices=window.devices,
        rules=window.rules,
        from_ns=window.from_ns if window.started_ns is None else None,
        second_by=second,
    )
    await face.end(window.id, by=by)

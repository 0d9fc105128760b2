"""Ending, confirming, and putting off the end of what keeps people from being told.

Putting off never leaves a gap: of what can't be changed another one begins before the first ends, so that nobody is
called for what is meant to go on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from alerts.actions_face import Second
from alerts.maintenance_face import MaintenanceFace
from alerts.out_of_service_face import AddRequest, OutOfServiceFace
from alerts.silences_face import SetSilence, SilencesFace, SilenceView
from alerts.walk_test_face import WalkTestFace
from dashboards.console import deeds, dialogs
from dashboards.console.form import Form
from dashboards.console.section import Desk
from dashboards.console.suppression.agreed import agreed
from dashboards.console.suppression.entries import Entry
from dashboards.console.suppression.rows import END_RIGHTS, what_words
from dashboards.console.wording import moment_text
from dashboards.live.hidden import Kind
from domain.accounts import Right
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
    """Let a silence cover fires, as the second person: by the session that they have, and as it stands in the question.

    Where it was changed meanwhile the service refuses: nobody confirms what they did not see.
    """
    view, silence = desk.view, entry.source
    if not isinstance(silence, SilenceView):
        return False
    question = view.text(
        "suppression_confirm_question",
        by=entry.by,
        why=entry.why,
        what=what_words(entry, view.console.registry, view.language),
        start=moment_text(silence.starts_ns, view.console.zone),
        end=moment_text(silence.ends_ns, view.console.zone),
    )
    if not await dialogs.sure(view, question, yes=view.text("suppression_confirm")):
        return False

    async def act() -> object:
        second = await desk.presence.vouch(Right.SHELVE_FIRE, silence)
        return await SilencesFace(view.console.link.backbone).confirm(entry.id, second=second)

    return await deeds.do(desk, Right.SHELVE_FIRE, view.text("suppression_confirm"), act)


async def extend(desk: Desk, entry: Entry) -> bool:
    """Put off the end; fires need their second person anew."""
    view = desk.view
    form = Form(view, view.text("suppression_extend"), name="extend", save=view.text("suppression_extend"))
    until = form.until("until", view.text("suppression_until"), max(entry.until_ns or 0, view.now_ns()) + _later_ns())
    reason = form.words("reason", view.text("suppression_reason"), value=entry.why) if _is_shelf(entry) else None

    def check() -> tuple[str, str]:
        until_ns = form.moment(until)
        if until_ns is None or until_ns <= view.now_ns():
            return view.text("suppression_no_until"), ""
        if reason is not None and not (reason.value or "").strip():
            return view.text("suppression_no_reason"), ""
        again = entry.kind is Kind.SILENCE and (entry.fires or entry.waits)
        return "", view.text("suppression_anew") if again else ""

    if not await form.ask(check):
        return False
    together = await agreed(desk, _unit(entry), fires=entry.fires and entry.kind in (Kind.SHELVED, Kind.MAINTENANCE))
    if together is None:
        return False
    why = entry.why if reason is None else str(reason.value)
    act = _extending(desk, entry, _Later(form.moment(until) or 0, why.strip(), together.second))
    return await deeds.do(desk, END_RIGHTS[entry.kind], view.text("suppression_extend"), act, **_about(entry))


class _Later(NamedTuple):
    """Until when, why, and who agreed."""

    until_ns: int
    reason: str
    second: Second | None


def _is_shelf(entry: Entry) -> bool:
    return entry.kind is Kind.SHELVED


def _unit(entry: Entry) -> str | None:
    """Return the unit whose fires it keeps back."""
    return entry.source.place.unit if isinstance(entry.source, AlertView) else _about(entry).get("unit")


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


def _extending(desk: Desk, entry: Entry, later: _Later) -> Callable[[], Awaitable[object]]:
    source = entry.source

    async def act() -> None:
        match source:
            case SilenceView():
                await _extend_silence(desk, source, later.until_ns)
            case AlertView():
                await _extend_shelf(desk, source, later)
            case OutOfServiceView():
                await _extend_out_of_service(desk, source, later.until_ns)
            case MaintenanceView():
                await _extend_window(desk, source, later)

    return act


async def _extend_silence(desk: Desk, silence: SilenceView, until_ns: int) -> None:
    request = SetSilence(
        id=silence.id,
        matchers=silence.matchers,
        starts_ns=silence.starts_ns,
        ends_ns=until_ns,
        by=desk.view.operator,
        account=desk.view.account,
        comment=silence.comment,
        fire=silence.fire,
        units=_units(desk),
    )
    await SilencesFace(desk.view.console.link.backbone).set(request)


async def _extend_shelf(desk: Desk, alert: AlertView, later: _Later) -> None:
    face = desk.view.console.link.alerts
    await face.extend(
        alert.id, by=desk.view.operator, reason=later.reason, until_ns=later.until_ns, second=later.second
    )


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


async def _extend_window(desk: Desk, window: MaintenanceView, later: _Later) -> None:
    face = MaintenanceFace(desk.view.console.link.backbone)
    by = desk.view.operator
    await face.begin(
        window.unit,
        by=by,
        reason=window.reason,
        until_ns=later.until_ns,
        zones=window.zones,
        devices=window.devices,
        rules=window.rules,
        from_ns=window.from_ns if window.started_ns is None else None,
        second=later.second,
    )
    await face.end(window.id, by=by)

"""`svc.alerts.silences.*`: making, confirming, ending and listing silences, and what people shelved beside them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from alerts import shelving, silences
from alerts.desk import NOT_FOUND, Desk
from alerts.office import Office
from alerts.schema import Alert, AuditEntry, Silence, Silenced
from alerts.silences_face import (
    FORBIDDEN,
    SHELF,
    ChangeSilence,
    ConfirmSilence,
    ListSilences,
    SetSilence,
    SilenceState,
    SilenceSubject,
    SilenceView,
)
from backbone.client import Backbone
from domain.alert import AlertEvent
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.matchers import Matcher

Reply = dict[str, Any]

KEPT_NS = 5 * 86_400 * NS_PER_S
"""How long an ended silence is listed: Alertmanager's own default (``--data.retention=120h``)."""
MOST_LISTED = 500


class SilencesService:
    """Handlers over an office."""

    def __init__(self, office: Office, backbone: Backbone) -> None:
        """Serve ``office`` on ``backbone``."""
        self._office = office
        self._backbone = backbone

    async def serve(self) -> None:
        """Answer until the connection closes."""
        await self._backbone.serve(SilenceSubject.SET.value, self.set)
        await self._backbone.serve(SilenceSubject.LIST.value, self.list)
        await self._backbone.serve(SilenceSubject.CONFIRM.value, self.confirm)
        await self._backbone.serve(SilenceSubject.EXPIRE.value, self.expire)

    async def set(self, body: Reply) -> Reply:
        """Begin a silence, or change one."""
        request = SetSilence.model_validate(body)
        return await self._change(lambda desk: silences.put(desk, request))

    async def confirm(self, body: Reply) -> Reply:
        """Let it cover fires."""
        request = ConfirmSilence.model_validate(body)
        return await self._change(lambda desk: silences.confirm(desk, request.id, request.second))

    async def expire(self, body: Reply) -> Reply:
        """End a silence, or take what a person shelved off the shelf."""
        request = ChangeSilence.model_validate(body)
        if not request.id.startswith(SHELF):
            return await self._change(lambda desk: silences.expire(desk, request.id, request.by, request.units))

        def work(desk: Desk) -> Reply:
            alert = _shelved(desk.session, request)
            before = _shelf(desk.session, alert)
            shelving.unshelve(desk, alert, request.by)
            return {"silence": before.model_copy(update={"state": SilenceState.EXPIRED}).model_dump(mode="json")}

        return await self._office.change(work)

    async def list(self, body: Reply) -> Reply:
        """List silences and shelves, those that end last first."""
        request = ListSilences.model_validate(body)
        now_ns = self._office.clock.now_ns()
        found = await self._office.database.read(lambda session: _listed(session, now_ns, request))
        return {"silences": [one.model_dump(mode="json") for one in found]}

    async def _change(self, work: Callable[[Desk], Silence]) -> Reply:
        """Do ``work``; a refusal with 403 is data, for the envelope of services knows only refused and not found."""
        try:
            silence = await self._office.change(lambda desk: _view(desk.session, work(desk), desk.now_ns))
        except RefusedError as error:
            if error.code != FORBIDDEN:
                raise
            return {"forbidden": error.reason}
        return {"silence": silence.model_dump(mode="json")}


def silences_in_force(session: Session) -> list[Reply]:
    """Return the silences that are in force and where they may cover alerts, for the status document."""
    running = select(Silence).where(Silence.ended_ns.is_(None), Silence.begun_ns.is_not(None))
    return [{"id": one.id, "units": one.units} for one in session.scalars(running.order_by(Silence.ends_ns.desc()))]


def _listed(session: Session, now_ns: int, request: ListSilences) -> list[SilenceView]:
    if request.id is not None:
        return [_found(session, now_ns, request)]
    recent = or_(Silence.ended_ns.is_(None), Silence.ended_ns > now_ns - KEPT_NS)
    query = select(Silence).where(recent).order_by(Silence.ends_ns.desc())
    rows = [row for row in session.scalars(query).all() if silences.within(row, request.units)][:MOST_LISTED]
    shelves = _shelves(session, request.units)
    return [*(_view(session, row, now_ns) for row in rows), *(_shelf(session, one) for one in shelves)]


def _found(session: Session, now_ns: int, request: ListSilences) -> SilenceView:
    silence = session.get(Silence, request.id)
    if silence is not None and silences.within(silence, request.units):
        return _view(session, silence, now_ns)
    return _shelf(session, _shelved(session, request))


def _shelved(session: Session, request: ListSilences | ChangeSilence) -> Alert:
    """Return the alert that a person shelved, by the id that its shelf has as a silence."""
    silence_id = request.id or ""
    alert = session.get(Alert, silence_id.removeprefix(SHELF)) if silence_id.startswith(SHELF) else None
    hidden = alert is not None and request.units is not None and alert.unit not in request.units
    if alert is None or alert.shelved_until_ns is None or hidden:
        raise RefusedError(f"没有静默 {silence_id} / no such silence", code=NOT_FOUND)
    return alert


def _shelves(session: Session, units: Collection[str] | None) -> list[Alert]:
    """Return what people shelved one by one."""
    silenced = select(Silenced.alert_id).where(Silenced.ended_ns.is_(None))
    query = select(Alert).where(Alert.shelved_until_ns.is_not(None), Alert.id.not_in(silenced))
    if units is not None:
        query = query.where(Alert.unit.in_(units))
    return list(session.scalars(query.order_by(Alert.shelved_until_ns.desc()).limit(MOST_LISTED)))


def _view(session: Session, silence: Silence, now_ns: int) -> SilenceView:
    shelved = select(func.count()).select_from(Silenced).join(Alert, Alert.id == Silenced.alert_id)
    shelved = shelved.where(Silenced.silence_id == silence.id, Silenced.ended_ns.is_(None))
    names = (
        "id",
        "starts_ns",
        "ends_ns",
        "created_by",
        "created_account",
        "comment",
        "updated_ns",
        "fire",
        "second_by",
    )
    return SilenceView(
        **{name: getattr(silence, name) for name in names},
        matchers=tuple(silences.matchers_of(silence)),
        units=None if silence.units is None else tuple(silence.units),
        state=_state(silence, now_ns),
        version=silences.version_of(silence),
        alerts=session.scalar(shelved.where(Alert.shelved_until_ns.is_not(None))) or 0,
    )


def _state(silence: Silence, now_ns: int) -> SilenceState:
    if silence.ended_ns is not None or silence.ends_ns <= now_ns:
        return SilenceState.EXPIRED
    return SilenceState.PENDING if silence.begun_ns is None else SilenceState.ACTIVE


def _shelf(session: Session, alert: Alert) -> SilenceView:
    """Return an alert that a person shelved as other tools understand it: a silence of just this alert."""
    told = select(AuditEntry.at_ns).where(AuditEntry.alert_id == alert.id, AuditEntry.action == AlertEvent.SHELVED)
    told = told.order_by(AuditEntry.number.desc()).limit(1)
    begun = told.where(AuditEntry.details.contains(f'"outcome":"{shelving.BEGINS}"', autoescape=True))
    at_ns = session.scalar(begun) or alert.raised_at_ns
    labels = {"alertname": alert.rule, "instance": alert.entity}
    return SilenceView(
        id=f"{SHELF}{alert.id}",
        matchers=tuple(Matcher(name=name, value=value, is_regex=False) for name, value in labels.items()),
        starts_ns=at_ns,
        ends_ns=alert.shelved_until_ns or at_ns,
        created_by=alert.shelved_by or "",
        comment=alert.shelve_reason or "",
        updated_ns=session.scalar(told) or at_ns,
        state=SilenceState.ACTIVE,
        fire=alert.shelved_with is not None,
        second_by=alert.shelved_with,
        alerts=1,
        units=(alert.unit,),
    )

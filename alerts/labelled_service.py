"""`svc.alerts.labelled` and the audit's pages: what the record says, arranged for other tools."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from alerts import listing
from alerts.desk import NOT_FOUND
from alerts.face import ListRequest
from alerts.labelled_face import (
    AuditEntryView,
    AuditPage,
    AuditRequest,
    LabelledAlert,
    LabelledRequest,
    LabelledSubject,
)
from alerts.labels import labels_of_row
from alerts.office import Office
from alerts.schema import Alert, AuditEntry, ForeignAlert, Notification, Silenced
from alerts.silences_face import SHELF
from alerts.views import alert_view, audit_view
from backbone.client import Backbone
from domain.alert import SuppressionKind
from domain.alert_labels import fingerprint
from domain.errors import RefusedError

Reply = dict[str, Any]

MOST_BYTES = 800_000
LOOKED_AT = 5000
"""Audit entries that one page of a filter looks at."""


class LabelledService:
    """Handlers over an office; all only look."""

    def __init__(self, office: Office, backbone: Backbone) -> None:
        """Serve ``office`` on ``backbone``."""
        self._office = office
        self._backbone = backbone

    async def serve(self) -> None:
        """Answer until the connection closes."""
        await self._backbone.serve(LabelledSubject.LIST.value, self.list)
        await self._backbone.serve(LabelledSubject.AUDIT.value, self.audit)

    async def list(self, body: Reply) -> Reply:
        """Return a page of open alerts."""
        request = LabelledRequest.model_validate(body)
        return await self._office.database.read(lambda session: _page(session, request))

    async def audit(self, body: Reply) -> Reply:
        """Return a page of the audit."""
        request = AuditRequest.model_validate(body)
        page = await self._office.database.read(lambda session: _entries(session, request))
        return page.model_dump(mode="json")


def _page(session: Session, request: LabelledRequest) -> Reply:
    asked = ListRequest(open=True, units=request.units, cursor=request.cursor, limit=request.limit)
    page = listing.page(session, asked)
    ids = [alert.id for alert in page.alerts]
    silenced, receivers = _silenced(session, ids), _receivers(session, ids)
    found: list[Reply] = []
    size = 0
    for alert in page.alerts:
        one = _labelled(session, alert, silenced.get(alert.id, []), receivers.get(alert.id, ())).model_dump(mode="json")
        size += len(json.dumps(one))
        if size > MOST_BYTES and found:
            return {"alerts": found, "next_cursor": str(listing.Cursor.of(page.alerts[len(found) - 1]))}
        found.append(one)
    return {"alerts": found, "next_cursor": str(page.next) if page.next is not None else None}


def _labelled(session: Session, alert: Alert, silences: list[str], receivers: Sequence[str]) -> LabelledAlert:
    foreign = session.get(ForeignAlert, alert.id)
    labels = labels_of_row(session, alert)
    return LabelledAlert(
        alert=alert_view(alert),
        labels=labels,
        fingerprint=fingerprint(labels),
        foreign=foreign is not None,
        annotations=dict(foreign.annotations) if foreign is not None else {},
        generator_url=foreign.generator_url if foreign is not None else "",
        starts_ns=foreign.starts_ns if foreign is not None else alert.raised_at_ns,
        ends_ns=foreign.ends_ns if foreign is not None else None,
        silenced_by=tuple(_resting(alert, silences)),
        inhibited_by=tuple(_causes(session, alert)),
        receivers=tuple(receivers),
    )


def _resting(alert: Alert, silences: list[str]) -> list[str]:
    """Return what keeps it quiet, besides a cause."""
    found = list(silences) if alert.shelved_until_ns is not None else []
    if alert.shelved_until_ns is not None and not found:
        found.append(f"{SHELF}{alert.id}")
    if alert.suppressed_kind in (SuppressionKind.MAINTENANCE, SuppressionKind.DIGEST):
        found.append(f"{alert.suppressed_kind.value}-{alert.suppressed_by}")
    if alert.held:
        found.append(f"walk-test-{alert.walk_test}")
    return found


def _causes(session: Session, alert: Alert) -> list[str]:
    if alert.suppressed_by is None or alert.suppressed_kind not in (None, SuppressionKind.CAUSE):
        return []
    cause = session.get(Alert, alert.suppressed_by)
    return [fingerprint(labels_of_row(session, cause))] if cause is not None else []


def _silenced(session: Session, ids: Sequence[str]) -> Mapping[str, list[str]]:
    query = select(Silenced.alert_id, Silenced.silence_id).where(
        Silenced.alert_id.in_(ids), Silenced.ended_ns.is_(None)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for alert_id, silence_id in session.execute(query):
        found[alert_id].append(silence_id)
    return found


def _receivers(session: Session, ids: Sequence[str]) -> Mapping[str, list[str]]:
    told = select(Notification.alert_id, Notification.channel).where(Notification.alert_id.in_(ids)).distinct()
    found: dict[str, list[str]] = defaultdict(list)
    for alert_id, channel in session.execute(told.order_by(Notification.channel)):
        found[alert_id].append(channel)
    return found


def _entries(session: Session, request: AuditRequest) -> AuditPage:
    """Return a page of the audit: a filter looks at so many entries at most, and its cursor goes on."""
    alert = session.get(Alert, request.id) if request.id is not None else None
    hidden = alert is not None and request.units is not None and alert.unit not in request.units
    if request.id is not None and (alert is None or hidden):
        raise RefusedError(f"没有告警 {request.id} / no such alert", code=NOT_FOUND)
    query = select(AuditEntry).order_by(AuditEntry.number.desc())
    if request.cursor is not None:
        query = query.where(AuditEntry.number < request.cursor)
    if request.id is not None:
        query = query.where(AuditEntry.alert_id == request.id)
    if request.from_ns is not None:
        query = query.where(AuditEntry.at_ns >= request.from_ns)
    if request.until_ns is not None:
        query = query.where(AuditEntry.at_ns < request.until_ns)
    looked = session.scalars(query.limit(LOOKED_AT if _filters(request) else request.limit + 1)).all()
    units = _units(session, looked) if request.units is not None else {}
    fit = [entry for entry in looked if _fits(entry, request, units)]
    page = fit[: request.limit]
    more = len(fit) > request.limit
    cursor = page[-1].number if more else (looked[-1].number if len(looked) == LOOKED_AT else None)
    views = [AuditEntryView(**audit_view(entry).model_dump(), alert_id=entry.alert_id) for entry in page]
    return AuditPage(entries=tuple(views), next_cursor=cursor)


def _filters(request: AuditRequest) -> bool:
    return request.alerts_only or any(one is not None for one in (request.actor, request.action, request.units))


def _fits(entry: AuditEntry, request: AuditRequest, units: Mapping[str, str]) -> bool:
    return (
        request.actor in (None, entry.actor)
        and request.action in (None, entry.action)
        and (entry.alert_id is not None or not request.alerts_only)
        and (request.units is None or units.get(entry.alert_id or "") in request.units)
    )


def _units(session: Session, entries: Sequence[AuditEntry]) -> Mapping[str, str]:
    ids = sorted({entry.alert_id for entry in entries if entry.alert_id is not None})
    found: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        some = select(Alert.id, Alert.unit).where(or_(Alert.id.in_(ids[start : start + 500])))
        found.update((alert_id, unit) for alert_id, unit in session.execute(some))
    return found

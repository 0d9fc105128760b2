"""Pages of the record: filters, a stable order, and cursors that stay right while alerts come and go.

A cursor is the place of the last alert in the order (keyset), never a count: what is raised or closed between two
pages shifts nothing, and no alert is shown twice.

| list | order |
|---|---|
| open alerts (``open`` true, or a ``state`` other than closed) | fire first, by class; newest first within a class |
| all others | newest first |

Each class (or unit) is asked for by itself along an index and the answers are joined, so that a page costs what it
holds, not what the record holds. Filters without an index look at `LOOKED_AT` alerts at most; a page may then be
short, or empty, and its cursor goes on: only a page without a cursor is the last.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from alerts.face import ListRequest, State
from alerts.schema import Alert
from alerts.views import alert_view
from domain.alarm import AlarmClass
from domain.errors import RefusedError

LOOKED_AT = 20_000
"""Alerts that one page of an unindexed filter looks at: about 60 ms on SQLite (`benchmarks/alert_list.py`)."""

MOST_BRANCHES = 16
"""Ways along an index that one page takes; with more units than that, the units are a filter like others."""

MOST_BYTES = 800_000
"""JSON of one page: a NATS message holds 1 MiB."""

_CURSOR = re.compile(r"([0-6])\.([0-9]{1,19})\.([0-9A-Za-z_-]{1,32})")
_INT64 = 2**63
_ORDER = (Alert.raised_at_ns.desc(), Alert.id)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of an alert in the order."""

    priority: int
    raised_at_ns: int
    id: str

    @classmethod
    def of(cls, alert: Alert) -> Cursor:
        """Return the place of ``alert``."""
        return cls(alert.priority, alert.raised_at_ns, alert.id)

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Read what `__str__` wrote; raises RefusedError for anything else."""
        found = _CURSOR.fullmatch(text)
        if found is None or int(found[2]) >= _INT64:
            raise RefusedError("游标无效，请从第一页重新开始 / this cursor is none of ours: begin again without it")
        return cls(int(found[1]), int(found[2]), found[3])

    def __str__(self) -> str:
        """Write it for a client, to whom it means nothing."""
        return f"{self.priority}.{self.raised_at_ns}.{self.id}"


@dataclass(frozen=True, slots=True)
class Page:
    """Alerts, and where the next page begins: None when there is none."""

    alerts: list[Alert]
    next: Cursor | None


def page(session: Session, request: ListRequest) -> Page:
    """Return a page; raises RefusedError for a cursor that is none."""
    after = Cursor.read(request.cursor) if request.cursor else None
    walk = _Walk(session, request, after)
    found = list(islice(walk.by_class() if by_class(request) else walk.by_time(), request.limit + 1))
    if len(found) > request.limit:
        return Page(found[:-1], Cursor.of(found[-2]))
    return Page(found, walk.stopped_at)


def reply(session: Session, request: ListRequest) -> dict[str, Any]:
    """Return a page as `alerts.face.AlertPage` in JSON; one that a message could not hold ends early."""
    found = page(session, request)
    alerts: list[dict[str, Any]] = []
    size = 0
    for alert in found.alerts:
        view = alert_view(alert).model_dump(mode="json")
        size += len(json.dumps(view))
        if size > MOST_BYTES and alerts:
            return {"alerts": alerts, "next_cursor": str(Cursor.of(found.alerts[len(alerts) - 1]))}
        alerts.append(view)
    return {"alerts": alerts, "next_cursor": str(found.next) if found.next is not None else None}


def by_class(request: ListRequest) -> bool:
    """Tell whether the list is one of open alerts, which come by class."""
    return request.open is True or request.state not in (None, State.CLOSED)


class _Walk:
    """One page's way through the record; ``stopped_at`` is where a filter had looked at enough."""

    def __init__(self, session: Session, request: ListRequest, after: Cursor | None) -> None:
        self.stopped_at: Cursor | None = None
        self._session = session
        self._request = request
        self._after = after
        self._units = _units(request)
        self._classes = sorted(set(request.classes) or AlarmClass, key=lambda one: one.priority)
        self._filters = list(_filters(request))

    def by_class(self) -> Iterator[Alert]:
        """Yield open alerts class by class; ends where one class had been looked at enough."""
        if self._units is not None:
            self._filters.append(_unindexed(Alert.unit).in_(self._units))
        if self._request.rule is not None:
            self._filters.append(_unindexed(Alert.rule) == self._request.rule)
        for alarm_class in self._classes:
            priority = alarm_class.priority
            if self._after is not None and priority < self._after.priority:
                continue
            after = self._after if self._after is not None and priority == self._after.priority else None
            yield from self._merged([[Alert.closed_at_ns.is_(None), Alert.priority == priority]], after)
            if self.stopped_at is not None:
                return

    def by_time(self) -> Iterator[Alert]:
        """Yield alerts newest first."""
        by_rule: list[ColumnElement[bool]] = []
        if self._request.rule is not None and self._units is None and not self._request.classes:
            by_rule = [Alert.rule == self._request.rule]
        elif self._request.rule is not None:
            self._filters.append(_unindexed(Alert.rule) == self._request.rule)
        classes: list[list[ColumnElement[bool]]] = [[]]
        if self._request.classes:
            classes = [[Alert.priority == one.priority] for one in self._classes]
        ways = [[*by_rule, *one, *scope] for one in classes for scope in self._scopes(len(classes))]
        yield from self._merged(ways, self._after)

    def _scopes(self, times: int) -> list[list[ColumnElement[bool]]]:
        if self._units is None:
            return [[]]
        if len(self._units) * times <= MOST_BRANCHES:
            return [[Alert.unit == unit] for unit in self._units]
        self._filters.append(_unindexed(Alert.unit).in_(self._units))
        return [[]]

    def _merged(self, ways: list[list[ColumnElement[bool]]], after: Cursor | None) -> Iterator[Alert]:
        branches = [self._branch(way, after) for way in ways]
        ends = [end for _, end in branches if end is not None]
        self.stopped_at = min(ends, key=lambda end: (-end.raised_at_ns, end.id), default=None)
        alerts = heapq.merge(*(found for found, _ in branches), key=lambda one: (-one.raised_at_ns, one.id))
        for alert in alerts:
            if self.stopped_at is not None and _beyond(alert, self.stopped_at):
                return
            yield alert

    def _branch(self, way: list[ColumnElement[bool]], after: Cursor | None) -> tuple[Sequence[Alert], Cursor | None]:
        """Return what one way along an index finds, and where it stopped looking."""
        where = [*way, *_span(self._request)]
        if after is not None:
            where.append(_after(after))
        end = self._end(where) if self._filters else None
        query = select(Alert).where(*where, *self._filters).order_by(*_ORDER)
        if end is not None:
            query = query.where(Alert.raised_at_ns >= end.raised_at_ns)
        return self._session.scalars(query.limit(self._request.limit + 1)).all(), end

    def _end(self, where: list[ColumnElement[bool]]) -> Cursor | None:
        last = select(Alert.priority, Alert.raised_at_ns, Alert.id).where(*where).order_by(*_ORDER)
        found = self._session.execute(last.offset(LOOKED_AT - 1).limit(1)).first()
        return Cursor(found[0], found[1], found[2]) if found is not None else None


def _beyond(alert: Alert, end: Cursor) -> bool:
    return (-alert.raised_at_ns, alert.id) > (-end.raised_at_ns, end.id)


def _after(cursor: Cursor) -> ColumnElement[bool]:
    return and_(
        Alert.raised_at_ns <= cursor.raised_at_ns,
        or_(Alert.raised_at_ns < cursor.raised_at_ns, Alert.id > cursor.id),
    )


def _span(request: ListRequest) -> Iterator[ColumnElement[bool]]:
    if request.since_ns is not None:
        yield Alert.raised_at_ns >= request.since_ns
    if request.until_ns is not None:
        yield Alert.raised_at_ns < request.until_ns


def _unindexed(column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return a column as an expression that no index answers, so that the planner keeps to the order's index."""
    return func.coalesce(column, "")


def _units(request: ListRequest) -> list[str] | None:
    """Return the units to look in: what is asked for, within what the asker may see; None means all."""
    if request.unit is None:
        return None if request.units is None else sorted(set(request.units))
    return [request.unit] if request.units is None or request.unit in request.units else []


def _filters(request: ListRequest) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that no index answers."""
    if request.open is False or request.state is State.CLOSED:
        yield Alert.closed_at_ns.is_not(None)
    for column, wanted in (
        (Alert.building, request.building),
        (Alert.zone, request.zone),
        (Alert.device, request.device),
        (Alert.level, request.level),
        (Alert.confirmed, request.confirmed),
    ):
        if wanted is not None:
            yield column == wanted
    if request.rules:
        yield _unindexed(Alert.rule).in_(request.rules)
    if request.people:
        yield or_(*(column.in_(request.people) for column in _ACTED))
    if request.text:
        yield or_(*(column.icontains(request.text, autoescape=True) for column in (Alert.text_zh, Alert.text_en)))
    if request.state is not None and request.state in _STATES:
        yield _STATES[request.state]


_ACTED: tuple[InstrumentedAttribute[str | None], ...] = (
    Alert.acknowledged_by,
    Alert.confirmed_by,
    Alert.reset_by,
    Alert.rechecked_by,
    Alert.shelved_by,
    Alert.owner,
)

_STATES: dict[State, ColumnElement[bool]] = {
    State.ACKNOWLEDGED: Alert.acknowledged_at_ns.is_not(None),
    State.UNACKNOWLEDGED: Alert.acknowledged_at_ns.is_(None),
    State.SHELVED: Alert.shelved_until_ns.is_not(None),
    State.SUPPRESSED: or_(Alert.suppressed_by.is_not(None), Alert.held),
}

"""The desk: what one transaction works with, and the one way to write down what happened.

`Desk.note` writes the audit entry and the feed event of a change together, in the transaction of the
change. The feed event is named by the hash of its audit entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.accounts.vouchers import Vouchers
from alerts.actions_face import Second
from alerts.audit import AuditWriter
from alerts.cloud_events import cloud_event, feed_priority
from alerts.directory import Directory
from alerts.floods.activations import heed
from alerts.floods.book import Book
from alerts.life_cycle import SYSTEM as NO_PERSON
from alerts.schema import Alert, AuditEntry, FeedEvent, HiddenRule, MaintenanceWindow, OutOfService, WalkTest
from alerts.views import alert_view
from backbone import subjects
from domain.accounts import Right
from domain.alarm import AlarmClass
from domain.alert import AlertEvent
from domain.errors import RefusedError

SYSTEM = NO_PERSON
"""The actor where no person acts."""

NOT_FOUND = 404


@dataclass(slots=True)
class Desk:
    """One transaction of the one writer: session, audit chain, time, and who is who.

    Nobody else writes meanwhile, so what was looked up once is known until the end (``_open``).
    """

    session: Session
    directory: Directory
    audit: AuditWriter
    now_ns: int
    unanswered: list[Alert] = field(default_factory=list)
    answered_late: list[Alert] = field(default_factory=list)
    """Ladders that came to their end, and alerts that were answered after that, perhaps:
    `alerts.ladders.unanswered` looks at both before the commit."""
    book: Book = field(default_factory=Book)
    vouchers: Vouchers = field(default_factory=Vouchers)
    _open: dict[tuple[str, str], Alert | None] = field(default_factory=dict)
    _hidden_rules: set[str] | None = None
    _walk_tests: dict[str, WalkTest] | None = None
    _out_of_service: Sequence[OutOfService] | None = None
    _maintenance: Sequence[MaintenanceWindow] | None = None

    def alert(self, alert_id: str) -> Alert:
        """Return an alert; raises RefusedError with code 404."""
        found = self.session.get(Alert, alert_id)
        if found is None:
            raise RefusedError(f"没有告警 {alert_id} / no such alert", code=NOT_FOUND)
        return found

    def second(self, second: Second | None, *, beside: str, unit: str) -> str | None:
        """Return the name of the second person who keeps fires back with ``beside``: as vouched for, never as written.

        Raises RefusedError where nobody vouched for just this.
        """
        if second is None:
            return None
        return self.vouchers.take(second, self.now_ns, beside=beside, right=Right.SHELVE_FIRE, unit=unit).by

    def open_alert(self, rule: str, entity: str) -> Alert | None:
        """Return the open alert of a rule on an entity: there is one at most."""
        if (rule, entity) not in self._open:
            self.look_up([(rule, entity)])
        found = self._open[rule, entity]
        return found if found is not None and found.closed_at_ns is None else None

    def look_up(self, places: Iterable[tuple[str, str]]) -> None:
        """Fetch the open alerts of many (rule, entity) with one query."""
        wanted = set(places) - self._open.keys()
        self._open |= dict.fromkeys(wanted)
        query = select(Alert).where(
            Alert.rule.in_({rule for rule, _ in wanted}),
            Alert.entity.in_({entity for _, entity in wanted}),
            Alert.closed_at_ns.is_(None),
        )
        for alert in self.session.scalars(query):
            if (alert.rule, alert.entity) in wanted:
                self._open[alert.rule, alert.entity] = alert

    def open(self, alert: Alert) -> None:
        """Add a new alert, or one that is open again: what it hides counts again."""
        if alert.reopened:
            self._hidden_rules = None
        self.session.add(alert)
        self._open[alert.rule, alert.entity] = alert

    def held_open(self) -> list[Alert]:
        """Return the alerts that were looked up so far."""
        return [alert for alert in self._open.values() if alert is not None]

    def hidden_rules(self) -> set[str]:
        """Return the rules that some open alert hides; mostly none, which spares a query for each alert."""
        if self._hidden_rules is None:
            query = select(HiddenRule.rule).join(Alert, Alert.id == HiddenRule.alert_id)
            self._hidden_rules = set(self.session.scalars(query.where(Alert.closed_at_ns.is_(None)).distinct()))
        return self._hidden_rules

    def walk_test(self, unit: str) -> WalkTest | None:
        """Return the walk test that runs in a unit; one whose time is up runs no more."""
        if self._walk_tests is None:
            running = select(WalkTest).where(WalkTest.ended_ns.is_(None), WalkTest.until_ns > self.now_ns)
            self._walk_tests = {test.unit: test for test in self.session.scalars(running)}
        return self._walk_tests.get(unit)

    def forget_walk_tests(self) -> None:
        """Look again: one has just ended."""
        self._walk_tests = None

    def out_of_service(self, unit: str) -> list[OutOfService]:
        """Return what is out of service in a unit, what ends last first; whose time is up is back in service."""
        if self._out_of_service is None:
            running = select(OutOfService).where(OutOfService.ended_ns.is_(None), OutOfService.until_ns > self.now_ns)
            self._out_of_service = self.session.scalars(running.order_by(OutOfService.until_ns.desc())).all()
        return [entry for entry in self._out_of_service if entry.unit == unit]

    def forget_out_of_service(self) -> None:
        """Look again: one has just ended."""
        self._out_of_service = None

    def maintenance(self, unit: str) -> list[MaintenanceWindow]:
        """Return the maintenance windows that run in a unit, what ends last first; whose time is up runs no more."""
        if self._maintenance is None:
            running = select(MaintenanceWindow).where(
                MaintenanceWindow.ended_ns.is_(None),
                MaintenanceWindow.from_ns <= self.now_ns,
                MaintenanceWindow.until_ns > self.now_ns,
            )
            self._maintenance = self.session.scalars(running.order_by(MaintenanceWindow.until_ns.desc())).all()
        return [window for window in self._maintenance if window.unit == unit]

    def forget_maintenance(self) -> None:
        """Look again: one has just begun or ended."""
        self._maintenance = None

    def write(self, alert: Alert | None, action: str, *, actor: str = SYSTEM, **details: Any) -> AuditEntry:
        """Add to the audit only."""
        return self.audit.append(
            at_ns=self.now_ns,
            actor=actor,
            action=action,
            alert_id=alert.id if alert else None,
            details=details,
        )

    def note(
        self,
        alert: Alert,
        event: AlertEvent,
        *,
        actor: str = SYSTEM,
        outcome: str | None = None,
        subject_class: AlarmClass | None = None,
        **details: Any,
    ) -> None:
        """Add to audit and feed. Call it when the facts are as the event shall show them.

        ``outcome`` tells apart events of one name; ``subject_class`` is for a subject that is not
        of the alert's own class (``duty`` for an unanswered ladder, ``system`` for a dead letter).
        """
        entry = self.write(alert, event.value, actor=actor, **({"outcome": outcome} if outcome else {}), **details)
        payload = cloud_event(
            alert_view(alert), event, entry, source=self.directory.source, outcome=outcome, details=details
        )
        self.session.add(
            FeedEvent(
                id=entry.hash[:32],
                alert_id=alert.id,
                priority=feed_priority(alert.alarm_class),
                event=event.value,
                subject=subjects.alert(alert.unit, (subject_class or alert.alarm_class).value, event.value),
                payload=payload,
                created_ns=self.now_ns,
            )
        )
        heed(self, alert, event)

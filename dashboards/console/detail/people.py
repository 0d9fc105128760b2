"""Panels of people: whom to call, who was told and what came of it, what they said, and the audit."""

from __future__ import annotations

from nicegui import ui

from alerts.face import AlertDetail
from dashboards.console.components import DataTable, Tick
from dashboards.console.detail import receipts
from dashboards.console.detail.contacts import Contact
from dashboards.console.detail.contacts import Part as RolePart
from dashboards.console.detail.parts import Part
from dashboards.console.view import View, box, line
from dashboards.console.wording import person_text
from domain.alert import AlertView


class Contacts:
    """Whom to call; a number is a link that a telephone follows."""

    def __init__(self, view: View) -> None:
        """Build empty."""
        self._view = view
        self._part = Part(view, "contacts")

    def show(self, contacts: tuple[Contact, ...]) -> None:
        """Show these people."""
        if not contacts:
            self._part.say(self._view.text("detail_contacts_none"))
            return
        self._part.show(contacts, lambda: self._build(contacts))

    def _build(self, contacts: tuple[Contact, ...]) -> None:
        view = self._view
        for one in contacts:
            with box("detail-contact") as row:
                row.props["data-person"] = one.id
                with box("detail-who"):
                    line(one.person.labels.of(view.language), "detail-name")
                    line(view.text("and").join(map(self._role, one.roles)), "detail-role")
                    if one.absent:
                        line(f"⊘ {view.text('detail_absent')}", "detail-absent")
                self._number(one)

    def _role(self, part: RolePart) -> str:
        view, registry = self._view, self._view.console.registry
        if part.role == "on_duty":
            name = next((one.labels.of(view.language) for one in registry.site.rosters if one.id == part.of), part.of)
            return view.text("detail_role_on_duty", roster=name)
        if part.role == "deputy":
            return view.text("detail_role_deputy", person=person_text(registry, part.of, view.language))
        return view.text(f"detail_role_{part.role}")

    def _number(self, one: Contact) -> None:
        view = self._view
        if one.call is None:
            words = one.phone or view.text("detail_phone_none")
            line(words, "detail-phone detail-masked")
            return
        call = ui.element("a").classes("detail-phone detail-call")
        name = one.person.labels.of(view.language)
        call.props["href"], call.props["aria-label"] = f"tel:{one.call}", view.text("detail_call", person=name)
        with call:
            line(f"☎ {one.phone}")


class Receipts:
    """Who was told, and what came of it; when the next ones are told."""

    def __init__(self, view: View) -> None:
        """Build empty."""
        self._view = view
        self._part = Part(view, "notifications", classes="detail-wide")
        with self._part.head:
            self._step = line("", "detail-step")
            self._next = Tick("countdown").classes("countdown")
        self._table: DataTable | None = None

    def show(self, detail: AlertDetail, now_ns: int) -> None:
        """Show the messages of an alert."""
        view, alert = self._view, detail.alert
        self._ladder(alert)
        if not detail.notifications:
            self._table = None
            self._part.say(view.text("detail_notifications_none"))
            return
        self._part.show("table", self._build, view.text("detail_messages", count=len(detail.notifications)))
        if self._table is not None:
            console = view.console
            self._table.show(receipts.rows(console.registry, console.zone, detail.notifications, now_ns, view.language))

    def _build(self) -> None:
        view = self._view
        title = view.text("detail_notifications")
        self._table = DataTable(receipts.columns(view.language), name="detail-receipts", words=title)

    def _ladder(self, alert: AlertView) -> None:
        view = self._view
        words = view.text("detail_step_now", step=alert.escalation_step + 1)
        goes_on = alert.next_escalation_ns is not None
        said = view.text("detail_step_next" if goes_on else "detail_step_last")
        self._step.set_text(f"{words} · {said}")
        self._next.set_visibility(goes_on)
        if alert.next_escalation_ns is not None:
            self._next.set_time(alert.next_escalation_ns)


class Comments:
    """What people said, newest first."""

    def __init__(self, view: View) -> None:
        """Build empty."""
        self._view = view
        self._part = Part(view, "comments")

    def show(self, detail: AlertDetail) -> None:
        """Show the comments of an alert."""
        view = self._view
        rows = receipts.comment_rows(view.console.registry, view.console.zone, detail.comments, view.language)

        def build() -> None:
            for at, who, words in rows:
                with box("detail-comment"):
                    line(f"{at} · {who}", "detail-caption")
                    line(words, "detail-words")
            if not rows:
                line(view.text("detail_comments_none"), "detail-said")

        self._part.show(tuple(rows), build, str(len(rows)) if rows else "")


class Audit:
    """The links of the audit chain that are about this alert."""

    def __init__(self, view: View) -> None:
        """Build with an empty table."""
        self._view = view
        self._part = Part(view, "audit", classes="detail-wide")
        with self._part.body:
            columns = receipts.audit_columns(view.language)
            self._table = DataTable(columns, name="detail-audit-rows", words=view.text("detail_audit"))

    def show(self, detail: AlertDetail) -> None:
        """Show the audit of an alert."""
        console = self._view.console
        rows = receipts.audit_rows(console.registry, console.zone, detail.audit, self._view.language)
        self._table.show(rows)

"""The page of one alarm. What changes in the record is on it within a second; what it asks is asked once for all.

Facts of the alarm come from the board while it is open, so the head changes with the alarm list; comments, messages
and audit are asked for when the stream told of something, and every five seconds.
"""

from __future__ import annotations

import re

from alerts.face import AlertDetail
from dashboards.console.asking import Asking
from dashboards.console.detail.contacts import contacts
from dashboards.console.detail.course import marks
from dashboards.console.detail.deciding import Devices, deciding, decisive_points, devices_of_zone
from dashboards.console.detail.earlier import Earlier
from dashboards.console.detail.head import Head
from dashboards.console.detail.parts import Part
from dashboards.console.detail.people import Audit, Comments, Contacts, Receipts
from dashboards.console.detail.picture import Pictures
from dashboards.console.detail.rule_words import RuleWords, rule_words
from dashboards.console.detail.trend import Course
from dashboards.console.detail.why import Beside, Why
from dashboards.console.point_words import names_at
from dashboards.console.section import Address, Body, Desk
from dashboards.console.view import View, box, change, line, link
from dashboards.live.dossiers import KEPT_S
from domain.accounts import Right
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.errors import FengsuiError, RefusedError
from domain.site.duty_times import local_time

DUTY_NS = 30 * NS_PER_S
"""How often a page that nothing happens on looks who is on duty now."""
ALERT_ID = re.compile(r"[0-9A-Za-z_-]{1,32}")


class DetailPage(Body):
    """One alarm, or the words that there is none."""

    def __init__(self, desk: Desk, address: Address) -> None:
        """Build empty, and ask."""
        self._desk = desk
        self._view: View = desk.view
        self._id = address.rest[0] if address.rest and ALERT_ID.fullmatch(address.rest[0]) else ""
        self._dossiers = desk.view.console.dossiers
        self._panels: _Panels | None = None
        self._detail: AlertDetail | None = None
        self._drawn_news, self._due_ns, self._stale_ns = -1, 0, 0
        self._asking: Asking[AlertDetail] = Asking(self._answered, self._failed)
        with box("detail-page", "detail") as self._root:
            self._note = line(desk.view.text("detail_asking"), "body-note").props("role=status")
        if self._id:
            self._dossiers.watch(self._id)
        else:
            self._say(desk.view.text("detail_no_such"))

    def refresh(self, now_ns: int) -> None:
        """Ask anew when there is news, or when it is time."""
        if not self._id:
            return
        news = self._dossiers.news(self._id)
        if (news != self._drawn_news or now_ns >= self._due_ns) and not self._asking.is_busy:
            self._drawn_news, self._due_ns = news, now_ns + round(KEPT_S * NS_PER_S)
            self._asking.ask(lambda: self._dossiers.detail(self._id))
        if self._panels is not None:
            self._panels.refresh(now_ns)

    def leave(self) -> None:
        """Look at it no more."""
        self._asking.close()
        if self._panels is not None:
            self._panels.close()
        if self._id:
            self._dossiers.unwatch(self._id)
            self._id = ""

    def _answered(self, detail: AlertDetail) -> None:
        if not self._view.principal.sees(detail.alert.place.unit):
            self._say(self._view.text("detail_no_such"))
            return
        if self._panels is None:
            self._root.clear()
            with self._root:
                self._panels = _Panels(self._desk, detail)
        now_ns = self._view.now_ns()
        if detail != self._detail or now_ns >= self._stale_ns:
            self._detail, self._stale_ns = detail, now_ns + DUTY_NS
            self._panels.show(detail, now_ns)
        self._panels.trust()

    def _failed(self, error: FengsuiError) -> None:
        """Say that there is none; of a service that is away, say so while what stands there grows old."""
        if isinstance(error, RefusedError):
            self._say(self._view.text("detail_no_such"))
        elif self._panels is None:
            change(self._note, self._view.text("detail_away"))
        else:
            self._panels.doubt()

    def _say(self, words: str) -> None:
        """Show a sentence and the way back in place of the alarm."""
        if self._panels is not None:
            self._panels.close()
            self._panels = None
        self._root.clear()
        with self._root:
            self._note = line(words, "body-note").props("role=alert")
            link(f"‹ {self._view.text('nav_alarms')}", "/", "detail-back")


class _Panels:
    """Everything about an alarm that is there."""

    def __init__(self, desk: Desk, detail: AlertDetail) -> None:
        view = self._view = desk.view
        self._device = _device(detail.alert)
        self._head = Head(desk)
        with box("detail-columns"):
            with box("detail-column"):
                self._why = Why(view)
                self._course = Course(view)
                self._beside = Beside(view)
                self._comments = Comments(view)
            with box("detail-column"):
                self._contacts = Contacts(view)
                self._procedure = Part(view, "procedure")
                self._pictures = Pictures(view)
        self._receipts = Receipts(view)
        with box("detail-columns detail-even"):
            self._earlier = Earlier(view)
        self._audit = Audit(view)
        if self._device is not None:
            view.console.feed.watch(self._device)

    def show(self, detail: AlertDetail, now_ns: int) -> None:
        """Draw what is known now."""
        view, alert = self._view, detail.alert
        registry = view.console.registry
        rule = rule_words(view.console.board.rules.get(alert.rule), view.language)
        devices = self._devices(alert)
        values = deciding(registry, alert, devices, view.language)
        words = "" if rule is None else f"{rule.watches}\n{rule.condition}"
        names = names_at(view, words, alert.place, devices.keys if devices is not None else ())
        self._head.show(alert)
        self._why.follow(alert, rule, values, names)
        self._beside.follow(alert, values)
        self._course.follow(decisive_points(values, registry, alert), alert.event_time_ns, marks(alert, view.language))
        self._show_procedure(rule)
        local = local_time(now_ns, view.console.zone)
        numbers = view.principal.may(Right.ACT)
        self._contacts.show(contacts(registry, alert, local, numbers=numbers))
        self._pictures.follow(detail)
        self._comments.show(detail)
        self._receipts.show(detail, now_ns)
        self._audit.show(detail)
        self._earlier.follow(alert)
        self.refresh(now_ns)

    def refresh(self, now_ns: int) -> None:
        """Let those go on that ask by themselves."""
        self._beside.refresh(now_ns)
        self._course.refresh(now_ns)
        self._earlier.refresh(now_ns)

    def trust(self) -> None:
        """Say nothing: it was asked for just now."""
        self._head.doubt(doubtful=False)

    def doubt(self) -> None:
        """Say that what stands here may be old."""
        self._head.doubt(doubtful=True)

    def close(self) -> None:
        """Let go of what is held."""
        for part in (self._course, self._pictures, self._earlier):
            part.close()
        if self._device is not None:
            self._view.console.feed.unwatch(self._device)
            self._device = None

    def _show_procedure(self, rule: RuleWords | None) -> None:
        words = rule.procedure if rule is not None else ""
        if words:
            self._procedure.show(words, lambda: _lines(words))
        else:
            self._procedure.say(self._view.text("detail_procedure_none"))

    def _devices(self, alert: AlertView) -> Devices | None:
        """Return the devices of the alarm's zone, where its values can't be told by its own device."""
        place, console = alert.place, self._view.console
        if place.device is not None or place.zone is None or not alert.values:
            return None
        unit, zone, registry = place.unit, place.zone, console.registry
        name = ("detail-devices", unit, zone, self._view.principal.units)
        return console.once.of(name, console.site.revision, lambda: devices_of_zone(registry, unit, zone))


def _device(alert: AlertView) -> str | None:
    return f"{alert.place.unit}/{alert.place.device}" if alert.place.device is not None else None


def _lines(words: str) -> None:
    for one in words.splitlines():
        if one.strip():
            line(one.strip(), "detail-words")

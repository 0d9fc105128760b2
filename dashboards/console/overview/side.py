"""Beside the places: the day's alarms, e-bikes, how fast people answered, and the links. Each figure opens its rows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime

from alerts.kpi_face import Figures, KpiFace, Spread
from dashboards.console.alarms.filters import Standing
from dashboards.console.overview.parts import Counted, Figure, Hours, panel
from dashboards.console.overview.words import address
from dashboards.console.section import Desk
from dashboards.console.view import box, change, line
from dashboards.console.wording import span_text
from dashboards.live.health import DRAWS, all_health, hosted_silent
from dashboards.live.lamps import is_folded
from dashboards.live.summary import Summary
from dashboards.live.today import TodayFigures, day_start_ns, is_ebike
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.errors import FengsuiError

ASK_S = 15
"""How often response times are asked for, however many look at them."""

DAYS_CLASSES = (AlarmClass.FIRE, AlarmClass.LINKAGE, AlarmClass.SUPERVISORY, AlarmClass.FAULT, AlarmClass.HAZARD)

EBIKE_RULES: Mapping[str, str] = {
    "ebike_charging_at_exit": "overview_ebike_charging",
    "ebike_parked_at_exit": "overview_ebike_parked",
    "ebike_charging_by_signature": "overview_ebike_indoors",
}
"""Rules of the library and what they are called here."""


def ebikes_of(alerts: Iterable[AlertView], unit: str) -> list[AlertView]:
    """Return what the lamp counts: one bicycle that is parked and charges is one hazard."""
    found = [one for one in alerts if is_ebike(one.rule) and not is_folded(one)]
    return [one for one in found if not unit or one.place.unit == unit]


def ebikes_path(found: Iterable[AlertView], unit: str, state: Standing | None = None) -> str:
    """Return where alarms about e-bikes are listed: by their rules, by those of the library where there is none."""
    rules = sorted({one.rule for one in found}) or EBIKE_RULES
    return address("/", rule=",".join(rules), unit=unit, state=state or "")


class Side:
    """Four panels of figures, of the site or of one ``unit``."""

    def __init__(self, desk: Desk, unit: str = "") -> None:
        """Build, unknown until the first refresh."""
        self._view = desk.view
        self._unit = unit
        self._asked: Figures | None = None
        self._day_ns = day_start_ns(self._view.now_ns(), self._view.console.zone)
        with box("overview-side", "side"):
            self._today()
            self._ebikes()
            self._response()
            self._links()

    def _text(self, key: str) -> str:
        return self._view.text(key)

    def _today(self) -> None:
        with panel(self._text("overview_today"), "today"):
            with box("figures"):
                self._raised = Figure(self._text("overview_raised"), "/history", "raised")
                self._raised_by = {
                    one: Figure(self._text(f"class_{one}"), "/history", f"raised-{one}") for one in DAYS_CLASSES
                }
            self._hours = Hours("hours")

    def _ebikes(self) -> None:
        with panel(self._text("overview_ebikes"), "ebikes"):
            with box("figures"):
                self._ebike_open = Figure(self._text("overview_ebike_open"), "/", "ebike-open")
                self._ebike_there = Figure(self._text("overview_ebike_there"), "/", "ebike-there")
                self._ebike_today = Figure(self._text("overview_ebike_today"), "/history", "ebike-today")
            with box("ebike-rules"):
                self._ebike_rules = {
                    rule: Counted(address("/", rule=rule, unit=self._unit), rule) for rule in EBIKE_RULES
                }

    def _response(self) -> None:
        with panel(self._text("overview_response"), "response"), box("figures"):
            path = address("/kpi", unit=self._unit)
            self._spreads = {
                name: Figure(self._text(words), path, name)
                for name, words in (("acknowledge", "overview_acknowledge"), ("confirm", "overview_confirm"))
            }
            self._why = line("", "response-why")

    def _links(self) -> None:
        with panel(self._text("overview_links"), "links"), box("figures"):
            path = address("/gateways", unit=self._unit)
            self._gateways = Figure(self._text("overview_gateways"), path, "gateways")
            self._nodes = None if self._unit else Figure(self._text("overview_transmitters"), path, "transmitters")
            self._services = Figure(self._text("overview_services"), "/gateways", "services")

    def refresh(self, summary: Summary, now_ns: int) -> None:
        """Redraw what changed."""
        self._show_today(now_ns)
        self._show_ebikes()
        self._show_response(now_ns)
        self._show_links(summary, now_ns)

    def _figures(self, now_ns: int) -> TodayFigures:
        view, board = self._view, self._view.console.board
        self._day_ns = day_start_ns(now_ns, view.console.zone)
        units = frozenset({self._unit}) if self._unit else view.principal.units
        state = (board.today.revision, units)
        return view.console.once.of(("today", units), state, lambda: board.today.figures(units))

    def _show_today(self, now_ns: int) -> None:
        today = self._figures(now_ns)
        day = datetime.fromtimestamp(self._day_ns / NS_PER_S, self._view.console.zone).strftime("%Y-%m-%d")
        midnight = f"{day}T00:00"
        more = "+" if today.more else ""

        def history(alarm_class: str = "") -> str:
            return address("/history", **{"class": alarm_class, "unit": self._unit, "since": midnight})

        number = f"{today.total}{more}" if today.complete else "?"
        self._raised.show(number, "calm" if today.complete else "unknown", history())
        for one, shown in self._raised_by.items():
            count = today.by_class.get(one, 0)
            look = "unknown" if not today.complete else str(one) if count and one is AlarmClass.FIRE else "calm"
            shown.show(f"{count}{more}" if today.complete else "?", look, history(str(one)))
        ebikes = address("/history", rule=",".join(today.ebike_rules or EBIKE_RULES), unit=self._unit, since=midnight)
        self._ebike_today.show(f"{today.ebikes}{more}" if today.complete else "?", "calm", ebikes)
        hour = (now_ns - self._day_ns) / NS_PER_S / 3600
        self._hours.show(today.by_hour, hour, self._view.text("overview_hours", count=today.total))

    def _show_ebikes(self) -> None:
        view = self._view
        found = view.shared(("ebikes", self._unit), self._ebike_alerts)
        still = [alert for alert in found if alert.active or alert.data_unknown]
        of_rule = {rule: sum(alert.rule == rule for alert in found) for rule in EBIKE_RULES}
        self._ebike_open.show(str(len(found)), "hazard" if found else "calm", ebikes_path(found, self._unit))
        there = ebikes_path(found, self._unit, state=Standing.THERE)
        self._ebike_there.show(str(len(still)), "hazard" if still else "calm", there)
        for rule, count in of_rule.items():
            self._ebike_rules[rule].show(view.text(EBIKE_RULES[rule]), count)

    def _ebike_alerts(self) -> list[AlertView]:
        return ebikes_of(self._view.console.board.alerts.values(), self._unit)

    def _show_links(self, summary: Summary, now_ns: int) -> None:
        board, registry = self._view.console.board, self._view.console.registry
        services, gateways = self._view.shared("all-health", lambda: all_health(board, registry, now_ns))
        away = sum(not one.fine for one in services)
        rows = len(services) + len(DRAWS)
        self._services.show(f"{rows - away}/{rows}", "unknown" if away else "calm")
        if self._nodes is None:
            lines = summary.lines_of(self._unit)
            self._gateways.show(f"{lines.total - lines.silent}/{lines.total}", "unknown" if lines.silent else "calm")
            return
        silent = sum(not one.fine for one in gateways)
        self._gateways.show(f"{len(gateways) - silent}/{len(gateways)}", "unknown" if silent else "calm")
        total, mute = self._view.shared("hosted-silent", lambda: hosted_silent(board, registry, now_ns))
        self._nodes.show(f"{total - mute}/{total}" if total else "—", "unknown" if mute else "calm")

    def _show_response(self, now_ns: int) -> None:
        """Show what was asked last: the question goes out once for everybody who looks."""
        view = self._view
        units = view.principal.units
        unit = self._unit or (next(iter(units)) if units is not None and len(units) == 1 else "")
        if not unit and units is not None:
            change(self._why, view.text("overview_response_scope"))
            return
        task = view.console.once.of(
            ("response", unit), now_ns // (ASK_S * NS_PER_S), lambda: asyncio.ensure_future(self._ask(unit, now_ns))
        )
        if task.done() and not task.cancelled():
            self._asked = task.result()
        self._show_spreads()

    async def _ask(self, unit: str, now_ns: int) -> Figures | None:
        console = self._view.console
        try:
            face = KpiFace(console.link.backbone)
            start_ns = min(day_start_ns(now_ns, console.zone), now_ns - 1)
            return await face.figures(from_ns=start_ns, until_ns=now_ns, unit=unit or None)
        except FengsuiError:
            return None

    def _show_spreads(self) -> None:
        found = self._asked
        spreads: dict[str, Spread | None] = {
            "acknowledge": found.acknowledge if found else None,
            "confirm": found.confirm if found else None,
        }
        for name, spread in spreads.items():
            words, look = "?", "unknown"
            if spread is not None:
                median, most = (span_text(one, self._view.language) for one in (spread.p50_s, spread.p95_s))
                words, look = f"{median} / {most}" if spread.count else median, "calm"
            self._spreads[name].show(words, look)

"""The master lamps (火警, 联动·反馈, 监管, 故障, 屏蔽) and beside them 隐患 and 链路: read from three metres.

A lamp is calm, lit, or *unknown*. Class lamps count open alerts that are no mere consequence of another
one (a fire always counts). They are only calm when the rules engine evaluates and the alerts service
answers; otherwise nothing is known and they say so. What was lit stays lit. What a walk test holds is counted and
does not blink: what blinks is for somebody. 屏蔽 counts everything that is kept quiet, see `lamp_figures` beside this.
Each lamp leads to its rows: as many as it counts. What says that something is disabled is a row of 屏蔽 only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dashboards.live.board import Board, list_order
from dashboards.live.health import DRAWS, SILENT_AFTER_S, all_health, hosted_silent, service_health
from dashboards.live.lamp_figures import LinkFigures, Suppressed, lamp_figures, suppressed
from domain.alarm import AlarmClass
from domain.alert import AlertView
from domain.clock import NS_PER_S
from domain.site import Registry

DISABLED_WORDS = ("shielded", "disabled")
"""A rule whose id has one of these says that something is disabled (屏蔽): a state of its own on the screen."""

ANSWER_AGE_S = 3 * SILENT_AFTER_S
"""Age of the last list that still counts as an answer; it is asked for every 2 s, a question may take 5 s."""


class LampKind(StrEnum):
    """Lamps in their order on the screen."""

    FIRE = "fire"
    LINKAGE = "linkage"
    SUPERVISORY = "supervisory"
    FAULT = "fault"
    DISABLED = "disabled"
    HAZARD = "hazard"
    LINK = "link"

    @property
    def is_master(self) -> bool:
        """Tell whether it is one of the five that GB 25506 asks for (secondary source)."""
        return self not in (LampKind.HAZARD, LampKind.LINK)

    @property
    def goes(self) -> str:
        """The address of its rows."""
        others = {
            LampKind.DISABLED: "/suppression?kind=lamp",
            LampKind.LINK: "/gateways",
            LampKind.FIRE: "/?class=fire",
        }
        return others.get(self, f"/?class={self}&disabled=no")


class LampMode(StrEnum):
    """What a lamp shows."""

    CALM = "calm"
    LIT = "lit"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lamp:
    """One lamp: ``count`` open alerts (or silent links) of ``total`` links, ``fresh`` of them unacknowledged.

    ``doubtful``: what it counts was true once, nobody says so now. ``more``: the list was cut. ``link`` and
    ``suppressed`` have the figures of the lamps 链路 and 屏蔽.
    """

    kind: LampKind
    mode: LampMode
    count: int = 0
    fresh: int = 0
    total: int = 0
    doubtful: bool = False
    more: bool = False
    link: LinkFigures | None = None
    suppressed: Suppressed | None = None


_CLASS_LAMPS = {
    AlarmClass.FIRE: LampKind.FIRE,
    AlarmClass.LINKAGE: LampKind.LINKAGE,
    AlarmClass.SUPERVISORY: LampKind.SUPERVISORY,
    AlarmClass.FAULT: LampKind.FAULT,
    AlarmClass.HAZARD: LampKind.HAZARD,
}


def lamp_of(alert: AlertView) -> LampKind | None:
    """Return the lamp that counts an alert; None for duty and system, which the list shows."""
    if is_folded(alert):
        return None
    if is_disabling(alert):
        return LampKind.DISABLED
    return _CLASS_LAMPS.get(alert.alarm_class)


def is_disabling(alert: AlertView) -> bool:
    """Tell whether an alert says that something is disabled; a fire never does."""
    return alert.alarm_class is not AlarmClass.FIRE and any(word in alert.rule for word in DISABLED_WORDS)


def is_folded(alert: AlertView) -> bool:
    """Tell whether an alert is folded away as a consequence; a fire never is."""
    return alert.suppressed_by is not None and alert.alarm_class is not AlarmClass.FIRE


def alarms_known(board: Board, now_ns: int) -> bool:
    """Tell whether "no alarm" can be believed: rules are evaluated and the record answers."""
    needed = all(service_health(board, key, now_ns).fine for key in ("alerts.main", "rules.main"))
    answered = (now_ns - board.alerts_at_ns) / NS_PER_S <= ANSWER_AGE_S
    return board.connected and needed and answered


def lamps(board: Board, registry: Registry, now_ns: int) -> list[Lamp]:
    """Return all lamps in their order."""
    known = alarms_known(board, now_ns)
    counted = [(lamp_of(alert), alert) for alert in board.alerts.values()]
    shown = [
        _class_lamp(kind, [alert for lamp, alert in counted if lamp is kind], board.alerts_cut, known=known)
        for kind in LampKind
        if kind not in (LampKind.LINK, LampKind.DISABLED)
    ]
    points = [alert for lamp, alert in counted if lamp is LampKind.DISABLED]
    shown.insert(list(LampKind).index(LampKind.DISABLED), _disabled_lamp(board, points, known=known))
    return [*shown, link_lamp(board, registry, now_ns)]


def _class_lamp(kind: LampKind, alerts: list[AlertView], cut: AlarmClass | None, *, known: bool) -> Lamp:
    mode = LampMode.LIT if alerts else LampMode.CALM if known else LampMode.UNKNOWN
    fresh = sum(alert.acknowledged_at_ns is None and not alert.held for alert in alerts)
    more = cut is not None and any(alert.alarm_class.priority >= cut.priority for alert in alerts)
    return Lamp(kind, mode, len(alerts), fresh, doubtful=not known, more=more)


def _disabled_lamp(board: Board, points: list[AlertView], *, known: bool) -> Lamp:
    """Return the lamp of what is kept quiet: a state of its own, in which nobody is waited for."""
    quiet = suppressed(board, len(points))
    mode = LampMode.LIT if quiet.total else LampMode.CALM if known else LampMode.UNKNOWN
    return Lamp(LampKind.DISABLED, mode, quiet.total, doubtful=not known, more=quiet.cut, suppressed=quiet)


def link_lamp(board: Board, registry: Registry, now_ns: int) -> Lamp:
    """Return the link lamp: calm only when every process, gateway and transmitter is heard and its data are fresh."""
    services, gateways = all_health(board, registry, now_ns)
    hosted, hosted_mute = hosted_silent(board, registry, now_ns)
    total = len(services) + len(DRAWS) + len(gateways) + hosted
    silent = sum(not health.fine for health in (*services, *gateways)) + hosted_mute
    figures = lamp_figures(board, gateways)
    if silent or not board.connected:
        return Lamp(LampKind.LINK, LampMode.UNKNOWN, max(silent, 1), total=total, doubtful=True, link=figures)
    return Lamp(LampKind.LINK, LampMode.CALM, total=total, link=figures)


def ordered(alerts: list[AlertView]) -> list[AlertView]:
    """Return alerts as the list shows them: class, then newest first; what a walk test holds stands behind."""
    return sorted(alerts, key=lambda alert: (alert.held, list_order(alert)))


def first_alarm(alerts: list[AlertView]) -> AlertView | None:
    """Return the first alarm (首警): the oldest open one of the highest class that is present.

    Fires that came in one moment are told apart by the order in which the record has them. What a walk test holds
    is none.
    """
    return min(
        (alert for alert in alerts if not alert.held),
        key=lambda alert: (alert.alarm_class.priority, alert.raised_at_ns, alert.fire_order or 0, alert.id),
        default=None,
    )

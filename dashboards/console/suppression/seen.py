"""What one browser sees of all that keeps people from being told, made once for all browsers of its scope."""

from __future__ import annotations

from dashboards.console.suppression.entries import Sides, sides
from dashboards.console.suppression.rows import Eyes
from dashboards.console.view import View
from dashboards.live.hidden import Hidden, hidden_alerts
from dashboards.live.lamps import LampKind, lamp_of
from domain.alert import AlertView
from domain.clock import NS_PER_S


def hidden_of(view: View) -> Hidden:
    """Return which open alerts are kept back; a storm changes the board many times a second, this once."""
    console = view.console
    board, second = console.board, view.now_ns() // NS_PER_S
    name = ("hidden", view.principal.units)
    return console.once.of(name, second, lambda: hidden_alerts(board.alerts.values(), is_disabled))


def is_disabled(alert: AlertView) -> bool:
    """Tell whether an alert says that a panel disabled something: what the lamp of that name counts."""
    return lamp_of(alert) is LampKind.DISABLED


def sides_of(view: View) -> Sides:
    """Return all entries, made once for all browsers of a scope."""
    asked = view.console.feed.restrictions
    answer = asked.look()
    if answer is None:
        return Sides()
    units, console = view.principal.units, view.console
    state = (asked.revision, view.now_ns() // NS_PER_S)
    return console.once.of(
        ("suppression", units), state, lambda: sides(answer.within(units), hidden_of(view), console.board.alerts)
    )


def eyes_of(view: View, now_ns: int) -> Eyes:
    """Return who looks through a view at a time."""
    console = view.console
    rights, me = view.principal.rights, view.operator
    return Eyes(console.registry, view.language, console.zone, now_ns, rights, me, view.account)

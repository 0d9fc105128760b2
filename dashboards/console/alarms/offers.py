"""What may be done to an alarm: what makes sense for it as it is, and what of that this person may. Pure.

| action | right | when it makes sense |
|---|---|---|
| mute | read | it is unacknowledged: silences its sound in this browser, and answers nothing |
| acknowledge | act | nobody has |
| confirm | act | after that |
| comment, assign | act | always |
| recheck | act | it is over and was acknowledged |
| reset | reset | it is latched, acknowledged, and the telemetry says that it is over |
| shelve; extend, unshelve | shelve | it is not shelved; it is, and for extending: by a person |

What the service would refuse is offered pale, not hidden; what is nobody's to do here is hidden.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from alerts.silences_face import silence_of_reason
from dashboards.console.view import View
from domain.accounts import Right
from domain.alert import AlertView


class AlarmAction(StrEnum):
    """What people do with an alarm, in the order of the buttons; the texts have the same names."""

    ACKNOWLEDGE = "acknowledge"
    CONFIRM = "confirm"
    RESET = "reset"
    COMMENT = "comment"
    ASSIGN = "assign"
    SHELVE = "shelve"
    EXTEND = "extend"
    UNSHELVE = "unshelve"
    RECHECK = "recheck"
    MUTE = "mute"


NEEDS: Mapping[AlarmAction, Right] = {
    **dict.fromkeys(AlarmAction, Right.ACT),
    AlarmAction.RESET: Right.RESET,
    AlarmAction.SHELVE: Right.SHELVE,
    AlarmAction.EXTEND: Right.SHELVE,
    AlarmAction.UNSHELVE: Right.SHELVE,
    AlarmAction.MUTE: Right.READ,
}

BULK = (AlarmAction.ACKNOWLEDGE, AlarmAction.COMMENT, AlarmAction.SHELVE)
"""What can be done to several alarms at once; never to a fire."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An action with its words; ``on``: it makes sense now; ``main``: it is what should be done next."""

    action: AlarmAction
    words: str
    on: bool
    main: bool


def may_reset(alert: AlertView) -> bool:
    """Tell whether a reset makes sense: latched, answered, and the telemetry says that it is over."""
    waiting = alert.latched and alert.reset_at_ns is None and alert.acknowledged_at_ns is not None
    return waiting and not alert.active and not alert.data_unknown


def _may_recheck(alert: AlertView) -> bool:
    over = not alert.active and not alert.data_unknown and alert.acknowledged_at_ns is not None
    return over and alert.rechecked_at_ns is None


def _is_shelved_by_a_person(alert: AlertView) -> bool:
    """Tell it from what a silence shelved, which is extended with the silence."""
    return alert.shelved_until_ns is not None and silence_of_reason(alert.shelve_reason or "") is None


_SENSE: Mapping[AlarmAction, Callable[[AlertView], bool]] = {
    AlarmAction.ACKNOWLEDGE: lambda alert: alert.is_open and alert.acknowledged_at_ns is None,
    AlarmAction.CONFIRM: lambda alert: alert.is_open and alert.acknowledged_at_ns is not None,
    AlarmAction.RESET: lambda alert: alert.is_open and may_reset(alert),
    AlarmAction.COMMENT: lambda _: True,
    AlarmAction.ASSIGN: lambda alert: alert.is_open,
    AlarmAction.SHELVE: lambda alert: alert.is_open and alert.shelved_until_ns is None,
    AlarmAction.EXTEND: lambda alert: alert.is_open and _is_shelved_by_a_person(alert),
    AlarmAction.UNSHELVE: lambda alert: alert.shelved_until_ns is not None,
    AlarmAction.RECHECK: _may_recheck,
    AlarmAction.MUTE: lambda alert: alert.is_open and alert.acknowledged_at_ns is None,
}


def sensible(alert: AlertView) -> Iterator[AlarmAction]:
    """Yield the actions that make sense for an alarm now, whoever asks."""
    return (action for action in AlarmAction if _SENSE[action](alert))


def allowed(view: View) -> list[AlarmAction]:
    """Return the actions that are this person's to do."""
    return [action for action in AlarmAction if view.principal.may(NEEDS[action])]


def next_step(alert: AlertView) -> AlarmAction | None:
    """Return what should be done next: to answer, then to find out; then to reset what is over."""
    if alert.acknowledged_at_ns is None:
        return AlarmAction.ACKNOWLEDGE
    if alert.confirmed is None:
        return AlarmAction.CONFIRM
    return AlarmAction.RESET if may_reset(alert) else None


def actions_for(view: View, alert: AlertView) -> list[Offer]:
    """Return what this person is offered for an alarm."""
    now, main = set(sensible(alert)), next_step(alert)
    return [
        Offer(action, view.text(action.value), action in now, action is main and action in now)
        for action in allowed(view)
    ]

"""One thing done to several alarms at once. A fire is never among them: each has to be looked at by itself.

Each alarm is a request of its own to the service, a few at a time; what the service refuses is counted and the first
reason is shown. What is outside the scope, closed, or a fire is left out before anything is asked, and said.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from dashboards.console.alarms.arranging import is_fire
from dashboards.console.alarms.asking import ask_remark, ask_shelf
from dashboards.console.alarms.offers import NEEDS, AlarmAction
from dashboards.console.deeds import DONE_MS, REFUSED_MS, refused, tell
from dashboards.console.section import Desk
from dashboards.console.view import View
from dashboards.console.wording import refusal_text
from domain.alert import AlertView
from domain.errors import FengsuiError, RefusedError

if TYPE_CHECKING:
    from alerts.face import AlertsFace

MOST_AT_ONCE = 500
TOGETHER = 8
"""Requests under way at a time: the service writes them one after the other in any case."""

Act = Callable[["AlertsFace", str], Awaitable[object]]


def bulk_of(view: View, alert_ids: Sequence[str]) -> list[AlertView]:
    """Return the alarms that may be worked on together: open, within the scope, no fire, at most `MOST_AT_ONCE`."""
    alerts = view.console.board.alerts
    found = [alerts[name] for name in dict.fromkeys(alert_ids) if name in alerts]
    seen = [alert for alert in found if view.principal.sees(alert.place.unit)]
    return [alert for alert in seen if not is_fire(alert)][:MOST_AT_ONCE]


async def act_on_many(desk: Desk, alert_ids: Sequence[str], action: AlarmAction) -> bool:
    """Ask what there is to ask once, then do it to each; returns whether all was done."""
    view = desk.view
    act = await _asked(view, action)
    if act is None:
        return False
    try:
        await desk.presence.check(NEEDS[action])
    except FengsuiError as error:
        refused(view, error)
        return False
    alerts = bulk_of(view, alert_ids)
    reasons = await _each(view, alerts, act)
    _say(view, action, done=len(alerts) - len(reasons), left=len(set(alert_ids)) - len(alerts), reasons=reasons)
    return not reasons and len(alerts) == len(set(alert_ids))


async def _asked(view: View, action: AlarmAction) -> Act | None:
    """Return what is done to each, by what was answered; None when nothing is to be done."""
    by, account = view.operator, view.account
    if action is AlarmAction.ACKNOWLEDGE:
        return lambda face, name: face.acknowledge(name, by=by, account=account)
    if action is AlarmAction.COMMENT:
        remark = await ask_remark(view, "comment")
        return (lambda face, name: face.comment(name, by=by, text=remark)) if remark else None
    shelf = await ask_shelf(view)
    if shelf is None:
        return None
    until_ns = view.now_ns() + shelf.lasts_ns
    return lambda face, name: face.shelve(name, by=by, reason=shelf.reason, until_ns=until_ns)


async def _each(view: View, alerts: Sequence[AlertView], act: Act) -> list[FengsuiError]:
    """Return why some were not done."""
    free = asyncio.Semaphore(TOGETHER)

    async def one(alert: AlertView) -> FengsuiError | None:
        async with free:
            try:
                await act(view.console.link.alerts, alert.id)
            except FengsuiError as error:
                return error
            return None

    return [error for error in await asyncio.gather(*map(one, alerts)) if error is not None]


def _say(view: View, action: AlarmAction, *, done: int, left: int, reasons: Sequence[FengsuiError]) -> None:
    words = [view.text("bulk_done", action=view.text(action.value), count=done)]
    if reasons:
        first = reasons[0]
        why = view.text("unavailable")
        if isinstance(first, RefusedError):
            why = refusal_text(first.reason, view.language)
        words.append(view.text("bulk_refused", count=len(reasons), reason=why))
    if left:
        words.append(view.text("bulk_left", count=left))
    well = not reasons and not left
    tell(
        view,
        " · ".join(words),
        type="positive" if well else "warning",
        timeout=DONE_MS if well else REFUSED_MS,
    )

"""Doing something to an alarm: the one place that does what `offers` offers, for the list, the detail and the phone.

Every action carries a name; every refusal shows its reason. Nothing changes on the screen by the click itself: the
change comes back through the board, when the record has it. Muting changes this browser only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypedDict

from nicegui import ui

from alerts.actions_face import Second
from dashboards.console.alarms.asking import ask_cause, ask_finding, ask_person, ask_remark, ask_shelf
from dashboards.console.alarms.bulk import act_on_many
from dashboards.console.alarms.offers import BULK, NEEDS, AlarmAction, Offer, actions_for
from dashboards.console.deeds import DONE_MS, do, named, refused
from dashboards.console.second_person import second_person
from dashboards.console.section import Desk
from domain.alarm import AlarmClass
from domain.alert import AlertView, Confirmation
from domain.errors import FengsuiError

if TYPE_CHECKING:
    from alerts.face import AlertsFace

__all__ = ["AlarmDeeds", "Offer", "actions_for"]

Act = Callable[["AlertsFace"], Awaitable[object]]


class _Shelf(TypedDict):
    """What shelving and extending ask for."""

    by: str
    reason: str
    until_ns: int
    second: Second | None


class AlarmDeeds:
    """What one browser's operator does."""

    def __init__(self, desk: Desk) -> None:
        """Act in the name that the desk's view has at the time of the click, if who sits there may."""
        self._view = desk.view
        self._desk = desk
        self._deeds: dict[AlarmAction, Callable[[AlertView], Awaitable[bool]]] = {
            AlarmAction.ACKNOWLEDGE: self._acknowledge,
            AlarmAction.CONFIRM: self._confirm,
            AlarmAction.RESET: self._reset,
            AlarmAction.COMMENT: self._comment,
            AlarmAction.ASSIGN: self._assign,
            AlarmAction.SHELVE: self._shelve,
            AlarmAction.EXTEND: self._extend,
            AlarmAction.UNSHELVE: self._unshelve,
            AlarmAction.RECHECK: self._recheck,
            AlarmAction.MUTE: self._mute,
        }

    async def act(self, alert_id: str, action: str) -> bool:
        """Do what was clicked; returns whether it was done. What is no action of ours is ignored."""
        if action not in set(AlarmAction) or (action != AlarmAction.MUTE and not named(self._view)):
            return False
        alert = await self._alert(alert_id)
        return alert is not None and await self._deeds[AlarmAction(action)](alert)

    async def act_on(self, alert_ids: list[str], action: str) -> bool:
        """Do something to several open alarms at once; fires among them are left out, whatever the browser says."""
        if action not in BULK or not named(self._view):
            return False
        return await act_on_many(self._desk, alert_ids, AlarmAction(action))

    async def _alert(self, alert_id: str) -> AlertView | None:
        """Return an alarm as the board has it, or the record where it is closed already."""
        known = self._view.console.board.alerts.get(alert_id)
        if known is not None:
            return known
        try:
            await self._desk.presence.check(NEEDS[AlarmAction.MUTE], alert_id)
            return (await self._view.console.link.alerts.get(alert_id)).alert
        except FengsuiError as error:
            refused(self._view, error)
            return None

    async def _do(self, action: AlarmAction, alert: AlertView, act: Act) -> bool:
        words, link = self._view.text(action.value), self._view.console.link
        return await do(self._desk, NEEDS[action], words, lambda: act(link.alerts), alert_id=alert.id)

    async def _acknowledge(self, alert: AlertView) -> bool:
        by, account = self._view.operator, self._view.account
        return await self._do(
            AlarmAction.ACKNOWLEDGE, alert, lambda face: face.acknowledge(alert.id, by=by, account=account)
        )

    async def _reset(self, alert: AlertView) -> bool:
        by = self._view.operator
        return await self._do(AlarmAction.RESET, alert, lambda face: face.reset(alert.id, by=by))

    async def _unshelve(self, alert: AlertView) -> bool:
        by = self._view.operator
        return await self._do(AlarmAction.UNSHELVE, alert, lambda face: face.unshelve(alert.id, by=by))

    async def _confirm(self, alert: AlertView) -> bool:
        finding = await ask_finding(self._view, alert)
        if finding is None:
            return False
        cause = await ask_cause(self._view) if finding is Confirmation.FALSE else ""
        if not cause and finding is Confirmation.FALSE:
            return False
        by = self._view.operator
        return await self._do(
            AlarmAction.CONFIRM, alert, lambda face: face.confirm(alert.id, by=by, finding=finding, cause=cause)
        )

    async def _comment(self, alert: AlertView) -> bool:
        remark = await ask_remark(self._view, "comment") or ""
        by = self._view.operator
        return bool(remark) and await self._do(
            AlarmAction.COMMENT, alert, lambda face: face.comment(alert.id, by=by, text=remark)
        )

    async def _recheck(self, alert: AlertView) -> bool:
        note = await ask_remark(self._view, "recheck", needed=False)
        by, account = self._view.operator, self._view.account
        return note is not None and await self._do(
            AlarmAction.RECHECK, alert, lambda face: face.recheck(alert.id, by=by, account=account, note=note)
        )

    async def _assign(self, alert: AlertView) -> bool:
        to, by = await ask_person(self._view, alert), self._view.operator
        return bool(to) and await self._do(
            AlarmAction.ASSIGN, alert, lambda face: face.assign(alert.id, by=by, to=to or "")
        )

    async def _shelve(self, alert: AlertView) -> bool:
        asked = await self._shelf(alert)
        return asked is not None and await self._do(
            AlarmAction.SHELVE, alert, lambda face: face.shelve(alert.id, **asked)
        )

    async def _extend(self, alert: AlertView) -> bool:
        asked = await self._shelf(alert)
        return asked is not None and await self._do(
            AlarmAction.EXTEND, alert, lambda face: face.extend(alert.id, **asked)
        )

    async def _shelf(self, alert: AlertView) -> _Shelf | None:
        """Ask for reason and time, for a fire for a second person, too, who has to show who they are."""
        is_fire = alert.alarm_class is AlarmClass.FIRE
        shelf = await ask_shelf(self._view, alert)
        if shelf is None:
            return None
        second = await second_person(self._desk, alert.place.unit) if is_fire else None
        if is_fire and second is None:
            return None
        until_ns = self._view.now_ns() + shelf.lasts_ns
        return {"by": self._view.operator, "reason": shelf.reason, "until_ns": until_ns, "second": second}

    async def _mute(self, alert: AlertView) -> bool:
        """Silence the sound of this alarm in this browser; it answers nothing."""
        self._view.muted.add(alert.id)
        ui.notify(self._view.text("muted"), position="bottom", timeout=DONE_MS)
        return True

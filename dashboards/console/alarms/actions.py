"""What an operator can do with an alarm. Every action carries a name; every refusal shows its reason.

Nothing changes on the screen by the click itself: the change comes back through the board, when the
record has it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from nicegui import ui

from dashboards.console.alarm_detail import show_detail
from dashboards.console.deeds import do, named, refused
from dashboards.console.dialogs import Field, Kind, ask
from dashboards.console.section import Desk
from dashboards.console.view import box, line
from domain.accounts import Right
from domain.alert import AlertView, Confirmation
from domain.errors import FengsuiError

if TYPE_CHECKING:
    from alerts.face import AlertsFace

MOST_COMMENT = 2000

Act = Callable[["AlertsFace"], Awaitable[AlertView]]


class AlarmActions:
    """Actions of one browser's operator, with the two dialogs that some need."""

    def __init__(self, desk: Desk) -> None:
        """Act in the name that the desk's view has at the time of the click, if who sits there may."""
        self._view = desk.view
        self._desk = desk

    async def act(self, alert_id: str, action: str) -> None:
        """Do what was clicked; anything else than the five actions is ignored."""
        known = {
            "acknowledge": self._acknowledge,
            "confirm": self._confirm,
            "reset": self._reset,
            "comment": self._comment,
            "details": self._details,
        }
        if action in known:
            await known[action](alert_id)

    async def _acknowledge(self, alert_id: str) -> None:
        by = self._view.operator
        await self._do("acknowledge", alert_id, lambda face: face.acknowledge(alert_id, by=by))

    async def _reset(self, alert_id: str) -> None:
        by = self._view.operator
        await self._do("reset", alert_id, lambda face: face.reset(alert_id, by=by))

    async def _confirm(self, alert_id: str) -> None:
        if not named(self._view):
            return
        finding = await self._ask_finding()
        if finding is None:
            return
        cause = await self._ask_remark("false_cause") if finding is Confirmation.FALSE else ""
        if cause or finding is not Confirmation.FALSE:
            by = self._view.operator
            await self._do(
                "confirm", alert_id, lambda face: face.confirm(alert_id, by=by, finding=finding, cause=cause)
            )

    async def _comment(self, alert_id: str) -> None:
        if not named(self._view):
            return
        remark = await self._ask_remark()
        if remark:
            by = self._view.operator
            await self._do("comment", alert_id, lambda face: face.comment(alert_id, by=by, text=remark))

    async def _details(self, alert_id: str) -> None:
        try:
            await self._desk.presence.check(Right.READ, alert_id)
            detail = await self._view.console.link.alerts.get(alert_id)
        except FengsuiError as error:
            refused(self._view, error)
            return
        await show_detail(self._view, detail)

    async def _do(self, action: str, alert_id: str, act: Act) -> None:
        right = Right.RESET if action == "reset" else Right.ACT
        words = self._view.text(action)
        await do(self._desk, right, words, lambda: act(self._view.console.link.alerts), alert_id=alert_id)

    async def _ask_finding(self) -> Confirmation | None:
        view = self._view
        with ui.dialog() as dialog, box("dialog", "finding"):
            line(view.text("finding_question"), "dialog-title")
            with box("dialog-choices"):
                for finding in Confirmation:
                    choice = ui.button(
                        view.text(f"finding_{finding}"), on_click=lambda f=finding: dialog.submit(f), color=None
                    )
                    choice.classes(f"choice choice-{finding}").props(f"flat no-caps data-finding={finding}")
        answer = await dialog
        dialog.delete()
        return answer if isinstance(answer, Confirmation) else None

    async def _ask_remark(self, title: str = "comment") -> str:
        text = self._view.text
        remark = Field("remark", text(title), Kind.AREA, most=MOST_COMMENT, hint=text("comment_hint"))
        return (await ask(self._view, text(title), [remark]) or {}).get("remark", "")

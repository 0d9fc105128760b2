"""What an operator can do with an alarm. Every action carries a name; every refusal shows its reason.

Nothing changes on the screen by the click itself: the change comes back through the board, when the
record has it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from nicegui import ui

from dashboards.console.alarm_detail import show_detail
from dashboards.console.view import View, box, line
from dashboards.console.wording import refusal_text
from domain.alert import AlertView, Confirmation
from domain.errors import FengsuiError, RefusedError

if TYPE_CHECKING:
    from alerts.face import AlertsFace

MOST_COMMENT = 2000

Act = Callable[["AlertsFace"], Awaitable[AlertView]]


class AlarmActions:
    """Actions of one browser's operator, with the two dialogs that some need."""

    def __init__(self, view: View) -> None:
        """Act in the name that ``view`` has at the time of the click."""
        self._view = view

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
        await self._do("acknowledge", lambda face: face.acknowledge(alert_id, by=by))

    async def _reset(self, alert_id: str) -> None:
        by = self._view.operator
        await self._do("reset", lambda face: face.reset(alert_id, by=by))

    async def _confirm(self, alert_id: str) -> None:
        if not self._named():
            return
        finding = await self._ask_finding()
        if finding is None:
            return
        cause = await self._ask_remark("false_cause") if finding is Confirmation.FALSE else ""
        if cause or finding is not Confirmation.FALSE:
            by = self._view.operator
            await self._do("confirm", lambda face: face.confirm(alert_id, by=by, finding=finding, cause=cause))

    async def _comment(self, alert_id: str) -> None:
        if not self._named():
            return
        remark = await self._ask_remark()
        if remark:
            by = self._view.operator
            await self._do("comment", lambda face: face.comment(alert_id, by=by, text=remark))

    async def _details(self, alert_id: str) -> None:
        try:
            detail = await self._view.console.link.alerts.get(alert_id)
        except FengsuiError as error:
            self._refused(error)
            return
        await show_detail(self._view, detail)

    async def _do(self, action: str, act: Act) -> None:
        if not self._named():
            return
        try:
            await act(self._view.console.link.alerts)
        except FengsuiError as error:
            self._refused(error)
            return
        ui.notify(self._view.text("done", action=self._view.text(action)), position="bottom", timeout=1500)

    def _named(self) -> bool:
        if self._view.operator:
            return True
        ui.notify(self._view.text("name_first"), position="bottom", type="warning")
        return False

    def _refused(self, error: FengsuiError) -> None:
        view = self._view
        words = view.text("unavailable")
        if isinstance(error, RefusedError):
            words = view.text("refused", reason=refusal_text(error.reason, view.language))
        ui.notify(words, position="bottom", type="warning", timeout=6000)

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
        view = self._view
        with ui.dialog() as dialog, box("dialog", "remark"):
            line(view.text(title), "dialog-title")
            remark = ui.textarea(placeholder=view.text("comment_hint"))
            remark.props(f"outlined autofocus maxlength={MOST_COMMENT}").classes("remark")
            with box("dialog-choices"):
                ui.button(view.text("close"), on_click=lambda: dialog.submit(None), color=None).classes("act").props(
                    "flat no-caps"
                )
                save = ui.button(view.text("save"), on_click=lambda: dialog.submit(remark.value), color=None)
                save.classes("act act-main").props("flat no-caps data-action=save")
        answer = await dialog
        dialog.delete()
        return str(answer or "").strip()

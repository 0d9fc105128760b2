"""Sessions: who is where, since when, seen when; ended one by one or all of a person."""

from __future__ import annotations

from alerts.accounts_face import SessionView
from dashboards.console import deeds, dialogs
from dashboards.console.admin.rows import Wording, session_row
from dashboards.console.admin.tab import Tab, head
from dashboards.console.components import Column, DataTable
from dashboards.console.texts import Language
from dashboards.console.view import box
from domain.accounts import Right


class SessionsTab(Tab):
    """The table of sessions that run."""

    def build(self) -> None:
        """Draw the table."""
        view = self.view
        self._sessions: dict[str, SessionView] = {}
        with box("panel admin-panel"):
            with box("panel-head"):
                head(view, "admin_tab_sessions", "admin_sessions_note")
            columns = [
                Column("user", view.text("admin_name"), width="minmax(0, 1.3fr)"),
                Column("address", view.text("admin_address")),
                Column("agent", view.text("admin_agent"), width="minmax(0, 1.5fr)"),
                Column("since", view.text("admin_since"), "time"),
                Column("seen", view.text("admin_seen"), "elapsed", "7rem"),
                Column("ends", view.text("admin_ends"), "time"),
            ]
            self._table = DataTable(columns, self._act, name="sessions", words=view.text("admin_tab_sessions"))

    async def show(self) -> None:
        """Show who is there."""
        view = self.view
        accounts = view.console.door.accounts
        found, users = await accounts.sessions(), await accounts.users()
        if self.is_here:
            names = {user.id: user.name if view.language is Language.ZH else user.name_en for user in users}
            words = Wording(view.language, view.console.registry, view.console.zone, view.now_ns())
            own = self.desk.presence.principal.session
            self._sessions = {session.id: session for session in found}
            self._table.show([session_row(session, names, own, words) for session in found])

    async def _act(self, session_id: str, action: str) -> None:
        session, view = self._sessions.get(session_id), self.view
        if session is None or action not in ("end", "end_all"):
            return
        doomed = [one for one in self._sessions.values() if one.user == session.user]
        if action == "end":
            doomed = [session]
        question = view.text("admin_end_sure", count=len(doomed), user=session.user)
        if not await dialogs.sure(view, question):
            return

        async def end() -> None:
            for one in doomed:
                await view.console.door.accounts.end_session(one.id, by=view.operator)

        if await deeds.do(self.desk, Right.ADMINISTER, view.text("admin_end"), end):
            await self.ask()

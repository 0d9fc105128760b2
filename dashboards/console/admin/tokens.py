"""Tokens of programs: made, shown once, revoked."""

from __future__ import annotations

from nicegui import ui

from alerts.accounts_face import ScopeFields, TokenView
from dashboards.console import deeds, dialogs
from dashboards.console.admin.copy_button import CopyButton
from dashboards.console.admin.rows import Wording, token_row
from dashboards.console.admin.scope_form import Filled, ScopeForm, Several, Words
from dashboards.console.admin.tab import Tab, checked, head
from dashboards.console.components import Column, DataTable
from dashboards.console.view import View, box, line
from domain.accounts import Right, UserRole
from domain.errors import RefusedError
from domain.glossary import label_of

DAY_S = 86_400.0
MOST_DAYS = 3660
NO_SCOPE = ScopeFields()


class TokensTab(Tab):
    """The table of tokens."""

    def build(self) -> None:
        """Draw the table and the button for a new token."""
        view = self.view
        self._tokens: dict[str, TokenView] = {}
        with box("panel admin-panel"):
            with box("panel-head"):
                head(view, "admin_tab_tokens", "admin_tokens_note")
                add = ui.button(view.text("admin_add_token"), on_click=self._add, color=None)
                add.classes("act act-main").props("flat no-caps data-action=add")
            columns = [
                Column("name", view.text("admin_token_name")),
                Column("may", view.text("admin_may"), width="minmax(0, 1.4fr)"),
                Column("scope", view.text("admin_scope"), width="minmax(0, 1.2fr)"),
                Column("made", view.text("admin_made"), width="minmax(0, 1.2fr)"),
                Column("used", view.text("admin_last_used"), "time"),
                Column("state", view.text("admin_state"), width="minmax(0, 1.2fr)"),
            ]
            self._table = DataTable(columns, self._act, name="tokens", words=view.text("admin_tab_tokens"))
            self._none = line(view.text("admin_tokens_none"), "page-none")
            self._none.set_visibility(False)

    async def show(self) -> None:
        """Show all tokens: those that count first, then the newest."""
        found = await self.view.console.door.accounts.tokens()
        if self.is_here:
            view = self.view
            words = Wording(view.language, view.console.registry, view.console.zone, view.now_ns())
            self._tokens = {token.id: token for token in found}
            order = sorted(found, key=lambda token: (token.revoked_ns is not None, -token.created_ns))
            self._table.show([token_row(token, words) for token in order])
            self._none.set_visibility(not found)

    async def _act(self, token_id: str, action: str) -> None:
        token = self._tokens.get(token_id)
        if token is None or action != "revoke":
            return
        view = self.view
        if not await dialogs.sure(view, view.text("admin_revoke_sure", name=token.name)):
            return

        async def revoke() -> None:
            await view.console.door.accounts.revoke_token(token_id, by=view.operator)

        if await deeds.do(self.desk, Right.ADMINISTER, view.text("admin_revoke"), revoke):
            await self.ask()

    async def _add(self) -> None:
        view = self.view
        roles = {role.value: label_of(role, view.language) for role in UserRole}
        rights = {right.value: label_of(right, view.language) for right in Right}
        fields = (
            Words("name", view.text("admin_token_name")),
            Several("roles", view.text("admin_roles"), roles, needed=False),
            Several("rights", view.text("admin_rights"), rights, needed=False),
            Words("days", view.text("admin_days"), "365", most=4, kind="number", needed=False),
        )
        made: list[str] = []

        async def add(filled: Filled) -> bool:
            async def create() -> None:
                made.append(await self._create(filled))

            return await deeds.do(self.desk, Right.ADMINISTER, view.text("admin_add_token"), create)

        if await ScopeForm(view, view.text("admin_add_token"), fields, NO_SCOPE, add).ask():
            await show_once(view, made.pop())
            await self.ask()

    async def _create(self, filled: Filled) -> str:
        days = filled.words["days"]
        if days and not (days.isascii() and days.isdigit() and 0 < int(days) <= MOST_DAYS):
            raise RefusedError(f"天数为 1 至 {MOST_DAYS} / days: 1 to {MOST_DAYS}, or none")
        wanted = {
            "name": filled.words["name"],
            "roles": [UserRole(role) for role in filled.several["roles"] if role in set(UserRole)],
            "rights": [Right(right) for right in filled.several["rights"] if right in set(Right)],
            "lasts_s": int(days) * DAY_S if days else None,
            "by": self.view.operator,
            **filled.scope.model_dump(),
        }
        making = checked(lambda: self.view.console.door.accounts.create_token(**wanted))
        return (await making)[1]


async def show_once(view: View, secret: str) -> None:
    """Show a token to be copied; closing the dialog is the end of it here."""
    title = view.text("admin_token_once")
    with ui.dialog().props("persistent") as dialog, box("dialog", "secret") as pane:
        pane.props["role"], pane.props["aria-label"] = "alertdialog", title
        line(title, "dialog-title")
        line(secret, "secret").props("data-part=token")
        with box("dialog-choices"):
            CopyButton(secret, view.text("admin_copy"), view.text("admin_copied"))
            done = ui.button(view.text("admin_kept"), on_click=lambda: dialog.submit(None), color=None)
            done.classes("act").props("flat no-caps data-action=kept")
    await dialog
    dialog.delete()

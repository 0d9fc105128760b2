"""Accounts: who there is, what they may, and what an administrator changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from nicegui import ui

from alerts.accounts_face import (
    MOST_PASSWORD,
    AccountsFace,
    ScopeFields,
    UserAddRequest,
    UserChangeRequest,
    UserPasswordRequest,
    UserView,
)
from dashboards.console import deeds, dialogs
from dashboards.console.admin.role_table import show_roles
from dashboards.console.admin.rows import Wording, user_row
from dashboards.console.admin.scope_form import Filled, ScopeForm, Several, Words
from dashboards.console.admin.tab import Tab, checked, head
from dashboards.console.components import Column, DataTable
from dashboards.console.dialogs import Field
from dashboards.console.view import box
from domain.accounts import Right, UserRole
from domain.glossary import label_of

NO_SCOPE = ScopeFields()


class UsersTab(Tab):
    """The table of accounts, with what can be done to each."""

    def build(self) -> None:
        """Draw the table and the button for a new account."""
        view = self.view
        self._users: dict[str, UserView] = {}
        with box("panel admin-panel"):
            with box("panel-head"):
                head(view, "admin_tab_users", "admin_users_note")
                roles = ui.button(view.text("admin_roles_table"), on_click=self._show_roles, color=None).classes("act")
                roles.props("flat no-caps data-action=roles")
                add = ui.button(view.text("admin_add_user"), on_click=self._add, color=None)
                add.classes("act act-main").props("flat no-caps data-action=add")
            columns = [
                Column("user", view.text("account"), width="minmax(0, 0.7fr)"),
                Column("name", view.text("admin_name")),
                Column("roles", view.text("admin_roles"), width="minmax(0, 1.3fr)"),
                Column("scope", view.text("admin_scope"), width="minmax(0, 1.5fr)"),
                Column("state", view.text("admin_state")),
                Column("sessions", view.text("admin_sessions"), "number", "4.5rem"),
            ]
            self._table = DataTable(columns, self._act, name="users", words=view.text("admin_tab_users"))

    async def _show_roles(self) -> None:
        await show_roles(self.view)

    async def show(self) -> None:
        """Show all accounts."""
        found = await self._face().users()
        if self.is_here:
            self._users = {user.id: user for user in found}
            self._table.show([user_row(user, self._wording()) for user in found])

    async def _act(self, user_id: str, action: str) -> None:
        acts: dict[str, Callable[[UserView], Awaitable[bool]]] = {
            "edit": self._edit,
            "password": self._password,
            "unlock": self._unlock,
            "disable": self._disable,
            "enable": self._enable,
        }
        user = self._users.get(user_id)
        if user is not None and action in acts and await acts[action](user):
            await self.ask()

    async def _add(self) -> None:
        view = self.view
        fields = (
            Words("id", view.text("account")),
            *self._fields(None),
            Words("password", view.text("admin_first_password"), most=MOST_PASSWORD, kind="password"),
        )

        async def add(filled: Filled) -> bool:
            return await self._do("admin_add_user", lambda: self._face().add_user(checked(lambda: self._new(filled))))

        if await ScopeForm(view, view.text("admin_add_user"), fields, NO_SCOPE, add).ask():
            await self.ask()

    def _new(self, filled: Filled) -> UserAddRequest:
        words = filled.words
        return UserAddRequest(
            id=words["id"],
            password=words["password"],
            must_change=True,
            by=self.view.operator,
            **{**_said(filled), "person": next(iter(filled.several["person"]), None)},
            **filled.scope.model_dump(),
        )

    async def _edit(self, user: UserView) -> bool:
        async def edit(filled: Filled) -> bool:
            return await self._change("admin_edit", user, scope=filled.scope, **_said(filled))

        title = self.view.text("admin_edit_user", user=user.id)
        return await ScopeForm(self.view, title, self._fields(user), user, edit).ask()

    async def _password(self, user: UserView) -> bool:
        view = self.view
        field = Field("password", view.text("admin_first_password"), kind="password", most=MOST_PASSWORD)
        said = await dialogs.ask(view, view.text("admin_password_of", user=user.id), (field,))
        if said is None:
            return False

        def request() -> UserPasswordRequest:
            return UserPasswordRequest(id=user.id, password=said["password"], must_change=True, by=self.view.operator)

        return await self._do("admin_password", lambda: self._face().set_password(checked(request)))

    async def _unlock(self, user: UserView) -> bool:
        return await self._do("admin_unlock", lambda: self._face().unlock(user.id, by=self.view.operator))

    async def _disable(self, user: UserView) -> bool:
        if not await dialogs.sure(self.view, self.view.text("admin_disable_sure", user=f"{user.name} ({user.id})")):
            return False
        return await self._change("admin_disable", user, disabled=True)

    async def _enable(self, user: UserView) -> bool:
        return await self._change("admin_enable", user, disabled=False)

    async def _change(self, words: str, user: UserView, **what: Any) -> bool:
        def request() -> UserChangeRequest:
            return UserChangeRequest(id=user.id, by=self.view.operator, **what)

        return await self._do(words, lambda: self._face().change_user(checked(request)))

    async def _do(self, words: str, act: Callable[[], Awaitable[object]]) -> bool:
        return await deeds.do(self.desk, Right.ADMINISTER, self.view.text(words), act)

    def _fields(self, user: UserView | None) -> tuple[Words | Several, ...]:
        view = self.view
        people = view.console.registry.people.values()
        names = {person.id: f"{person.labels.of(view.language)} ({person.id})" for person in people}
        person = (user.person,) if user is not None and user.person is not None else ()
        roles = {role.value: label_of(role, view.language) for role in UserRole}
        return (
            Words("name", view.text("admin_name"), user.name if user else ""),
            Words("name_en", view.text("admin_name_en"), user.name_en if user else "", needed=False),
            Several("roles", view.text("admin_roles"), roles, user.roles if user else ()),
            Several("person", view.text("admin_person"), names, person, needed=False, many=False),
        )

    def _face(self) -> AccountsFace:
        return self.view.console.door.accounts

    def _wording(self) -> Wording:
        view = self.view
        return Wording(view.language, view.console.registry, view.console.zone, view.now_ns())


def _said(filled: Filled) -> dict[str, Any]:
    return {
        "name": filled.words["name"],
        "name_en": filled.words["name_en"],
        "roles": filled.several["roles"],
        "person": next(iter(filled.several["person"]), ""),
    }

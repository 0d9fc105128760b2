"""The table of roles in a dialog: which pages a role opens and which rights it has, for who gives roles to people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nicegui import ui

from dashboards.console.components import Column, DataTable
from dashboards.console.roles import Permit, permits
from dashboards.console.view import View, box, line
from domain.accounts import RIGHTS, Right, UserRole
from domain.glossary import label_of


async def show_roles(view: View) -> None:
    """Show the table until it is closed."""
    from dashboards.console.sections import SECTIONS  # noqa: PLC0415  # the sections import this page

    title = view.text("admin_roles_table")
    table = permits(SECTIONS)
    with ui.dialog() as dialog, box("dialog roles", "roles") as pane:
        pane.props["role"], pane.props["aria-label"] = "dialog", title
        line(title, "dialog-title")
        columns = [
            Column("role", view.text("admin_role"), width="minmax(6rem, 0.6fr)"),
            Column("pages", view.text("admin_pages"), width="minmax(0, 1.6fr)"),
            Column("rights", view.text("admin_role_rights"), width="minmax(0, 1.6fr)"),
        ]
        rows = [_row(role, table, view) for role in UserRole]
        DataTable(columns, name="role-table", words=title).show(rows)
        with box("dialog-choices"):
            close = ui.button(view.text("close"), on_click=lambda: dialog.submit(None), color=None)
            close.classes("act").props("flat no-caps data-action=close")
    await dialog
    dialog.delete()


def _row(role: UserRole, table: Iterable[Permit], view: View) -> dict[str, Any]:
    pages = [view.text(f"nav_{one.section}") for one in table if one.role is role and one.opens]
    rights = [label_of(right, view.language) for right in Right if right in RIGHTS[role]]
    between = view.text("and")
    cells = {"role": label_of(role, view.language), "pages": between.join(pages), "rights": between.join(rights)}
    return {"id": role.value, "look": "", "cells": cells, "buttons": []}

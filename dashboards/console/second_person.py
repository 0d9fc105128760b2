"""A second person agrees to an act that needs two: in a dialog, with their own password; no session of theirs begins.

The alerts service looks at the password, counts wrong ones like those at the sign-in, refuses the first person and
whoever has no right to it, and writes down who vouched beside whom (`alerts.accounts.vouching`). At an open console
nobody signs in: the second types a name there, like the first.
"""

from __future__ import annotations

from math import ceil

from nicegui import ui

from alerts.accounts_face import MOST_PASSWORD, Outcome, VouchReply, VouchRequest
from dashboards.api.principal import Kind
from dashboards.console.dialogs import Field, ask
from dashboards.console.section import Desk
from dashboards.console.view import MOST_NAME, View
from dashboards.console.wording import refusal_text
from domain.accounts import Right
from domain.errors import LinkError, RefusedError

MOST_ADDRESS = 64


async def second_person(desk: Desk, right: Right, unit: str | None = None) -> str | None:
    """Return the name in the record of a second person who agreed; None when nobody did.

    Args:
        desk: Of the first person.
        right: What the second needs.
        unit: Which unit it is about; it has to be within the second's scope.
    """
    if desk.presence.principal.kind is Kind.CONSOLE:
        return await _typed(desk.view)
    user, note = "", ""
    while True:
        said = await _said(desk.view, user, note)
        if said is None:
            return None
        user, address = said["user"].strip(), ui.context.client.ip[:MOST_ADDRESS]
        note = desk.view.text("login_wrong")
        if user and said["password"]:
            request = VouchRequest(
                user=user,
                password=said["password"],
                right=right,
                beside=desk.view.operator,
                unit=unit,
                address=address,
            )
            by, note = await _vouched(desk, request)
            if by is not None:
                return by


async def _said(view: View, user: str, note: str) -> dict[str, str] | None:
    fields = (
        Field("user", view.text("account"), most=MOST_NAME, value=user, hint=view.text("second_hint")),
        Field("password", view.text("password"), kind="password", most=MOST_PASSWORD),
    )
    return await ask(view, _title(view, note), fields, save=view.text("second_agree"))


def _title(view: View, note: str) -> str:
    """Return what the dialog is about, and why it stands here again."""
    title = view.text("second_title")
    return f"{title} — {note}" if note else title


async def _vouched(desk: Desk, request: VouchRequest) -> tuple[str | None, str]:
    """Return the second's name, or None and what to tell."""
    view = desk.view
    try:
        reply = await view.console.door.accounts.vouch(request)
    except RefusedError as error:
        return None, refusal_text(error.reason, view.language)
    except LinkError:
        return None, view.text("unavailable")
    return reply.by, _words(view, reply)


def _words(view: View, reply: VouchReply) -> str:
    if reply.outcome is Outcome.IN:
        return ""
    if reply.outcome is Outcome.WRONG:
        return view.text("login_wrong")
    return view.text("login_wait", seconds=ceil(reply.wait_s))


async def _typed(view: View) -> str | None:
    """Ask for a name, until it is another one than the first's."""
    note = ""
    while True:
        fields = (Field("name", view.text("second_name"), most=MOST_NAME),)
        said = await ask(view, _title(view, note), fields, save=view.text("second_agree"))
        if said is None:
            return None
        name = said["name"].strip()
        if name and name.casefold() != view.operator.strip().casefold():
            return name
        note = view.text("second_same")

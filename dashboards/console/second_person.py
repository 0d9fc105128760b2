"""A second person agrees to an act that needs two: in a dialog, with their own password; no session of theirs begins.

The alerts service looks at the password, counts wrong ones like those at the sign-in, refuses the first person and
whoever has no right to it, and writes down who vouched beside whom (`alerts.accounts.vouching`). It is so at an open
console, too: nobody signs in there, and to keep a fire back somebody who has an account has to agree.
"""

from __future__ import annotations

from math import ceil

from nicegui import ui

from alerts.accounts_face import MOST_PASSWORD, Outcome, VouchReply, VouchRequest
from alerts.actions_face import Second
from dashboards.console.dialogs import Field, ask
from dashboards.console.section import Desk
from dashboards.console.view import MOST_NAME, View
from dashboards.console.wording import refusal_text
from domain.accounts import Right
from domain.errors import LinkError, RefusedError

MOST_ADDRESS = 64


async def second_person(desk: Desk, unit: str | None = None) -> Second | None:
    """Return a second person who agreed to keep a fire back, for one deed; None when nobody did.

    Args:
        desk: Of the first person.
        unit: Which unit it is about; it has to be within the second's scope.
    """
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
                right=Right.SHELVE_FIRE,
                beside=desk.view.operator,
                beside_account=desk.view.account,
                unit=unit,
                address=address,
            )
            second, note = await _vouched(desk, request)
            if second is not None:
                return second


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


async def _vouched(desk: Desk, request: VouchRequest) -> tuple[Second | None, str]:
    """Return the second, or None and what to tell."""
    view = desk.view
    try:
        reply = await view.console.door.accounts.vouch(request)
    except RefusedError as error:
        return None, refusal_text(error.reason, view.language)
    except LinkError:
        return None, view.text("unavailable")
    return reply.second, _words(view, reply)


def _words(view: View, reply: VouchReply) -> str:
    if reply.outcome is Outcome.IN:
        return ""
    if reply.outcome is Outcome.WRONG:
        return view.text("login_wrong")
    return view.text("login_wait", seconds=ceil(reply.wait_s))

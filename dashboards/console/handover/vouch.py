"""The other person at a hand-over, who shows who they are at somebody else's desk.

They sign in as they always do; the session that begins ends at once, and leaves the sign-in in the audit: what is
proved is that they were there. At an open console they say their name, as everybody does there: only names are
compared, and the dialog says so.
"""

from __future__ import annotations

from math import ceil

from nicegui import ui

from alerts.accounts_face import MOST_PASSWORD, Outcome, SignInReply, SignInRequest, key_of, new_secret
from dashboards.api.principal import Principal, of_view
from dashboards.console.dialogs import Field, Kind, ask
from dashboards.console.view import MOST_NAME, View
from domain.accounts import Right
from domain.errors import RefusedError

AGENT = "hand-over at another desk"


async def asked_name(view: View) -> str | None:
    """Ask for the name of who takes, at an open console; None when they thought better of it."""
    answers = await ask(
        view,
        view.text("handover_take_named"),
        [Field("name", view.text("handover_taker"), most=MOST_NAME, hint=view.text("operator_hint"))],
        save=view.text("handover_take"),
    )
    return None if answers is None else answers["name"]


async def asked_account(view: View) -> tuple[str, str] | None:
    """Ask for account and password of who takes; None when they thought better of it."""
    answers = await ask(
        view,
        view.text("handover_take_here"),
        [
            Field("user", view.text("account"), most=MOST_NAME),
            Field("password", view.text("password"), Kind.PASSWORD, most=MOST_PASSWORD),
        ],
        save=view.text("handover_take"),
    )
    return None if answers is None else (answers["user"], answers["password"])


async def vouched(view: View, user: str, password: str) -> Principal:
    """Return whose account and password these are, if they may take a shift; raises RefusedError, LinkError."""
    accounts, key = view.console.door.accounts, key_of(new_secret())
    address = (ui.context.client.ip or "")[:64]
    reply = await accounts.sign_in(SignInRequest(user=user, password=password, key=key, address=address, agent=AGENT))
    if reply.principal is None:
        raise RefusedError(_why_not(reply))
    await accounts.sign_out(key)
    who = of_view(reply.principal)
    if who.must_change or not who.may(Right.ACT) or who.units is not None:
        raise RefusedError("此账号不能接班 / this account may not take a shift over")
    return who


def _why_not(reply: SignInReply) -> str:
    if reply.outcome is Outcome.WRONG:
        return "账号或口令不正确 / wrong account or password"
    wait_s = ceil(reply.wait_s)
    return f"请 {wait_s} 秒后再试 / try again in {wait_s} s"

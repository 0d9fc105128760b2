"""The second person whom shelving a fire needs: signs in beside the first, or is named at an open console.

Signing in begins a session that nobody gets, and that is ended at once: what remains is its trace in the audit. They
must be somebody else, see the unit, and have the right ``shelve_fire`` themselves.
"""

from __future__ import annotations

from alerts.accounts_face import MOST_PASSWORD, Outcome, SignInRequest, key_of, new_secret
from dashboards.api.principal import Kind, Principal, of_view
from dashboards.console.dialogs import Field
from dashboards.console.dialogs import Kind as FieldKind
from dashboards.console.view import MOST_NAME, View
from domain.accounts import Right
from domain.errors import RefusedError

AGENT = "second person"
"""What the audit of accounts shows in place of a browser."""

ACCOUNT, PASSWORD, NAME = "second_account", "second_password", "second_name"


def second_fields(view: View) -> list[Field]:
    """Return what the dialog asks of the second person."""
    if view.principal.kind is Kind.CONSOLE:
        return [Field(NAME, view.text(NAME), most=MOST_NAME)]
    return [
        Field(ACCOUNT, view.text(ACCOUNT), most=64),
        Field(PASSWORD, view.text(PASSWORD), FieldKind.PASSWORD, most=MOST_PASSWORD),
    ]


async def second_person(view: View, answers: dict[str, str], unit: str) -> str:
    """Return the name that goes into the record; raises RefusedError with the reason, LinkError."""
    if view.principal.kind is Kind.CONSOLE:
        return answers[NAME]
    who = await _vouched(view, answers[ACCOUNT], answers[PASSWORD])
    if who.id == view.principal.id:
        raise RefusedError("第二人须是另一个人 / the second person must be somebody else")
    if not who.may(Right.SHELVE_FIRE) or not who.sees(unit):
        raise RefusedError("第二人没有搁置火警的权限 / the second person may not shelve a fire here")
    return who.acts_as()


async def _vouched(view: View, account: str, password: str) -> Principal:
    """Return whose password it is."""
    accounts, secret = view.console.door.accounts, new_secret()
    reply = await accounts.sign_in(
        SignInRequest(user=account, password=password, key=key_of(secret), address="", agent=AGENT)
    )
    if reply.outcome in (Outcome.WAIT, Outcome.BUSY):
        raise RefusedError(
            f"请在 {reply.wait_s:.0f} 秒后再试 / too many tries, or too busy: try again in {reply.wait_s:.0f} s"
        )
    if reply.principal is None:
        raise RefusedError("第二人的账号或口令不对 / the second person's account or password is wrong")
    await accounts.sign_out(key_of(secret))
    if reply.principal.must_change:
        raise RefusedError("第二人须先更改口令 / the second person has to change their password first")
    return of_view(reply.principal)

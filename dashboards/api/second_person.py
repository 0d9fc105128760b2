"""The second person of a request that needs two: they show who they are, a name alone is nobody.

| asked by | the second person is |
|---|---|
| anybody | whose account and password stand in ``second``; no session begins |
| a signed-in person, where they agree to what somebody else began | themselves, by their session |

The alerts service looks at the password, slows wrong ones like those at the sign-in, refuses the first person and who
has no right or no scope, and writes down both (`alerts.accounts.vouching`). A program is never a second person.

| what became of it | status |
|---|---|
| wrong account or password | 403 |
| the first person, without the right or the scope, or who has to change their password first | 409 |
| a silence that was changed since they looked at it | 409 |
| too many wrong ones | 429, ``Retry-After`` |
| too many wait for theirs to be looked at | 503 |
"""

from __future__ import annotations

from math import ceil
from typing import Annotated, Any, NamedTuple

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from alerts.accounts_face import Outcome, Password, VouchHereRequest, VouchReply, VouchRequest
from alerts.actions_face import Second
from alerts.silences_face import SeenSilence
from dashboards.api.context import Context
from dashboards.api.errors import ForbiddenError, TooManyError
from dashboards.api.principal import Kind, Principal
from dashboards.api.sessions import session_key
from domain.accounts import Right
from domain.errors import LinkError

MOST_ADDRESS = 64

WRONG = "第二人的账号或口令不正确 / wrong account or password of the second person"
NO_PROGRAM = (
    "程序不能作第二人：请给出第二人的账号和口令（second） / a program is no second person: give 'second', the account "
    "and password of one"
)


class First(NamedTuple):
    """The first person: their name in the record, and their account where they are signed in."""

    name: str
    account: str | None = None


class SecondPerson(BaseModel):
    """Their account and password; they need the right ``shelve_fire`` and the unit in their scope."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    user: str = Field(min_length=1, max_length=64)
    password: Password = Field(repr=False, json_schema_extra={"format": "password"})


def _no_name(given: Any) -> Any:
    if isinstance(given, str):
        raise ValueError("a name alone is no second person: give {user, password}")  # noqa: TRY004  # pydantic's way
    return given


GivenSecond = Annotated[SecondPerson, BeforeValidator(_no_name)]


async def vouched(
    context: Context,
    request: Request,
    given: SecondPerson,
    *,
    beside: First,
    unit: str | None = None,
    silence: SeenSilence | None = None,
) -> Second:
    """Return the second person of ``beside``, who keeps fires back with them; raises as the module's table says."""
    reply = await context.door.accounts.vouch(
        VouchRequest(
            user=given.user.strip(),
            password=given.password,
            right=Right.SHELVE_FIRE,
            beside=beside.name,
            beside_account=beside.account,
            unit=unit,
            silence=silence,
            address=_address(request),
        )
    )
    return _second(reply)


async def agreed(
    context: Context,
    request: Request,
    who: Principal,
    given: SecondPerson | None,
    *,
    beside: First,
    silence: SeenSilence,
) -> Second:
    """Return who agrees to the silence of ``beside`` as they saw it: who is given, or the signed-in person who asks."""
    if given is not None:
        return await vouched(context, request, given, beside=beside, silence=silence)
    key = session_key(request.cookies)
    if who.kind is not Kind.USER or key is None:
        raise ForbiddenError(NO_PROGRAM)
    asked = VouchHereRequest(
        key=key,
        right=Right.SHELVE_FIRE,
        beside=beside.name,
        beside_account=beside.account,
        silence=silence,
        address=_address(request),
    )
    return _second(await context.door.accounts.vouch_here(asked))


def _address(request: Request) -> str:
    return (request.client.host if request.client else "")[:MOST_ADDRESS]


def _second(reply: VouchReply) -> Second:
    if reply.outcome is Outcome.BUSY:
        raise LinkError("others wait for their passwords to be looked at: try again")
    if reply.outcome is Outcome.WAIT:
        wait_s = ceil(reply.wait_s)
        raise TooManyError(f"请 {wait_s} 秒后再试 / too many wrong passwords: try again in {wait_s} s", wait_s)
    if reply.second is None:
        raise ForbiddenError(WRONG)
    return reply.second

"""The second person of a command that needs two: their account, and their password, typed unseen or from a file.

The alerts service looks at it as at a sign-in (`alerts.accounts.vouching`). The password is no argument: those stand in
the list of processes and in the shell's history.
"""

from __future__ import annotations

import sys
from math import ceil
from pathlib import Path
from typing import Annotated

import typer

from alerts.accounts_face import AccountsFace, Outcome, VouchRequest
from alerts.actions_face import Second
from alerts.face import AlertsFace
from backbone.client import Backbone
from cli.accounts_asking import password_from
from cli.asking import checked
from domain.accounts import Right
from domain.errors import RefusedError

SecondOption = Annotated[
    str | None,
    typer.Option(
        "--second",
        metavar="ACCOUNT",
        help="第二人的账号，火警必填 / the second person's account, for fires; their password is asked for",
    ),
]
SecondPasswordOption = Annotated[
    Path | None,
    typer.Option(
        "--second-password-file",
        help="从文件读第二人口令，- 为标准输入 / read their password from a file, - for stdin",
    ),
]


def asked_second(account: str | None, file: Path | None) -> tuple[str, str] | None:
    """Return account and password of the second person, asked of them here; None where there is none."""
    if account is None:
        return None
    if file is None and sys.stdin.isatty():
        return account, str(typer.prompt(f"{account} 的口令 / password of {account}", hide_input=True))
    return account, password_from(file)


async def second_of_alert(
    backbone: Backbone, asked: tuple[str, str] | None, alert_id: str, *, beside: str
) -> Second | None:
    """Return the second person for a deed on an alert; raises RefusedError."""
    if asked is None:
        return None
    unit = (await AlertsFace(backbone).get(alert_id)).alert.place.unit
    return await second_of(backbone, asked, unit, beside=beside)


async def second_of(backbone: Backbone, asked: tuple[str, str] | None, unit: str, *, beside: str) -> Second | None:
    """Return the second person for a deed in a unit; raises RefusedError with the reason where they are none."""
    if asked is None:
        return None
    user, password = asked
    request = checked(
        lambda: VouchRequest(user=user, password=password, right=Right.SHELVE_FIRE, beside=beside, unit=unit)
    )
    reply = await AccountsFace(backbone).vouch(request)
    if reply.second is not None:
        return reply.second
    if reply.outcome is Outcome.WRONG:
        raise RefusedError("第二人的账号或口令不正确 / wrong account or password of the second person")
    raise RefusedError(f"请 {ceil(reply.wait_s)} 秒后再试 / try again in {ceil(reply.wait_s)} s")

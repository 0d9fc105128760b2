"""``fengsui tokens``: tokens of programs; ``fengsui sessions``: browsers that are signed in; by the running service."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from alerts.accounts_face import AccountsFace, SessionView, TokenView
from backbone.credentials import write_private
from cli.accounts_asking import AreasOption, EverywhereOption, UnitsOption, asked, scope_of
from cli.accounts_tables import sessions_table, show, tokens_table
from cli.alerts_commands import ByOption, JsonOption, LangOption
from cli.asking import checked, the_one
from cli.check_command import Language
from cli.running_site import SiteOption, StateFolderOption
from domain.accounts import Right, UserRole

DAY_S = 86_400.0

app = typer.Typer(no_args_is_help=True)
sessions_app = typer.Typer(no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="编号或其开头 / the id, or how it begins")]


@app.callback()
def _tokens() -> None:
    """令牌 / Tokens: how programs use the HTTP API. A token is shown once, when it is made.

    For example: [bold]fengsui tokens create grafana --right read --everywhere --days 365 --out grafana.token[/]

    Exit codes: 0; 1 refused (the reason is written); 2 wrong usage; 3 the site does not answer.
    """


@sessions_app.callback()
def _sessions() -> None:
    """会话 / Sessions: browsers that are signed in, and ending one of them.

    For example: [bold]fengsui sessions list --user li[/]

    Exit codes: 0; 1 refused (the reason is written); 2 wrong usage; 3 the site does not answer.
    """


@app.command("list")
def list_tokens(
    *,
    revoked: Annotated[bool, typer.Option("--revoked", help="也列出已作废的 / revoked ones too")] = False,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """列出令牌 / List tokens."""
    found = [one for one in asked(site, state, lambda face: face.tokens()) if revoked or one.revoked_ns is None]
    show(found, tokens_table(found, lang), as_json=as_json)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="名称，记录中用它 / the name that records carry")],
    *,
    roles: Annotated[list[UserRole] | None, typer.Option("--role", help="角色的权限 / the rights of a role")] = None,
    rights: Annotated[list[Right] | None, typer.Option("--right", help="单项权限 / a single right")] = None,
    everywhere: EverywhereOption = False,
    units: UnitsOption = None,
    areas: AreasOption = None,
    days: Annotated[
        float | None, typer.Option(min=0.001, max=3660, help="有效天数 / good for so many days; else until revoked")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="写入文件（仅本人可读）/ write it to a file that only you can read")
    ] = None,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """新建令牌 / Make a token and show it, once."""

    async def work(face: AccountsFace) -> tuple[TokenView, str]:
        scope = checked(lambda: scope_of(units, areas, everywhere=everywhere))
        return await face.create_token(
            name=name,
            roles=tuple(roles or ()),
            rights=tuple(rights or ()),
            lasts_s=None if days is None else days * DAY_S,
            by=by or getpass.getuser(),
            **scope.model_dump(),
        )

    view, secret = asked(site, state, work)
    if out is not None:
        write_private(out, secret + "\n")
    if as_json:
        document = view.model_dump(mode="json") | ({} if out is not None else {"secret": secret})
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
        return
    show((view,), tokens_table((view,), lang), as_json=False)
    typer.echo(str(out) if out is not None else secret)


@app.command()
def revoke(
    token: IdArgument,
    *,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """作废令牌 / Revoke a token: it is good for nothing from now on."""

    async def work(face: AccountsFace) -> TokenView:
        known = [one.id for one in await face.tokens()]
        return await face.revoke_token(_whole_id(token, known), by=by or getpass.getuser())

    found = asked(site, state, work)
    show((found,), tokens_table((found,), lang), as_json=as_json)


@sessions_app.command("list")
def list_sessions(
    *,
    user: Annotated[str | None, typer.Option(help="只看一个账号 / of one account")] = None,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """列出会话 / List the browsers that are signed in."""
    found = asked(site, state, lambda face: face.sessions(user))
    show(found, sessions_table(found, lang), as_json=as_json)


@sessions_app.command("end")
def end_session(
    session: IdArgument,
    *,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """结束会话 / End a session at once: that browser has to sign in again."""

    async def work(face: AccountsFace) -> SessionView:
        known = {one.id: one for one in await face.sessions()}
        found = known[_whole_id(session, known)]
        await face.end_session(found.id, by=by or getpass.getuser())
        return found

    ended = asked(site, state, work)
    show((ended,), sessions_table((ended,), lang), as_json=as_json)


def _whole_id(beginning: str, known: Iterable[str]) -> str:
    return the_one(beginning, known, "个编号", f"ids begin with {beginning}")

"""``fengsui users``: accounts of people, through the running service. A password is never an argument."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from alerts.accounts_face import (
    AccountsFace,
    ScopeFields,
    UserAddRequest,
    UserChangeRequest,
    UserPasswordRequest,
    UserView,
)
from cli.accounts_asking import (
    AreasOption,
    EverywhereOption,
    PasswordFileOption,
    UnitsOption,
    asked,
    read_password,
    scope_of,
)
from cli.accounts_tables import rights_table, show, users_table
from cli.alerts_commands import ByOption, JsonOption, LangOption
from cli.asking import checked
from cli.check_command import Language
from cli.running_site import SiteOption, StateFolderOption
from domain.accounts import UserRole

app = typer.Typer(no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ACCOUNT", help="账号 / the account's id, used to sign in")]
RolesOption = Annotated[list[UserRole], typer.Option("--role", help="角色，可多次 / a role; may be repeated")]
KeepOption = Annotated[
    bool, typer.Option("--keep", help="首次登录不必更改口令 / the person need not change it at the next sign-in")
]


@app.callback()
def _users() -> None:
    """账号 / Accounts of people: who may sign in, with which roles, to which units.

    For example: [bold]fengsui users add li --name 李值班 --role operator --everywhere[/]

    Exit codes: 0; 1 refused (the reason is written); 2 wrong usage; 3 the site does not answer.
    """


@app.command("list")
def list_users(
    *,
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """列出账号 / List accounts."""
    found = asked(site, state, lambda face: face.users())
    show(found, users_table(found, lang), as_json=as_json)


@app.command()
def add(
    account: IdArgument,
    *,
    name: Annotated[str, typer.Option(help="姓名，记录中用它 / the name that records carry")],
    roles: RolesOption,
    name_en: Annotated[str, typer.Option(help="英文名 / the name in English")] = "",
    everywhere: EverywhereOption = False,
    units: UnitsOption = None,
    areas: AreasOption = None,
    person: Annotated[str | None, typer.Option(help="站点中的人员 / the person of the site that this is")] = None,
    password_file: PasswordFileOption = None,
    no_password: Annotated[
        bool, typer.Option("--no-password", help="暂不设口令 / no password yet: nobody can sign in")
    ] = False,
    keep: KeepOption = False,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """新建账号 / Make an account; its password is asked for (or read from --password-file or stdin)."""
    password = None if no_password else read_password(password_file)

    async def work(face: AccountsFace) -> UserView:
        scope = checked(lambda: scope_of(units, areas, everywhere=everywhere))
        request = checked(
            lambda: UserAddRequest(
                id=account,
                name=name,
                name_en=name_en,
                person=person,
                roles=tuple(roles),
                password=password,
                must_change=not keep,
                by=by or getpass.getuser(),
                **scope.model_dump(),
            )
        )
        return await face.add_user(request)

    _shown(asked(site, state, work), lang, as_json=as_json)


@app.command("set-password")
def set_password(
    account: IdArgument,
    *,
    password_file: PasswordFileOption = None,
    keep: KeepOption = False,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """设置口令 / Set a password; all sessions of the account end."""
    password = read_password(password_file)

    async def work(face: AccountsFace) -> UserView:
        request = checked(
            lambda: UserPasswordRequest(id=account, password=password, must_change=not keep, by=by or getpass.getuser())
        )
        return await face.set_password(request)

    _shown(asked(site, state, work), lang, as_json=as_json)


@app.command("roles")
def set_roles(
    account: IdArgument,
    roles: RolesOption,
    *,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """设置角色 / Give an account these roles instead of those it has; holds from its next request on."""

    async def work(face: AccountsFace) -> UserView:
        return await face.change_user(
            checked(lambda: UserChangeRequest(id=account, roles=tuple(roles), by=by or getpass.getuser()))
        )

    _shown(asked(site, state, work), lang, as_json=as_json)


@app.command("scope")
def set_scope(
    account: IdArgument,
    *,
    everywhere: EverywhereOption = False,
    units: UnitsOption = None,
    areas: AreasOption = None,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """设置范围 / Let an account see these units and areas instead of those it sees."""

    async def work(face: AccountsFace) -> UserView:
        scope: ScopeFields = checked(lambda: scope_of(units, areas, everywhere=everywhere))
        return await face.change_user(
            checked(lambda: UserChangeRequest(id=account, scope=scope, by=by or getpass.getuser()))
        )

    _shown(asked(site, state, work), lang, as_json=as_json)


@app.command()
def disable(
    account: IdArgument,
    *,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """停用账号 / Disable an account: its sessions end at once. Accounts are never deleted, records name them."""
    _switch(account, by, site, state, lang, as_json=as_json, disabled=True)


@app.command()
def enable(
    account: IdArgument,
    *,
    by: ByOption = "",
    site: SiteOption = None,
    state: StateFolderOption = None,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """启用账号 / Enable an account again."""
    _switch(account, by, site, state, lang, as_json=as_json, disabled=False)


@app.command("rights")
def show_rights(*, lang: LangOption = Language.ZH) -> None:
    """角色与权限 / Show which role has which right."""
    show((), rights_table(lang), as_json=False)


def _switch(
    account: str,
    by: str,
    site: SiteOption,
    state: StateFolderOption,
    language: Language,
    *,
    as_json: bool,
    disabled: bool,
) -> None:
    async def work(face: AccountsFace) -> UserView:
        return await face.change_user(
            checked(lambda: UserChangeRequest(id=account, disabled=disabled, by=by or getpass.getuser()))
        )

    _shown(asked(site, state, work), language, as_json=as_json)


def _shown(user: UserView, language: Language, *, as_json: bool) -> None:
    show((user,), users_table((user,), language), as_json=as_json)

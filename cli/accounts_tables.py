"""Accounts, tokens and sessions as tables on a terminal; times are those of the machine that shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from alerts.accounts_face import ScopeFields, SessionView, TokenView, UserView
from alerts.face import Model
from cli.alerts_tables import local, plain
from cli.check_command import Language
from domain.accounts import RIGHTS, Right, UserRole
from domain.glossary import label_of

_USERS = {
    Language.ZH: ("账号", "姓名", "角色", "范围", "状态", "会话", "人员"),
    Language.EN: ("account", "name", "roles", "scope", "state", "sessions", "person"),
}
_TOKENS = {
    Language.ZH: ("编号", "名称", "权限", "范围", "状态", "到期", "最近使用", "创建人"),
    Language.EN: ("id", "name", "may", "scope", "state", "expires", "last used", "made by"),
}
_SESSIONS = {
    Language.ZH: ("编号", "账号", "地址", "开始", "最近活动", "最迟结束", "浏览器"),
    Language.EN: ("id", "account", "address", "since", "last seen", "ends by", "browser"),
}
MOST_AGENT = 40


def users_table(users: Iterable[UserView], language: Language) -> Table:
    """Return accounts."""
    table = Table(*_USERS[language], box=box.SIMPLE)
    for user in users:
        table.add_row(
            plain(user.id),
            plain(user.name if language is Language.ZH else user.name_en),
            roles_text(user.roles, language),
            plain(scope_text(user, language)),
            _user_state(user, language),
            str(user.sessions),
            plain(user.person or ""),
        )
    return table


def tokens_table(tokens: Iterable[TokenView], language: Language) -> Table:
    """Return tokens."""
    table = Table(*_TOKENS[language], box=box.SIMPLE)
    for token in tokens:
        may = [*(label_of(role, language.value) for role in token.roles), *_rights(token.rights, language)]
        revoked = token.revoked_ns is not None
        state = ("已作废", "revoked") if revoked else ("可用", "in use")
        table.add_row(
            token.id,
            plain(token.name),
            ", ".join(may),
            plain(scope_text(token, language)),
            _word(state, language),
            local(token.expires_ns) if token.expires_ns is not None else "",
            local(token.last_used_ns) if token.last_used_ns is not None else "",
            plain(token.created_by),
        )
    return table


def sessions_table(sessions: Iterable[SessionView], language: Language) -> Table:
    """Return sessions."""
    table = Table(*_SESSIONS[language], box=box.SIMPLE)
    for one in sessions:
        table.add_row(
            one.id,
            plain(one.user),
            plain(one.address),
            local(one.created_ns),
            local(one.seen_ns),
            local(one.ends_ns),
            plain(one.agent[:MOST_AGENT]),
        )
    return table


def rights_table(language: Language) -> Table:
    """Return which role has which right."""
    table = Table("", *(label_of(role, language.value) for role in UserRole), box=box.SIMPLE)
    for right in Right:
        table.add_row(
            f"{label_of(right, language.value)} ({right.value})",
            *("✓" if right in RIGHTS[role] else "" for role in UserRole),
        )
    return table


def show(rows: Sequence[Model], table: Table, *, as_json: bool) -> None:
    """Write rows as JSON or as a table."""
    if as_json:
        typer.echo(json.dumps([row.model_dump(mode="json") for row in rows], ensure_ascii=False, indent=1))
        return
    Console().print(table)


def roles_text(roles: Iterable[UserRole], language: Language) -> str:
    """Write roles."""
    return ", ".join(label_of(role, language.value) for role in roles)


def scope_text(scope: ScopeFields, language: Language) -> str:
    """Write a scope."""
    if scope.everywhere:
        return _word(("全部", "everywhere"), language)
    areas = [_word((f"片区 {area}", f"area {area}"), language) for area in scope.areas]
    return ", ".join((*scope.units, *areas))


def _rights(rights: Iterable[Right], language: Language) -> list[str]:
    return [label_of(right, language.value) for right in rights]


def _user_state(user: UserView, language: Language) -> str:
    if user.disabled_ns is not None:
        return _word(("已停用", "disabled"), language)
    if not user.has_password:
        return _word(("无口令", "no password"), language)
    return _word(("须改口令", "must change password") if user.must_change else ("可用", "in use"), language)


def _word(words: tuple[str, str], language: Language) -> str:
    return words[0] if language is Language.ZH else words[1]

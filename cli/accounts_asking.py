"""What the commands for accounts share: asking the running service, reading a password, reading a scope."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from alerts.accounts_face import AccountsFace, ScopeFields
from cli import asking

T = TypeVar("T")

MOST_FILE = 4096

PasswordFileOption = Annotated[
    Path | None,
    typer.Option(
        "--password-file", help="从文件读口令，- 为标准输入 / read it from a file, - for stdin; else it is asked for"
    ),
]
EverywhereOption = Annotated[bool, typer.Option("--everywhere", help="全部单位 / every unit")]
UnitsOption = Annotated[list[str] | None, typer.Option("--unit", help="单位，可多次 / a unit; may be repeated")]
AreasOption = Annotated[list[str] | None, typer.Option("--area", help="片区，可多次 / an area; may be repeated")]


def asked(site: Path | None, state: Path | None, work: Callable[[AccountsFace], Awaitable[T]]) -> T:
    """Return what the accounts of the running site answer."""
    return asking.asked(site, state, "accounts", lambda backbone: work(AccountsFace(backbone)))


def scope_of(units: list[str] | None, areas: list[str] | None, *, everywhere: bool) -> ScopeFields:
    """Return the scope that options name."""
    return ScopeFields(everywhere=everywhere, units=tuple(units or ()), areas=tuple(areas or ()))


def read_password(file: Path | None) -> str:
    """Return a password from a file, from stdin, or from a person who types it twice; never from an argument."""
    if file is None and sys.stdin.isatty():
        return str(typer.prompt("口令 / password", hide_input=True, confirmation_prompt=True))
    return password_from(file)


def password_from(file: Path | None) -> str:
    """Return a password from a file, or from stdin."""
    if file is None or str(file) == "-":
        return sys.stdin.readline(MOST_FILE).rstrip("\r\n")
    try:
        with file.open(encoding="utf-8") as opened:
            return opened.readline(MOST_FILE).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} 读不出 / {file} can't be read: {error}") from error

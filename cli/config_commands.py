"""``fengsui config …``: new configuration for gateways that run: compare, apply, push, withdraw, see."""

from __future__ import annotations

import asyncio
import getpass
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from backbone.client import Backbone
from cli.alerts_commands import JsonOption, LangOption
from cli.check_command import Language, read_all, show_problems
from cli.config_service import ConfigFace
from cli.config_tables import change_table, problems_of, reason_of, status_table, word
from cli.gateway_configuration import bundle_of, load_folder
from cli.platform import with_process
from cli.problem_texts import in_language
from cli.session import Session, connect_service
from cli.state import state_for
from domain.errors import ConfigurationError, FengsuiError, LinkError, RefusedError
from domain.site import Registry
from gateway.reload.bundle import Bundle
from gateway.reload.configuration import Configuration

T = TypeVar("T")

ALL_RIGHT, REFUSED, AWAY, DIFFERS, ROLLED_BACK = 0, 1, 3, 4, 5

_EXIT = {
    "applied": ALL_RIGHT,
    "unchanged": ALL_RIGHT,
    "started": ALL_RIGHT,
    "refused": REFUSED,
    "rolled_back": ROLLED_BACK,
}
_WORST = (ROLLED_BACK, REFUSED, AWAY, DIFFERS, ALL_RIGHT)

SiteArgument = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="站点文件夹 / the site folder")]
GatewayOption = Annotated[
    str | None, typer.Option("--gateway", help="单位/网关，默认全部 / unit/gateway; all of the site by default")
]
StateOption = Annotated[Path | None, typer.Option("--state", help="站点数据文件夹 / the site's state folder")]
ByOption = Annotated[str, typer.Option("--by", help="操作人 / who does it; the login name by default")]

app = typer.Typer(no_args_is_help=True, help="网关配置：比较、生效、下发、撤回 / Configuration of running gateways.")


@app.command()
def diff(
    site: SiteArgument,
    gateway: GatewayOption = None,
    state: StateOption = None,
    *,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """比较文件夹与运行中的配置，不作改动 / Show what SITE would change of what runs; changes nothing.

    Exit codes: 0 nothing would change; 1 problems found; 3 a gateway does not answer; 4 something would change.
    """
    desk = _desk(site, gateway, state, lang, as_json=as_json)

    async def work(face: ConfigFace) -> dict[str, Any]:
        return {key: await face.diff(key, one.files) for key, one in desk.configurations.items()}

    answers = desk.ask(work)
    codes = [desk.show_diff(key, answer) for key, answer in answers.items()]
    if as_json:
        _print_json(answers)
    raise typer.Exit(_worst(codes))


@app.command()
def apply(
    site: SiteArgument,
    gateway: GatewayOption = None,
    state: StateOption = None,
    *,
    by: ByOption = "",
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """让运行中的网关采用其文件夹的配置 / Let running gateways take their folder: checks, compares, applies, watches.

    Exit codes: 0 applied, or nothing to change; 1 refused; 3 a gateway does not answer; 5 rolled back.
    """
    desk = _desk(site, gateway, state, lang, as_json=as_json)

    async def work(face: ConfigFace) -> dict[str, Any]:
        found = {}
        for key, one in desk.configurations.items():
            desk.show_diff(key, await face.diff(key, one.files))
            number = await face.apply(key, one.version, by or getpass.getuser())
            found[key] = await face.outcome(key, number)
        return found

    desk.finish(desk.ask(work))


@app.command()
def push(
    site: SiteArgument,
    gateway: GatewayOption = None,
    state: StateOption = None,
    *,
    by: ByOption = "",
    note: Annotated[str, typer.Option(help="说明 / a note that is kept with it")] = "",
    wait: Annotated[bool, typer.Option(help="等待结果 / wait for the outcome")] = True,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """由中心下发配置，优先于网关本地文件夹 / Give gateways a configuration that wins over their own folder.

    A gateway that is away takes it when it is back. Exit codes: 0 applied; 1 refused; 3 stored, but the gateway
    does not answer; 5 rolled back.
    """
    desk = _desk(site, gateway, state, lang, as_json=as_json)
    who = by or getpass.getuser()

    async def work(face: ConfigFace) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, one in desk.configurations.items():
            bundle = bundle_of(one, by=who, note=note, time_ns=time.time_ns())
            await desk.show_pushed(face, key, one)
            revision = await face.push(key, bundle)
            found[key] = await desk.waited(face.outcome_of_bundle(key, revision), key, revision, wait=wait)
        return found

    desk.finish(desk.ask(work))


@app.command()
def withdraw(
    gateway: Annotated[str, typer.Argument(metavar="UNIT/GATEWAY", help="单位/网关 / unit/gateway")],
    *,
    by: ByOption = "",
    wait: Annotated[bool, typer.Option(help="等待结果 / wait for the outcome")] = True,
    as_json: JsonOption = False,
    lang: LangOption = Language.ZH,
) -> None:
    """撤回中心下发的配置，恢复本地文件夹 / Take a pushed configuration back: the gateway goes by its own folder again.

    Exit codes: 0 done; 1 its own folder was refused (what ran runs on); 3 stored, but the gateway does not answer.
    """
    desk = _Desk({}, lang, as_json, connect_service)

    async def work(face: ConfigFace) -> dict[str, Any]:
        stored = await face.stored(gateway)
        if stored is None or stored.withdrawn:
            raise RefusedError(f"没有为它下发过配置 / nothing is pushed for {gateway}")
        before = await _number(face, gateway)
        withdrawn = Bundle(by=by or getpass.getuser(), time_ns=time.time_ns(), withdrawn=True)
        revision = await face.push(gateway, withdrawn)
        return {gateway: await desk.waited(face.outcome_of_withdrawal(gateway, before), gateway, revision, wait=wait)}

    desk.finish(desk.ask(work))


@app.command()
def status(*, as_json: JsonOption = False, lang: LangOption = Language.ZH) -> None:
    """各网关运行的配置版本、来源与最近结果 / Which version each gateway runs, from where, and what was last.

    Exit codes: 0 all run what they were given last; 1 one was refused; 5 one was rolled back; 3 one does not answer.
    """
    desk = _Desk({}, lang, as_json, connect_service)
    found = desk.ask(lambda face: face.told())
    if as_json:
        _print_json(found)
    else:
        Console().print(status_table(found, lang))
    raise typer.Exit(_worst([_code_of(told) for told in found.values()]))


@dataclass(frozen=True, slots=True)
class _Desk:
    """What a command works on and how it says what it finds."""

    configurations: Mapping[str, Configuration]
    lang: Language
    as_json: bool
    connect: Callable[[], Awaitable[Backbone]]

    def ask(self, work: Callable[[ConfigFace], Awaitable[T]]) -> T:
        """Run ``work`` over a connection; an error becomes a sentence and an exit code."""

        async def main() -> T:
            async with await self.connect() as backbone:
                return await work(ConfigFace(backbone))

        try:
            return asyncio.run(main())
        except RefusedError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(REFUSED) from None
        except LinkError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(AWAY) from None
        except ConfigurationError as error:
            self.show_problems(error)
            raise typer.Exit(REFUSED) from None
        except (ValueError, FengsuiError) as error:
            raise typer.BadParameter(str(error)) from None

    def show_diff(self, key: str, answer: Mapping[str, Any]) -> int:
        """Show what would change; returns the exit code that says so."""
        problems = problems_of(answer.get("problems") or ())
        if problems:
            self.show_problems(ConfigurationError(problems))
            return REFUSED
        if self.as_json:
            return DIFFERS if answer.get("changes") else ALL_RIGHT
        if answer.get("changes"):
            Console().print(change_table(key, answer, self.lang))
            return DIFFERS
        typer.echo(f"{key}: {word('unchanged', self.lang).plain} {answer.get('running')}")
        return ALL_RIGHT

    async def show_pushed(self, face: ConfigFace, key: str, one: Configuration) -> None:
        """Show what a bundle would change, where the gateway answers; raises RefusedError for one that it refuses."""
        try:
            answer = await face.diff(key, one.files)
        except LinkError:
            return  # it will check the bundle when it is back
        if self.show_diff(key, answer) == REFUSED:
            raise RefusedError(f"未下发 / not pushed: {key}")

    def show_problems(self, error: ConfigurationError) -> None:
        """Show problems as ``fengsui check`` does."""
        if not self.as_json:
            show_problems(Console(), [in_language(one, self.lang) for one in error.problems], self.lang, as_json=False)

    async def waited(
        self, outcome: Awaitable[Mapping[str, Any]], key: str, revision: int, *, wait: bool
    ) -> Mapping[str, Any] | None:
        """Wait for an outcome; None when nobody waits for it, or the gateway is away."""
        if not self.as_json:
            typer.echo(f"{key}: 已存为第 {revision} 版 / stored as revision {revision}")
        if not wait:
            asyncio.ensure_future(outcome).cancel()
            return {}
        try:
            return await outcome
        except LinkError as error:
            typer.echo(f"{error}; 恢复后自动采用 / it takes it when it is back", err=True)
            return None

    def finish(self, found: Mapping[str, Mapping[str, Any] | None]) -> None:
        """Show what became of it, and exit with the worst of it."""
        codes = []
        for key, told in found.items():
            last = (told or {}).get("last") or {}
            codes.append(AWAY if told is None else _EXIT.get(str(last.get("kind")), ALL_RIGHT))
            if last and not self.as_json:
                console = Console(soft_wrap=True)
                console.print(f"{key}:", word(str(last["kind"]), self.lang), str(last["version"]), markup=False)
                why = reason_of(last)
                if why:
                    console.print(why, markup=False, highlight=False)
        if self.as_json:
            _print_json(found)
        raise typer.Exit(_worst(codes))


def _desk(site: Path, gateway: str | None, state: Path | None, lang: Language, *, as_json: bool) -> _Desk:
    """Check SITE as ``fengsui check`` does, and read the configurations of its gateways."""
    registry, rules, problems = read_all(site)
    if registry is None or rules is None:
        show_problems(Console(), [in_language(one, lang) for one in problems], lang, as_json=as_json)
        raise typer.Exit(REFUSED)
    configurations = {key: load_folder(site, *_parts(key)) for key in _chosen(registry, gateway)}
    session = Session(site, registry, state_for(registry.site.site, state))
    return _Desk(configurations, lang, as_json, lambda: session.connect("config"))


def _chosen(registry: Registry, gateway: str | None) -> list[str]:
    known = with_process(registry)
    if gateway is not None and gateway not in known:
        raise typer.BadParameter(f"没有这个网关 / no such gateway: {gateway}; {', '.join(known)}")
    return known if gateway is None else [gateway]


def _parts(key: str) -> tuple[str, str]:
    unit, _, gateway = key.partition("/")
    return unit, gateway


def _code_of(told: Mapping[str, Any]) -> int:
    last = (told.get("config") or {}).get("last") or {}
    return AWAY if told.get("silent") else _EXIT.get(str(last.get("kind")), ALL_RIGHT)


async def _number(face: ConfigFace, key: str) -> int:
    try:
        return int((await face.status(key))["number"])
    except LinkError:
        return 0


def _worst(codes: list[int]) -> int:
    return next((code for code in _WORST if code in codes), ALL_RIGHT)


def _print_json(content: Any) -> None:
    typer.echo(json.dumps(content, ensure_ascii=False, indent=1))

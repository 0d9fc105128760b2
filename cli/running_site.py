"""A site that runs: its files, its state folder, and its backbone, as the installer's commands find them.

`fengsui up` and `fengsui demo` note in their state folder which site they run, so a command needs no more than the
name of a unit or of a device. Where processes are started one by one, ``--site`` says it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cli.session import Session
from cli.site_files import load_registry
from cli.state import DEFAULT_ROOT, SITE_NOTE, State, latest_state, state_for
from domain.errors import ConfigurationError, LinkError, RefusedError
from domain.site import Registry
from domain.wording import nearest

T = TypeVar("T")

REFUSED = 1
AWAY = 3
INTERRUPTED = 130
"""What a shell gives a command that Ctrl-C ended."""

SiteOption = Annotated[
    Path | None,
    typer.Option(
        "--site", exists=True, file_okay=False, help="站点文件夹，默认为正在运行的 / the site; the one that runs here"
    ),
]
StateFolderOption = Annotated[
    Path | None, typer.Option("--state", help="状态文件夹 / the state folder; that of the site that ran last here")
]


def find_session(site: Path | None, state: Path | None) -> Session:
    """Return the session of a named site, or of the one that ran last here.

    Raises LinkError when none is known, ConfigurationError with every problem of its files.
    """
    if site is not None:
        registry = load_registry(site)
        return Session(site, registry, _state_of(site, registry, state))
    folder = State(state) if state is not None else latest_state()
    noted = folder.noted_site() if folder is not None else None
    if folder is None or noted is None:
        raise LinkError("没有找到运行过的站点，请用 --site 指定 / no site has run here: name one with --site SITE")
    return Session(noted, load_registry(noted), folder)


def _state_of(site: Path, registry: Registry, chosen: Path | None) -> State:
    """Return the state folder of a site: the one chosen, its own, or one here that says that it ran this site."""
    own = state_for(registry.site.site, chosen)
    if chosen is not None or own.nats.exists():
        return own
    others = (State(note.parent) for note in sorted(DEFAULT_ROOT.glob(f"*/{SITE_NOTE}")))
    return next((one for one in others if one.noted_site() == site.resolve()), own)


def ask(work: Callable[[], Awaitable[T]]) -> T:
    """Run ``work``; what went wrong becomes a sentence and an exit code, not lines of a log."""
    logging.getLogger().addHandler(logging.NullHandler())

    async def main() -> T:
        return await work()

    try:
        return asyncio.run(main())
    except ConfigurationError as error:
        typer.echo(str(error), err=True)
    except RefusedError as error:
        typer.echo(str(error), err=True)
    except LinkError as error:
        typer.echo(f"站点没有应答 / the site does not answer: {error}", err=True)
        raise typer.Exit(AWAY) from None
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(REFUSED)


@dataclass(frozen=True, slots=True)
class Target:
    """What is looked at: devices (``unit/device``), in the order of the site."""

    title: str
    unit: str
    devices: tuple[str, ...]


def find_target(registry: Registry, name: str, language: str) -> Target:
    """Return the devices that ``name`` stands for: a unit, ``unit/device``, or a device id that only one unit has.

    Raises RefusedError with what it may have meant.
    """
    if name in registry.units:
        devices = tuple(key for key in registry.devices if key.partition("/")[0] == name)
        return Target(registry.units[name].labels.of(language), name, devices)
    found = [key for key in registry.devices if name in (key, key.partition("/")[2])]
    if len(found) == 1:
        device = registry.devices[found[0]]
        return Target(device.settings.labels.of(language), device.gateway.unit, (found[0],))
    if found:
        raise RefusedError(f"多个单位有设备 {name} / several units have it: {', '.join(found)}")
    mend = nearest(
        name, [*registry.units, *registry.devices, *(key.partition("/")[2] for key in registry.devices)][:2000]
    )
    raise RefusedError(f"没有单位或设备 {name} / no unit or device {name}: {mend[:300]}")

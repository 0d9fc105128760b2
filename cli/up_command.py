"""`fengsui up SITE`: run a whole site on this machine until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from cli.platform import Platform, console_port
from cli.running import EXIT_CONFIGURATION, run_process
from cli.session import open_session
from cli.site_follower import SiteFollower
from cli.store_url import STORE_VARIABLE, shown_store
from domain.errors import ConfigurationError
from gateway.observing.notify import Notifier


def up(
    site: Annotated[Path, typer.Argument(help="The site folder.")],
    state: Annotated[Path | None, typer.Option(help="Where it keeps its data; var/<site> by default.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the console; 8080, or a free one, by default.")] = None,
    store: Annotated[
        str | None,
        typer.Option(
            envvar=STORE_VARIABLE,
            show_envvar=True,
            help="Where readings are kept, instead of what site.yaml says: duckdb, "
            "influxdb://USER:PASSWORD@HOST:8086/DATABASE, influxdb2://HOST:8086/BUCKET?org=ORG, "
            "influxdb3://HOST:8181/DATABASE or victoria://HOST:8428; '+https' after the scheme for TLS. "
            "Everybody on the machine can read a command line: give the whole address in FENGSUI_STORE, or the "
            "token in FENGSUI_STORE_TOKEN or with ?token_file=PATH.",
        ),
    ] = None,
    *,
    watch: Annotated[bool, typer.Option(help="Take changes of SITE while it runs, once they pass the check.")] = True,
) -> None:
    """Start the backbone, the gateways, rules, alerts, the store and the console of SITE."""
    if store is not None:
        os.environ[STORE_VARIABLE] = store  # the processes that we start see it, a command line everybody would
    try:
        session = open_session(site, state)
    except ConfigurationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_CONFIGURATION) from error
    platform = Platform(session, console_port(port), follows=watch)
    follower = SiteFollower(platform)

    async def main(stop: asyncio.Event) -> None:
        out, notifier = Console(), Notifier()
        following: asyncio.Task[None] | None = None
        told: asyncio.Task[None] | None = None
        try:
            await platform.start_backbone()
            await platform.start_processes()
            following = asyncio.create_task(follower.run(), name="follow-site") if watch else None
            secrets = session.state.folder("secrets")
            out.print(f"[bold]console[/]   {platform.console_url}")
            for name in session.state.first_passwords():
                out.print(f"[bold]account[/]   {name.value}   (first password: {secrets / f'{name.value}.password'})")
            if platform.server is not None:
                out.print(f"[bold]backbone[/]  {platform.server.url}, MQTT 3.1.1 on port {platform.server.mqtt_port}")
                out.print(f"[bold]users[/]     {platform.server.credentials_file}")
            out.print(f"[bold]store[/]     {escape(shown_store(session.registry.site.store))}")
            out.print(f"[bold]logs[/]      {session.state.folder('logs')}   Ctrl-C stops everything")
            told = asyncio.create_task(notifier.run(lambda: (), lambda: _status(platform)), name="notifier")
            await stop.wait()
        finally:
            notifier.stopping()
            out.print("stopping …")
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)
            await platform.stop()
            if told is not None:
                told.cancel()
            notifier.close()

    run_process("up", main)


def _status(platform: Platform) -> str:
    """Return one line for `systemctl status`."""
    children = platform.supervisor.children.values() if platform.supervisor is not None else ()
    running = sum(child.pid is not None for child in children)
    return f"{running} of {len(children)} processes run, console at {platform.console_url}"

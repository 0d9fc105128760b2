"""`fengsui up SITE`: run a whole site on this machine until Ctrl-C."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from cli.platform import Platform, console_port
from cli.running import run_process
from cli.session import open_session
from cli.site_follower import SiteFollower
from gateway.observing.notify import Notifier


def up(
    site: Annotated[Path, typer.Argument(help="The site folder.")],
    state: Annotated[Path | None, typer.Option(help="Where it keeps its data; var/<site> by default.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the console; 8080, or a free one, by default.")] = None,
    *,
    watch: Annotated[bool, typer.Option(help="Take changes of SITE while it runs, once they pass the check.")] = True,
) -> None:
    """Start the backbone, the gateways, rules, alerts, the store and the console of SITE."""
    session = open_session(site, state)
    platform = Platform(session, console_port(port))
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
            session.state.secret("operator.password")
            out.print(f"[bold]console[/]   {platform.console_url}   (password: {secrets / 'operator.password'})")
            if platform.server is not None:
                out.print(f"[bold]backbone[/]  {platform.server.url}, MQTT 3.1.1 on port {platform.server.mqtt_port}")
                out.print(f"[bold]users[/]     {platform.server.credentials_file}")
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

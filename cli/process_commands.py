"""One command for each process of a site; `fengsui up` starts them all, a cluster starts them apart."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from cli.platform import ANSWER_URL_VARIABLE, DEFAULT_CONSOLE_PORT
from cli.running import run_process
from cli.session import open_session
from cli.state import VAPID_KEY
from gateway.reload.reloader import WATCH_S

SiteOption = Annotated[Path, typer.Option("--site", help="The site folder (site.yaml, gateways/, profiles/, rules/).")]
StateOption = Annotated[
    Path | None, typer.Option("--state", help="Where this site keeps its data; var/<site> by default.")
]


def gateway(
    site: SiteOption,
    unit: Annotated[str, typer.Option(help="The unit (premises) whose gateway this is.")],
    gateway_id: Annotated[str, typer.Option("--gateway", help="The gateway's id, as in gateways/*.yaml.")],
    state: StateOption = None,
    link_nats: Annotated[str | None, typer.Option(help="Backbone URL, when it is not on this machine.")] = None,
    link_mqtt: Annotated[int | None, typer.Option(help="Port of the backbone's MQTT listener.")] = None,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Take changes of the site folder while it runs.")] = False,
    health_watch: Annotated[
        float,
        typer.Option(
            min=0.5,
            max=600,
            envvar="FENGSUI_HEALTH_WATCH",
            help="Seconds that changed lines are watched before a change is kept.",
        ),
    ] = WATCH_S,
) -> None:
    """Read the devices of one gateway and deliver what they say, spooling while the backbone is away.

    SIGHUP makes it read its configuration again; a wrong one is refused and told, and the old one runs on.
    """
    from cli.gateway_running import GatewayRun

    run = GatewayRun(site, state, unit, gateway_id, link_nats, link_mqtt)
    run_process(
        f"gateway-{gateway_id}", lambda stop: run.main(stop, watch=watch, watch_s=health_watch), hangup=run.changed
    )


def ingest(site: SiteOption, state: StateOption = None) -> None:
    """Write the telemetry log into the store (DuckDB or InfluxDB) and answer queries about it."""
    from ingest import process

    session = open_session(site, state)

    async def main(stop: asyncio.Event) -> None:
        async with await session.connect("ingest") as backbone:
            await backbone.ensure_streams()
            await process.run(session.registry, backbone, data_dir=session.state.folder("ingest"), stop=stop)

    run_process("ingest", main)


def rules_workers(site: Path, state: Path | None, workers: int, name: str) -> None:
    """Run several rules processes on this machine, which share the partitions; one that ends is started again."""
    from cli.supervisor import Child, Supervisor
    from rules.process import machine_name

    session = open_session(site, state)

    async def main(stop: asyncio.Event) -> None:
        supervisor = Supervisor(session.state.folder("logs"))
        for number in range(1, workers + 1):
            one = f"{name or machine_name()}-{number}"
            words = ["rules", "--site", str(site), "--state", str(session.state.root), "--name", one]
            await supervisor.start(Child(f"rules-{one}", words))
        await stop.wait()
        await supervisor.stop()

    run_process("rules", main)


def rules_worker(site: SiteOption, state: StateOption = None, name: str = "") -> None:
    """Evaluate the rules over the telemetry log and write transitions to ALARMS."""
    from cli.rule_files import bundle_reader, load_ruleset
    from cli.rules_helper import helper_command
    from rules import process

    session = open_session(site, state)

    async def main(stop: asyncio.Event) -> None:
        ruleset = load_ruleset(session.registry, site / "rules")
        async with await session.connect("rules") as backbone:
            await backbone.ensure_streams()
            await process.run(
                session.registry,
                backbone,
                ruleset,
                stop=stop,
                name=name,
                reader=bundle_reader(session.registry),
                helper=helper_command(site, session.state.root),
            )

    run_process("rules", main)


def alerts_service(site: SiteOption, state: StateOption = None) -> None:
    """Keep the record of alerts: life cycle, escalation, notifications, feed."""
    from alerts import process

    session = open_session(site, state)

    async def main(stop: asyncio.Event) -> None:
        async with await session.connect("alerts") as backbone:
            await backbone.ensure_streams()
            await process.run(
                session.registry,
                backbone,
                database_url=session.state.alerts_url,
                answer_base_url=answer_base_url(),
                signing_key=session.state.secret("answer.key").encode(),
                stop=stop,
                first_passwords=session.state.first_passwords(),
                vapid_key=session.state.secret(VAPID_KEY),
            )

    run_process("alerts", main)


def console(
    site: SiteOption,
    state: StateOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless you say otherwise.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8080,
    adopt: Annotated[  # noqa: FBT002  # a command-line flag
        bool, typer.Option("--adopt", help="Installers may adopt transmitters: written to SITE, which `up` follows.")
    ] = False,
    open_page: Annotated[bool, typer.Option("--open", help="No login: only for a demo on loopback.")] = False,  # noqa: FBT002  # a command-line flag
) -> None:
    """Serve the control-room page and the HTTP API."""
    from cli.walk_test_points import walked_of_site
    from dashboards.console.app import serve

    if open_page and host not in ("127.0.0.1", "localhost", "::1"):
        raise typer.BadParameter("--open is for loopback only: anybody could acknowledge a fire")
    session = open_session(site, state)
    adopter = None
    if adopt:
        from cli.adopting import SiteAdopter

        adopter = SiteAdopter(site)

    async def main(stop: asyncio.Event) -> None:
        await serve(
            session.registry,
            connect=lambda: session.connect("console"),
            host=host,
            port=port,
            secret=session.state.secret("session.key"),
            api_token=session.state.secret("api.token"),
            sign_in=not open_page,
            adopt=adopter,
            walked_points=lambda registry, test: walked_of_site(site, registry, test),
            stop=stop,
        )

    run_process("console", main)


def answer_base_url() -> str:
    """Return the address that people's phones reach: FENGSUI_ANSWER_URL, or a console on this machine."""
    return os.environ.get(ANSWER_URL_VARIABLE) or f"http://127.0.0.1:{DEFAULT_CONSOLE_PORT}"

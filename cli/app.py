"""The command ``fengsui``: every command is mounted here, none is implemented here."""

from __future__ import annotations

import typer

from cli import process_commands
from cli.alerts_actions_commands import assign, attach, extend, recheck, shelve, unshelve
from cli.alerts_commands import app as alerts_app
from cli.alerts_kpi_command import kpi
from cli.audit_command import app as audit_app
from cli.check_command import check
from cli.commission_command import commission
from cli.config_commands import app as config_app
from cli.dashboards_commands import app as dashboards_app
from cli.demo_command import demo
from cli.escalation_command import app as escalation_app
from cli.faults_commands import app as faults_app
from cli.feed_commands import app as feed_app
from cli.gateways_command import gateways
from cli.gb26875_commands import app as gb26875_app
from cli.handover_command import app as handover_app
from cli.influx_commands import app as influx_app
from cli.ingest_commands import app as ingest_app
from cli.maintenance_command import app as maintenance_app
from cli.modbus_commands import app as modbus_app
from cli.notify_commands import app as notify_app
from cli.out_of_service_command import app as out_of_service_app
from cli.points_commands import app as points_app
from cli.readings_command import readings
from cli.roll_call_command import roll_call
from cli.roster_command import app as roster_app
from cli.rules_commands import app as rules_app
from cli.simulate_commands import app as simulate_app
from cli.store_commands import app as store_app
from cli.support_command import support
from cli.tokens_command import app as tokens_app
from cli.tokens_command import sessions_app
from cli.unregistered_command import unregistered
from cli.up_command import up
from cli.users_command import app as users_app
from cli.walk_test_command import app as walk_test_app
from cli.watch_command import watch

app = typer.Typer(
    name="fengsui",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Fengsui (烽燧): from a fire panel's bytes to a person who answers.\n\n"
    "Start with [bold]fengsui demo[/]; check your own site with [bold]fengsui check SITE[/]; "
    "run it with [bold]fengsui up SITE[/].",
)

SITE, PROCESSES, PEOPLE, DESK = "Sites", "Single processes (up starts them all)", "People", "On the desk"
INSTALLERS = "On site (installers)"

app.command(rich_help_panel=SITE)(demo)
app.command(rich_help_panel=SITE)(up)
app.command(rich_help_panel=SITE)(check)
app.add_typer(config_app, name="config", rich_help_panel=SITE)
app.command(rich_help_panel=INSTALLERS)(watch)
app.add_typer(walk_test_app, name="walk-test", rich_help_panel=INSTALLERS)
app.command(rich_help_panel=INSTALLERS)(commission)
app.command(rich_help_panel=SITE)(support)
app.add_typer(store_app, name="store", rich_help_panel=SITE)
app.add_typer(influx_app, name="influx", rich_help_panel=SITE)
app.command(rich_help_panel=PEOPLE)(readings)
app.add_typer(simulate_app, name="simulate", rich_help_panel=DESK)
app.add_typer(faults_app, name="faults", rich_help_panel=DESK)
app.command(rich_help_panel=PROCESSES)(process_commands.gateway)
app.add_typer(ingest_app, name="ingest", rich_help_panel=PROCESSES)
app.command(rich_help_panel=PROCESSES)(process_commands.console)
app.add_typer(dashboards_app, name="dashboards", rich_help_panel=DESK)
app.add_typer(rules_app, name="rules", rich_help_panel=DESK)
app.add_typer(gb26875_app, name="gb26875", rich_help_panel=DESK)
app.add_typer(modbus_app, name="modbus", rich_help_panel=DESK)
app.add_typer(points_app, name="points", rich_help_panel=DESK)
app.command(rich_help_panel=PEOPLE)(gateways)
app.command(rich_help_panel=DESK)(unregistered)
app.command("roll-call", rich_help_panel=PEOPLE)(roll_call)
for _action in (shelve, extend, unshelve, assign, attach, recheck):
    alerts_app.command()(_action)
alerts_app.command()(kpi)
app.add_typer(alerts_app, name="alerts", rich_help_panel=PEOPLE)
app.add_typer(feed_app, name="feed", rich_help_panel=PEOPLE)
app.add_typer(roster_app, name="roster", rich_help_panel=PEOPLE)
app.add_typer(handover_app, name="handover", rich_help_panel=PEOPLE)
app.add_typer(escalation_app, name="escalation", rich_help_panel=PEOPLE)
app.add_typer(notify_app, name="notify", rich_help_panel=PEOPLE)
app.add_typer(out_of_service_app, name="out-of-service", rich_help_panel=PEOPLE)
app.add_typer(users_app, name="users", rich_help_panel=PEOPLE)
app.add_typer(tokens_app, name="tokens", rich_help_panel=PEOPLE)
app.add_typer(sessions_app, name="sessions", rich_help_panel=PEOPLE)
app.add_typer(maintenance_app, name="maintenance", rich_help_panel=PEOPLE)
app.add_typer(audit_app, name="audit", rich_help_panel=PEOPLE)


def main() -> None:
    """Run the command line."""
    app()

"""``fengsui gb26875 …``: every command about transmitters after GB/T 26875.3-2011 is mounted here."""

from __future__ import annotations

import typer

from cli import gb26875_codec_commands, gb26875_listen_command, gb26875_site_commands

app = typer.Typer(
    no_args_is_help=True,
    help="GB/T 26875.3 传输装置：解码、监听、登记、校时 / Transmitters: decode, listen, adopt, read, set clocks.",
)

DESK, SITE = "在桌面上 / On the desk", "运行中的站点 / A running site"

app.command(rich_help_panel=DESK)(gb26875_codec_commands.decode)
app.command(rich_help_panel=DESK)(gb26875_codec_commands.encode)
app.command(rich_help_panel=DESK)(gb26875_listen_command.listen)
app.command(rich_help_panel=SITE)(gb26875_site_commands.transmitters)
app.command(rich_help_panel=SITE)(gb26875_site_commands.strangers)
app.command(rich_help_panel=SITE)(gb26875_site_commands.read)
app.command("set-clock", rich_help_panel=SITE)(gb26875_site_commands.set_clock)
app.command(rich_help_panel=SITE)(gb26875_site_commands.initialise)

"""The beginning of ``fengsui``: a gateway imports its own command only, everything else the whole command line.

A gateway may be a small box: simulators, rules and screens would cost it 12 MB that it never uses.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["gateway"]:
        _gateway()
        return
    from cli.app import main as everything  # noqa: PLC0415  # not before it is known that it is needed

    everything()


def _gateway() -> None:
    """Run ``fengsui gateway`` with the options and words that it has in the whole command line."""
    import typer  # noqa: PLC0415  # as above

    from cli.process_commands import gateway  # noqa: PLC0415  # as above

    app = typer.Typer(rich_markup_mode="rich", pretty_exceptions_enable=False)
    app.callback()(_nothing)
    app.command()(gateway)
    app()


def _nothing() -> None:
    """Make the command one of several, so that its name is expected before its options."""

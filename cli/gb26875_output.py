"""What the commands for transmitters write besides their tables."""

from __future__ import annotations

import json
from typing import Any

import typer

from cli.gb26875_service import Answers


def print_json(content: Any) -> None:
    """Write JSON for a pipe, without rich's wrapping."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=1))


def say_silent(answers: Answers) -> None:
    """Tell on standard error which gateways did not answer, so that a list is not taken for the whole."""
    for gateway in answers.silent:
        typer.echo(f"网关无应答，列表不全 / a gateway does not answer, the list is not complete: {gateway}", err=True)

"""A line for each frame while listening: time, direction, peer, who to whom, what it says; or a JSON object."""

from __future__ import annotations

import asyncio
import json

import typer
from rich.console import Console
from rich.text import Text

from cli.check_command import Language
from cli.gb26875_heard import Heard, Record, local_now
from cli.gb26875_view import frame_line
from domain.clock import NS_PER_MS
from gateway.connectors.gb26875.protocol import Received
from gateway.connectors.gb26875.wire_json import frame_document

IN, OUT = "←", "→"
"""Directions as the centre sees them: in from a transmitter, out to it."""


class Screen:
    """Takes what is heard into ``record`` and shows it. ``enough`` is set once ``most`` good frames came in."""

    def __init__(
        self, record: Record, language: Language, *, as_hex: bool, as_json: bool, most: int | None = None
    ) -> None:
        """With ``as_json`` standard output holds nothing but JSON; everything else goes to standard error."""
        self.record = record
        self.language = language
        self.console = Console(stderr=as_json)
        self.enough = asyncio.Event()
        self._as_hex = as_hex
        self._as_json = as_json
        self._most = most

    def tell(self, heard: Heard) -> None:
        """Record it and show it."""
        if self.enough.is_set():
            return
        self.record.take(heard)
        if self._as_json:
            self._write_json(heard)
        else:
            self._write_line(heard)
        if self._most is not None and self.record.frames >= self._most:
            self.enough.set()

    def _write_line(self, heard: Heard) -> None:
        moment = local_now(heard.time_ns)
        clock = f"{moment:%H:%M:%S}.{heard.time_ns // NS_PER_MS % 1000:03d}"
        head = Text(f"{clock} {OUT if heard.out else IN} {heard.peer}  ", style="dim")
        line = frame_line(heard.event, self.record.profiles.of_event(heard.event), self.language)
        self.console.print(head.append_text(line), soft_wrap=True, highlight=False)
        if self._as_hex:
            self.console.print(Text(f"    {heard.event.raw.hex(' ')}", style="dim"), soft_wrap=True)

    def _write_json(self, heard: Heard) -> None:
        document = {
            "received_ns": heard.time_ns,
            "direction": "out" if heard.out else "in",
            "peer": heard.peer,
            **frame_document(heard.event, self.record.profiles.of_event(heard.event)),
        }
        if self._as_hex and isinstance(heard.event, Received):
            document["hex"] = heard.event.raw.hex()
        typer.echo(json.dumps(document, ensure_ascii=False))

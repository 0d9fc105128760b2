"""Frames of GB/T 26875.3 in words, for people who look at a line: the sender, the command, what the objects say.

A device's own way of writing times is not looked up here: what is told is what the standard's profile reads.
"""

from __future__ import annotations

from gateway.connectors.gb26875.explain import explain
from gateway.connectors.gb26875.field_words import Said, name_words
from gateway.connectors.gb26875.profile import address_text
from gateway.connectors.gb26875.profiles import STANDARD
from gateway.connectors.gb26875.protocol import Decoder, Received, Rejected
from gateway.connectors.gb26875.tables import command_name

MOST_FRAMES, MOST_FIELDS = 4, 12
_DATA_AT, _TAIL = 27, 3
"""Where the application data begin, and how long what follows them is: rows that only say that a frame is right."""


def frame_words(raw: bytes) -> tuple[str, str]:
    """Return what bytes of a line say; never raises."""
    decoder = Decoder()
    events = decoder.feed(raw)
    half = decoder.drop_half() if decoder.pending else None
    told = [_told(event) for event in (*events, *([half] if half else []))][:MOST_FRAMES]
    return "；".join(one.zh for one in told), "; ".join(one.en for one in told)


def _told(event: Received | Rejected) -> Said:
    frame = event.frame
    rows = explain(event, STANDARD)
    if frame is None:
        return rows[0].value
    command = name_words(frame.command, command_name)
    source = address_text(frame.source, STANDARD)
    fields = [row for row in rows if _DATA_AT <= row.offset < len(event.raw) - _TAIL][:MOST_FIELDS]
    parts = [Said(f"{one.name.zh} {one.value.zh}", f"{one.name.en} {one.value.en}") for one in fields]
    head = Said(f"{source} {command.zh} 流水号 {frame.sequence}", f"{source} {command.en} no. {frame.sequence}")
    return Said(" · ".join([head.zh, *(part.zh for part in parts)]), " · ".join([head.en, *(p.en for p in parts)]))

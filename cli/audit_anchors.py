"""Anchors of the audit chain: every message of the feed carries the number and the hash of its audit entry."""

from __future__ import annotations

import json

from backbone.client import Backbone

SUBJECTS = ("alert.>",)


async def read_anchors(backbone: Backbone, stream: str) -> dict[int, str]:
    """Return hash by entry number, of all messages that the stream holds now; raises LinkError."""
    found: dict[int, str] = {}
    end = await backbone.last_seq(stream, SUBJECTS[0])
    if end == 0:
        return found
    async for batch in backbone.reader(stream, subjects=SUBJECTS):
        for message in batch:
            anchor = anchor_of(message.data)
            if anchor is not None:
                found[anchor[0]] = anchor[1]
        if batch[-1].seq >= end:
            break
    return found


def anchor_of(message: bytes) -> tuple[int, str] | None:
    """Return number and hash of a message; None for anything that is none of ours."""
    try:
        event = json.loads(message)
        number, digest = str(event["auditnumber"]), event["audithash"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    good = number.isascii() and number.isdigit() and len(number) <= 18 and isinstance(digest, str) and len(digest) == 64
    return (int(number), digest) if good else None

"""Leases: who owns a thing, by compare-and-set on a KV key, with an epoch that only rises.

The holder renews; a taker waits until the value has not changed for the time to live *on the
taker's own clock*, so clocks need not agree. A holder that was asleep finds its next renewal
refused, and its fenced writes refused as well.

A write whose answer was lost (an election, a link that went away) may stand there all the same: a renewal that
is refused looks who stands there, and time in which the keys could not be read is nobody's silence.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from backbone.client import Backbone
from backbone.errors import FencedError
from backbone.messages import KvEntry
from backbone.subjects import LEASE_BUCKET

DEFAULT_TTL_S = 2.0
"""A dead holder is noticed after this and one look more; renewed three times in it."""
LOOKS = 5
"""How often whoever waits for leases looks at them in the time to live."""
ANSWER_S = 1.0
"""How long a write may take. In an election of a cluster nobody answers, and the holder asks again."""


class Lease:
    """Held by one owner at a time."""

    def __init__(self, backbone: Backbone, key: str, owner: str, revision: int, epoch: int) -> None:
        """Use `acquire` or `take`."""
        self._backbone = backbone
        self._key = key
        self._owner = owner
        self._revision = revision
        self.epoch = epoch

    @classmethod
    async def acquire(cls, backbone: Backbone, key: str, owner: str, ttl_s: float = DEFAULT_TTL_S) -> Self | None:
        """Take the lease when it is free, ours from before, or not renewed for ``ttl_s``; else None.

        Waiting for the time to live happens inside, so a call lasts up to ``ttl_s``.
        """
        entry = await backbone.kv_get(LEASE_BUCKET, key)
        if entry is not None and holder(entry) not in ("", owner):
            await asyncio.sleep(ttl_s)
            later = await backbone.kv_get(LEASE_BUCKET, key)
            if later is None or later.revision != entry.revision:
                return None
        return await cls.take(backbone, key, owner, entry)

    @classmethod
    async def take(cls, backbone: Backbone, key: str, owner: str, entry: KvEntry | None) -> Self | None:
        """Write ourselves in the place of ``entry``, whoever it names; None when it is not what stands there."""
        epoch = 1 if entry is None else int(json.loads(entry.value)["epoch"]) + 1
        revision = 0 if entry is None else entry.revision
        try:
            written = await backbone.kv_update(LEASE_BUCKET, key, _value(owner, epoch), revision, timeout_s=ANSWER_S)
        except FencedError:
            return None
        return cls(backbone, key, owner, written, epoch)

    async def renew(self) -> bool:
        """Show a sign of life; False means that the lease is lost for good. Raises LinkError when nobody can tell."""
        try:
            self._revision = await self._put(self._owner)
        except FencedError:
            return await self._stands()
        return True

    async def release(self) -> None:
        """Give it up, so that the next owner need not wait."""
        try:
            self._revision = await self._put("")
        except FencedError:
            if await self._stands():  # our last renewal, whose answer was lost
                self._revision = await self._put("")

    async def _stands(self) -> bool:
        """Tell whether what stands there is our own write, and go on from it."""
        entry = await self._backbone.kv_get(LEASE_BUCKET, self._key)
        if entry is None or entry.value != _value(self._owner, self.epoch):
            return False
        self._revision = entry.revision
        return True

    async def _put(self, owner: str) -> int:
        value = _value(owner, self.epoch)
        return await self._backbone.kv_update(LEASE_BUCKET, self._key, value, self._revision, timeout_s=ANSWER_S)


@dataclass(slots=True)
class _Seen:
    revision: int
    since_s: float


class LeaseWatch:
    """Which leases are held, as one process sees it: those that changed within the time to live on its own clock."""

    def __init__(self, backbone: Backbone, ttl_s: float = DEFAULT_TTL_S) -> None:
        """Know nothing yet: everything that is there counts as alive when it is first seen."""
        self._backbone, self._ttl_s = backbone, ttl_s
        self._seen: dict[str, _Seen] = {}
        self._looked_s: float | None = None
        self.entries: Mapping[str, KvEntry] = {}

    @property
    def pause_s(self) -> float:
        """How long to wait from look to look: a dead owner is noticed after the time to live and one look."""
        return self._ttl_s / LOOKS

    async def look(self) -> None:
        """Read all leases; raises LinkError. To be called every `pause_s`: what is longer is nobody's silence."""
        entries = await self._backbone.kv_entries(LEASE_BUCKET)
        before_s, self._looked_s = self._looked_s, asyncio.get_running_loop().time()
        if before_s is not None:
            blind_s = max(0.0, self._looked_s - before_s - 2 * self.pause_s)  # an election, or a sleep of our own
            for known in self._seen.values():
                known.since_s += blind_s
        for key, entry in entries.items():
            seen = self._seen.get(key)
            if seen is None or seen.revision != entry.revision:
                self._seen[key] = _Seen(entry.revision, self._looked_s)
        self.entries = entries

    def holder(self, key: str) -> str:
        """Return who holds a lease now, "" when nobody does."""
        entry, seen = self.entries.get(key), self._seen.get(key)
        if entry is None or seen is None or self._looked_s is None:
            return ""
        return holder(entry) if self._looked_s - seen.since_s < self._ttl_s else ""

    def named(self, key: str) -> str:
        """Return whom a lease's entry names, whether that one still lives or not; "" for nobody."""
        entry = self.entries.get(key)
        return "" if entry is None else holder(entry)

    def held(self, prefix: str) -> dict[str, str]:
        """Return the holders of all leases that are held, by what follows ``prefix`` in their keys."""
        keys = [key for key in self.entries if key.startswith(prefix)]
        return {key.removeprefix(prefix): self.holder(key) for key in sorted(keys) if self.holder(key)}


def holder(entry: KvEntry) -> str:
    """Return who a lease's entry names, "" for nobody."""
    found = json.loads(entry.value)
    return str(found.get("owner", "")) if isinstance(found, dict) else ""


def _value(owner: str, epoch: int) -> bytes:
    return json.dumps({"owner": owner, "epoch": epoch}).encode()

"""Leases: who owns a partition, by compare-and-set on a KV key, with an epoch that only rises.

The holder renews; a taker waits until the value has not changed for the time to live *on the
taker's own clock*, so clocks need not agree. A holder that was asleep finds its next renewal
refused, and its fenced writes refused as well.
"""

from __future__ import annotations

import asyncio
import json
from typing import Self

from backbone.client import Backbone
from backbone.errors import FencedError
from backbone.subjects import LEASE_BUCKET

DEFAULT_TTL_S = 3.0


class Lease:
    """Held by one owner at a time."""

    def __init__(self, backbone: Backbone, key: str, owner: str, revision: int, epoch: int) -> None:
        """Use `acquire`."""
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
        if entry is None:
            return await cls._write(backbone, key, owner, 0, 1)
        held = json.loads(entry.value)
        if held["owner"] not in ("", owner):
            await asyncio.sleep(ttl_s)
            later = await backbone.kv_get(LEASE_BUCKET, key)
            if later is None or later.revision != entry.revision:
                return None
        return await cls._write(backbone, key, owner, entry.revision, held["epoch"] + 1)

    async def renew(self) -> bool:
        """Show a sign of life; False means that the lease is lost for good."""
        try:
            self._revision = await self._put(self._owner)
        except FencedError:
            return False
        return True

    async def release(self) -> None:
        """Give it up, so that the next owner need not wait."""
        try:
            self._revision = await self._put("")
        except FencedError:
            return  # somebody has it already

    async def _put(self, owner: str) -> int:
        value = json.dumps({"owner": owner, "epoch": self.epoch}).encode()
        return await self._backbone.kv_update(LEASE_BUCKET, self._key, value, self._revision)

    @classmethod
    async def _write(cls, backbone: Backbone, key: str, owner: str, revision: int, epoch: int) -> Self | None:
        value = json.dumps({"owner": owner, "epoch": epoch}).encode()
        try:
            written = await backbone.kv_update(LEASE_BUCKET, key, value, revision)
        except FencedError:
            return None
        return cls(backbone, key, owner, written, epoch)

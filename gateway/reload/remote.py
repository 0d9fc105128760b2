"""Follows the centre's bundle of this gateway, as long as the backbone can be reached.

A gateway may read its own key and no other: the newest entry by a direct get of that one subject, and its changes
by a subscription to the same. What changed while the link was away is found by looking now and then.
"""

from __future__ import annotations

import asyncio
import logging

from backbone.client import Backbone
from backbone.subjects import CONFIG_BUCKET, configuration_key, kv_subject
from domain.cancellation import heed_cancellation
from domain.errors import LinkError, RefusedError
from gateway.reload.bundle import Bundle, BundleError
from gateway.reload.reloader import Reloader

log = logging.getLogger(__name__)

LOOK_EVERY_S = 10.0


class Follower:
    """Brings what the centre says to the reloader; `run` until cancelled."""

    def __init__(self, reloader: Reloader, unit: str, gateway: str) -> None:
        """Begin with the bundle that is in force already."""
        self._reloader = reloader
        self._key = configuration_key(unit, gateway)
        self._seen = reloader.bundle.revision if reloader.bundle is not None else 0
        self._wake = asyncio.Event()

    async def run(self, backbone: Backbone) -> None:
        """Look at once, at every change, and now and then."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen(backbone), name="config-listen")
            group.create_task(self._follow(backbone), name="config-follow")

    async def _listen(self, backbone: Backbone) -> None:
        async for _ in await backbone.subscribe(kv_subject(CONFIG_BUCKET, self._key)):
            self._wake.set()

    async def _follow(self, backbone: Backbone) -> None:
        while True:
            self._wake.clear()
            if backbone.connected:
                try:
                    await self._look(backbone)
                except (LinkError, RefusedError) as error:
                    log.debug("no word from the centre: %s", error)
            heed_cancellation()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _look(self, backbone: Backbone) -> None:
        """Take the newest entry, if it is not the one that was taken last."""
        entry = await backbone.kv_newest(CONFIG_BUCKET, self._key)
        if entry is None or entry.revision == self._seen:
            return  # a bucket that was lost is no withdrawal
        self._seen = entry.revision
        try:
            bundle = Bundle.decode(entry.value, entry.revision)
        except BundleError as error:
            await self._reloader.refuse_bundle(error, entry.revision)
            return
        if bundle.withdrawn and self._reloader.bundle is None:
            return
        await self._reloader.take_bundle(bundle)

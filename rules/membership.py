"""Which rules processes there are: each holds the lease of its own name, and sees the others' leases.

A name is that of the machine, or what the command line says, so that a process that starts again is the same one
on every chart; where it is taken, a number is added.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets

from backbone.client import Backbone
from backbone.lease import Lease, LeaseWatch
from domain.errors import LinkError, RefusedError

log = logging.getLogger(__name__)

RETRY_S = 0.25
MEMBER = "rules-member-"
PARTITION = "rules-"


class Membership:
    """This process among its like. ``name`` is its own, unique while it lives."""

    def __init__(self, backbone: Backbone, wanted: str, ttl_s: float) -> None:
        """Become a member with `join`."""
        self._backbone, self._wanted, self._ttl_s = backbone, wanted, ttl_s
        self._token = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._lease: Lease | None = None
        self.name = wanted
        self.watch = LeaseWatch(backbone, ttl_s)

    async def join(self) -> None:
        """Take the wanted name, or the first with a number that nobody has; raises LinkError."""
        number = 1
        while self._lease is None:
            self.name = self._wanted if number == 1 else f"{self._wanted}-{number}"
            self._lease = await Lease.acquire(self._backbone, f"{MEMBER}{self.name}", self._token, self._ttl_s)
            number += 1
        log.info("this rules process is %s", self.name)

    async def run(self) -> None:
        """Show that we live, for ever; a link that is away is tried again."""
        while True:
            pause_s = self._ttl_s / 3
            try:
                if self._lease is None:
                    await self.join()
                elif not await self._lease.renew():
                    log.warning("somebody else is %s now: we slept", self.name)
                    self._lease = None
                    continue
            except (LinkError, RefusedError) as error:
                log.debug("no sign of life: %s", error)
                pause_s = RETRY_S
            await asyncio.sleep(pause_s)

    async def leave(self) -> None:
        """Tell that we are gone; whoever can't be told finds out."""
        if self._lease is not None:
            try:
                await self._lease.release()
            except (LinkError, RefusedError) as error:
                log.debug("left without a word: %s", error)

    @property
    def members(self) -> list[str]:
        """The names of all that live, as last seen, ours among them.

        Whoever let a partition's lease run out is not alive enough to get another one.
        """
        suspects = {self.watch.named(key) for key in self.watch.entries if not self.watch.holder(key)}
        return sorted({self.name, *(self.watch.held(MEMBER).keys() - suspects)})

    @property
    def speaks(self) -> bool:
        """Tell whether this is the process that tells of all of them: the first by name."""
        return self.members[0] == self.name

    def holders(self, partitions: int) -> dict[int, str]:
        """Return who holds which partition, as last seen; the others are free."""
        found = {number: self.watch.holder(f"{PARTITION}{number}") for number in range(partitions)}
        return {number: holder for number, holder in found.items() if holder}

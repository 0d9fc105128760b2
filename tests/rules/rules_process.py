"""A rules process of its own, to be killed: ``python rules_process.py URL USER PASSWORD PARTITIONS``."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backbone.client import Backbone
from backbone.credentials import Credentials
from rules import process
from tests.rules.rules_scene import registry, ruleset


async def main() -> None:
    """Run until SIGTERM."""
    url, user, password, partitions = sys.argv[1:]
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with await Backbone.connect(
        url, credentials=Credentials(user, password), name="rules", partitions=int(partitions)
    ) as backbone:
        await process.run(registry(), backbone, ruleset(), stop=stop, lease_ttl_s=1)


if __name__ == "__main__":
    asyncio.run(main())

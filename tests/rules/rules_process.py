"""A rules process of its own, to be killed.

``python rules_process.py LOG NAME URL USER PASSWORD PARTITIONS REPLICAS [HELPER …]``

It forks: see `tests.system.zygote`. LOG "-" runs it at once instead.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from backbone.client import Backbone
from backbone.credentials import Credentials
from rules import process
from tests.rules.rules_scene import registry, ruleset
from tests.system.zygote import serve

TTL_S = 0.5
"""A quarter of what it is in life: so that hundreds of kills take minutes."""


async def main(arguments: Sequence[str]) -> None:
    """Run until SIGTERM."""
    name, url, user, password, partitions, replicas, *helper = arguments
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with await Backbone.connect(
        url,
        credentials=Credentials(user, password),
        name=name,
        partitions=int(partitions),
        replicas=int(replicas),
    ) as backbone:
        await process.run(registry(), backbone, ruleset(), stop=stop, lease_ttl_s=TTL_S, name=name, helper=helper)


def run(arguments: Sequence[str]) -> None:
    """Run one life of the process."""
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(main(arguments))


if __name__ == "__main__":
    if sys.argv[1] == "-":
        run(sys.argv[2:])
    else:
        registry(), ruleset()
        serve(sys.argv[1], lambda: run(sys.argv[2:]))

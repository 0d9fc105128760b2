"""The ingest process by itself, to be killed: ``ingest_child.py URL USER PASSWORD FOLDER``."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from backbone import durable
from backbone.client import Backbone
from backbone.credentials import Credentials
from ingest import process
from tests.ingest.ingest_site import site

durable.ACK_WAIT_S = 2.0  # so that the test needn't wait half a minute for what a killed process had in hand


async def main(url: str, user: str, password: str, folder: str) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with await Backbone.connect(url, credentials=Credentials(user, password), name="ingest") as backbone:
        await process.run(site(), backbone, data_dir=Path(folder), stop=stop)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

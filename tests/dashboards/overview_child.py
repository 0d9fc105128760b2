"""The console as its own process over a site folder, or over made units; see `tests.dashboards.console_child`."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

from backbone.client import Backbone
from backbone.credentials import Credentials
from cli.site_files import load_registry
from dashboards.console.app import serve


async def main(settings: dict[str, Any]) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def connect() -> Backbone:
        credentials = Credentials(settings["user"], settings["password"])
        return await Backbone.connect(settings["url"], credentials=credentials, name="console", timeout_s=2)

    await serve(
        load_registry(Path(settings["site"])),
        connect=connect,
        host="127.0.0.1",
        port=settings["port"],
        secret="a secret of the test",  # noqa: S106  # of a loopback server
        api_token=settings["api_token"],
        sign_in=settings["sign_in"],
        stop=stop,
        on_ready=lambda address: print(address, flush=True),  # noqa: T201  # the parent reads it
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    asyncio.run(main(json.loads(sys.argv[1])))

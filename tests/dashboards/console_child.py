"""The console as its own process, as in production; settings come as one JSON argument, the address goes to stdout.

NiceGUI keeps its application in a module, so every test that starts a console needs a process for it.
"""

from __future__ import annotations

import asyncio
import importlib
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
from domain.site import Registry
from tests.dashboards import loop_watch
from tests.dashboards.district import district
from tests.dashboards.premises import premises


def registry_of(settings: dict[str, Any]) -> Registry:
    """Return the site of a folder, what the module that ``premises`` names makes, a district, or the hotel."""
    if "site" in settings:
        return load_registry(Path(settings["site"]))
    if "premises" in settings:
        made = importlib.import_module(settings["premises"]).registry_of(settings)
        assert isinstance(made, Registry)
        return made
    if settings.get("transmitters"):
        return district(settings["transmitters"], settings.get("each", 4), is_placed=settings.get("is_placed", False))
    return premises()


async def main(settings: dict[str, Any]) -> None:
    if settings.get("watched"):
        loop_watch.watch()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def connect() -> Backbone:
        credentials = Credentials(settings["user"], settings["password"])
        return await Backbone.connect(settings["url"], credentials=credentials, name="console", timeout_s=2)

    await serve(
        registry_of(settings),
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

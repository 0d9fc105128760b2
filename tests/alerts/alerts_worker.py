"""The alerts process as a child of a test, so that it can be killed: ``alerts_worker.py LOG SETTINGS``.

It forks: see `tests.system.zygote`. LOG "-" runs it at once instead.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from alerts.outbox import RetryPolicy
from alerts.process import run
from backbone.client import Backbone
from backbone.credentials import Credentials
from tests.alerts.alerts_scene import SIGNING_KEY, hotel
from tests.system.zygote import serve


async def main(settings: dict[str, Any]) -> None:
    """Run until killed."""
    credentials = Credentials(settings["user"], settings["password"])
    async with await Backbone.connect(settings["url"], credentials=credentials, name="alerts") as backbone:
        await run(
            hotel(settings["channels"], settings["escalation"], operators=settings.get("operators", {})),
            backbone,
            database_url=settings["database_url"],
            answer_base_url="http://127.0.0.1:1",
            signing_key=SIGNING_KEY,
            stop=asyncio.Event(),
            retry=RetryPolicy(first_s=0.05, longest_s=0.2, attempts=100),
        )


def live(settings: str) -> None:
    """Run one life of the process."""
    asyncio.run(main(json.loads(settings)))


if __name__ == "__main__":
    if sys.argv[1] == "-":
        live(sys.argv[2])
    else:
        serve(sys.argv[1], lambda: live(sys.argv[2]))

"""Hazards from the feed as work items in a file: opened by an e-bike's alert, closed with proof (docs/feed.md).

``FENGSUI_BACKBONE_USER=service FENGSUI_BACKBONE_PASSWORD=… python examples/feed_consumer.py NATS_URL work.json``
"""  # noqa: INP001  # a program, no package

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from alerts.feed_face import Event, Feed
from backbone.client import Backbone
from backbone.credentials import Credentials


def take(items: dict[str, dict[str, Any]], event: Event, file: Path) -> None:
    """Write down what an event says; the same one twice changes nothing."""
    alert, time = event.data, event.message["time"]
    if not event.type.startswith("fengsui.alert.") or "ebike" not in alert["rule"]:
        return
    item = items.setdefault(alert["id"], {"state": "open", "opened": time, "place": alert["place"]})
    item |= {"text": alert["text_zh"], "level": alert["level"], "owner": alert["owner"]}
    if event.type == "fengsui.alert.closed":  # nobody closes it while the telemetry still says it
        proof = {"who": alert["acknowledged_by"], "when_ns": alert["acknowledged_at_ns"], "found": alert["confirmed"]}
        proof |= {"normal_since_ns": alert["cleared_at_ns"], "picture": alert["picture_url"]}
        item |= {"state": "closed", "closed": time, "proof": {**proof, "audit": event.message["audithash"]}}
    file.write_text(json.dumps(items, ensure_ascii=False), "utf-8")


async def main(url: str, file: Path, items: dict[str, dict[str, Any]]) -> None:
    """Follow the feed for ever; the server keeps our place in it."""
    user = Credentials(os.environ["FENGSUI_BACKBONE_USER"], os.environ["FENGSUI_BACKBONE_PASSWORD"])
    async with await Backbone.connect(url, credentials=user, name="example") as backbone:
        async for event in Feed(backbone).follow("hazard-example"):
            take(items, event, file)


if __name__ == "__main__":
    path = Path(sys.argv[2])
    asyncio.run(main(sys.argv[1], path, json.loads(path.read_text("utf-8")) if path.exists() else {}))

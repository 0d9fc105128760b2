"""Health of a container: what the console, and so the control room, knows of a process. ``health.py [KEY]``.

Without a key the console itself is asked. Keys are those of ``/readyz``: ``ingest.main``, ``rules.main``,
``alerts.main``, or a gateway's ``unit/gateway``. Exit code 0: fine.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request

VARIABLE, DEFAULT = "FENGSUI_CONSOLE", "http://127.0.0.1:8080"
TIMEOUT_S = 4.0


def condition(address: str, key: str) -> str:
    """Return what the console says of a process; ``fine`` is the only good word."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/readyz", timeout=TIMEOUT_S) as reply:
            found = json.load(reply)
    except urllib.error.HTTPError as error:
        found = json.load(error)  # 503 says that somebody is not well, and who
    return str(found["conditions"].get(key, "unknown"))


def alive(address: str) -> str:
    """Return ``fine`` when the console answers."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{address}/healthz", timeout=TIMEOUT_S) as reply:
        return "fine" if reply.status == 200 else "ill"


def main(arguments: list[str]) -> int:
    """Print the condition and return the exit code."""
    address = os.environ.get(VARIABLE, DEFAULT).rstrip("/")
    try:
        found = condition(address, arguments[0]) if arguments else alive(address)
    except (OSError, ValueError, KeyError, AttributeError) as error:
        found = f"the console does not answer: {error}"
    print(found)
    return 0 if found == "fine" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

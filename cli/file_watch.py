"""Notices that the files of a site folder changed, and waits until whoever writes them has done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

LOOK_S = 1.0
"""Files must look the same twice before they count as written: an editor saves in several steps."""

PARTS = ("gateways", "profiles")
RULES = "rules"
CALENDARS = "calendars"
FORMS = ("*.y*ml", "*.svg")

Signature = tuple[tuple[str, int, int], ...]


def signature(site: Path, parts: tuple[str, ...] = PARTS) -> Signature:
    """Return name, time and size of each file that the site consists of; without those that can't be looked at."""
    found = []
    paths = (path for part in parts for form in FORMS for path in sorted((site / part).glob(form)))
    for path in [site / "site.yaml", *paths]:
        try:
            told = path.stat()
        except OSError:
            continue
        found.append((str(path.relative_to(site)), told.st_mtime_ns, told.st_size))
    return tuple(found)


async def watch_folder(
    site: Path, changed: Callable[[], None], known: Signature, *, parts: tuple[str, ...] = PARTS
) -> None:
    """Call ``changed`` whenever the files are other ones than ``known``, and at rest; for ever."""
    last = known
    while True:
        await asyncio.sleep(LOOK_S)
        now = await asyncio.to_thread(signature, site, parts)
        if now == last != known:
            known = now
            changed()
        last = now

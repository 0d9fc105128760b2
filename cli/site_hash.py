"""One number for everything that people wrote about a site: a signed paper says by it which files it was made with."""

from __future__ import annotations

import hashlib
from pathlib import Path

PARTS = ("site.yaml", "gateways/*.yaml", "profiles/*.yaml", "calendars/*.yaml", "rules/*.yaml", "plans/*.svg")


def site_hash(site: Path) -> str:
    """Return SHA-256 (hex) over the site's files, its floor plans too: names and contents, in the order of their names.

    The text as it is written: ``${NAME}`` stays as it is, so no secret has a part in it, and a copy of the folder
    on another machine has the same hash.
    """
    digest = hashlib.sha256()
    for path in sorted(found for part in PARTS for found in site.glob(part)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(site).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()

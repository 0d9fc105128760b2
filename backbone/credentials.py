"""Credentials of the embedded server: made at first start, kept in one private file, never defaults."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

PASSWORD_BYTES = 24

SERVICE = "service"
"""Our own processes: may do everything in the account."""
VIEWER = "viewer"
"""Foreign Sparkplug hosts: may subscribe to telemetry and alerts, and ask a node for its births (NCMD)."""
SENSORS = "sensors"
"""Third-party MQTT devices that use the embedded listener as their broker."""
EDGES = "edges"
"""Sparkplug edges of other makers that do so, and the host that reads them: in an account of their own."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user of the backbone."""

    user: str
    password: str


def gateway_user(unit: str, gateway: str) -> str:
    """Return the user name of a gateway."""
    return f"gateway.{unit}.{gateway}"


def ensure_credentials(path: Path, users: Iterable[str]) -> Mapping[str, Credentials]:
    """Read the file at ``path``, add a password for each user that has none, and return all.

    The file is created readable by its owner only.
    """
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    missing = [user for user in users if user not in known]
    if missing:
        known |= {user: secrets.token_urlsafe(PASSWORD_BYTES) for user in missing}
        write_private(path, json.dumps(known, indent=1, sort_keys=True))
    return {user: Credentials(user, password) for user, password in known.items()}


def write_private(path: Path, text: str) -> None:
    """Replace a file at once with ``text``, mode 0600, so that a crash leaves the old or the new one."""
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)

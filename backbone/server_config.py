"""The text of ``nats.conf``: listeners on loopback, synced storage, one user per role.

A gateway's user may publish only below its own unit and name, and may subscribe only to its own
commands and its own inbox: a stolen gateway can lie about itself, not about others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbone.credentials import SENSORS, SERVICE, VIEWER, Credentials, gateway_user
from backbone.subjects import SPARKPLUG, STATUS_BUCKET

MOST_PAYLOAD = 1_048_576
"""Largest message, bytes: the server's default, repeated because limits should be visible."""

MOST_STORED = 64 * 2**30
"""Ceiling of all streams together, bytes. Streams reserve their limits against it when they are made,
so it is a plain number and not a share of today's free disk: a nearly full disk must not stop a start."""


@dataclass(frozen=True, slots=True)
class ServerPorts:
    """Loopback ports of the embedded server."""

    client: int
    mqtt: int


def inbox_prefix(user: str) -> str:
    """Return the inbox prefix of a user: replies to one user are never readable by another."""
    return f"_INBOX_{user.replace('.', '_')}"


def render_config(
    state_dir: Path, ports: ServerPorts, credentials: Mapping[str, Credentials], gateways: Sequence[tuple[str, str]]
) -> str:
    """Return the configuration; NATS reads JSON, which saves us quoting rules of our own."""
    users = [{"user": SERVICE, "password": credentials[SERVICE].password}]
    users += [
        _user(
            credentials[VIEWER], publish=[f"{SPARKPLUG}.*.NCMD.*"], subscribe=[SPARKPLUG, f"{SPARKPLUG}.>", "alert.>"]
        ),
        _user(credentials[SENSORS], publish=["sensors.>", "cameras.>"], subscribe=["sensors.>", "cameras.>"]),
    ]
    users += [_gateway(credentials[gateway_user(unit, gateway)], unit, gateway) for unit, gateway in gateways]
    config = {
        "server_name": "fengsui",
        "listen": f"127.0.0.1:{ports.client}",
        "max_payload": MOST_PAYLOAD,
        "jetstream": {
            "store_dir": str(state_dir / "jetstream"),
            "sync_interval": "always",
            "max_file_store": MOST_STORED,
        },
        "mqtt": {"listen": f"127.0.0.1:{ports.mqtt}", "ack_wait": "5s", "max_ack_pending": 1000},
        "authorization": {"users": users},
        "logtime_utc": True,
    }
    return json.dumps(config, indent=1)


def _user(credentials: Credentials, *, publish: list[str], subscribe: list[str]) -> Any:
    permissions = {"publish": {"allow": publish}, "subscribe": {"allow": subscribe}}
    return {"user": credentials.user, "password": credentials.password, "permissions": permissions}


def _gateway(credentials: Credentials, unit: str, gateway: str) -> Any:
    node = [f"{SPARKPLUG}.{unit}.{kind}.{gateway}" for kind in ("NBIRTH", "NDATA", "NDEATH")]
    device = [f"{SPARKPLUG}.{unit}.{kind}.{gateway}.*" for kind in ("DBIRTH", "DDATA", "DDEATH")]
    own = [f"backfill.{unit}.{gateway}.*", f"$KV.{STATUS_BUCKET}.gateway.{unit}.{gateway}"]
    commands = [f"{SPARKPLUG}.{unit}.NCMD.{gateway}", f"{SPARKPLUG}.{unit}.DCMD.{gateway}.*"]
    return _user(
        credentials, publish=[*node, *device, *own], subscribe=[*commands, f"{inbox_prefix(credentials.user)}.>"]
    )

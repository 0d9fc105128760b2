"""The text of ``nats.conf``: listeners on loopback, synced storage, one user per role.

A gateway's user may publish only below its own unit and name, and may subscribe only to its own
commands and its own inbox: a stolen gateway can lie about itself, not about others. One that hosts nodes
may publish as each of them; of more than 50, as any node of their units; of more than 50 units, as any node:
a permission list of ten thousand lines is no permission list, and every message would be held against it.

Sparkplug edges of other makers have an account of their own: their topics are those that our log stores, and what
they say is to be read by a gateway's connector first. The two accounts see nothing of each other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbone.credentials import EDGES, SENSORS, SERVICE, VIEWER, Credentials, gateway_user
from backbone.subjects import (
    CONFIG_BUCKET,
    DEVICE_TYPES,
    NODE_TYPES,
    SPARKPLUG,
    STATUS_BUCKET,
    backfill,
    configuration_key,
    gateway_service,
    kv_newest,
    kv_subject,
    telemetry,
)

MOST_PAYLOAD = 1_048_576
"""Largest message, bytes: the server's default, repeated because limits should be visible."""

MOST_NAMED = 50
"""Hosted nodes, or units, that a gateway's permissions list one by one."""

REPLY_TIME = "5m"
"""How long after a request a gateway may still answer it: a transmitter may need several tries."""

MOST_STORED = 64 * 2**30
"""Ceiling of all streams together, bytes. Streams reserve their limits against it when they are made,
so it is a plain number and not a share of today's free disk: a nearly full disk must not stop a start."""


ACCOUNT = "FENGSUI"
"""Whose streams ours are. Until a second account came, they stood in the server's nameless one, ``$G``."""

EDGES_ACCOUNT = "EDGES"
EDGES_FILE, EDGES_MEMORY = 2**30, 64 * 2**20
"""Bytes that sessions and retained messages of edges may take: they have no streams of their own."""


@dataclass(frozen=True, slots=True)
class ServerPorts:
    """Loopback ports of the embedded server."""

    client: int
    mqtt: int


def inbox_prefix(user: str) -> str:
    """Return the inbox prefix of a user: replies to one user are never readable by another."""
    return f"_INBOX_{user.replace('.', '_')}"


@dataclass(frozen=True, slots=True)
class GatewayUser:
    """A gateway as the server knows it; ``hosted`` are the (unit, node)s that it speaks for beside itself."""

    unit: str
    gateway: str
    hosted: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The user's name."""
        return gateway_user(self.unit, self.gateway)

    def nodes(self) -> list[tuple[str, str]]:
        """Return the (unit, node) patterns that it may publish as."""
        units = sorted({unit for unit, _ in self.hosted})
        if len(self.hosted) <= MOST_NAMED:
            return [(self.unit, self.gateway), *self.hosted]
        if len(units) <= MOST_NAMED:
            return [(self.unit, self.gateway), *((unit, "*") for unit in units)]
        return [("*", "*")]


_SPARKPLUG = [SPARKPLUG, f"{SPARKPLUG}.>"]


def render_config(
    state_dir: Path, ports: ServerPorts, credentials: Mapping[str, Credentials], gateways: Sequence[GatewayUser]
) -> str:
    """Return the configuration; NATS reads JSON, which saves us quoting rules of our own."""
    users = [{"user": SERVICE, "password": credentials[SERVICE].password}]
    users += [
        _user(
            credentials[VIEWER], publish=[f"{SPARKPLUG}.*.NCMD.*"], subscribe=[SPARKPLUG, f"{SPARKPLUG}.>", "alert.>"]
        ),
        _user(credentials[SENSORS], publish=["sensors.>", "cameras.>"], subscribe=["sensors.>", "cameras.>"]),
    ]
    users += [_gateway(credentials[one.name], one) for one in gateways]
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
        "accounts": {
            ACCOUNT: {"jetstream": "enabled", "users": users},
            EDGES_ACCOUNT: {
                "jetstream": {"max_file": EDGES_FILE, "max_mem": EDGES_MEMORY},
                "users": [_user(credentials[EDGES], publish=_SPARKPLUG, subscribe=_SPARKPLUG)],
            },
        },
        "logtime_utc": True,
    }
    return json.dumps(config, indent=1)


def _user(credentials: Credentials, *, publish: list[str], subscribe: list[str]) -> Any:
    permissions = {"publish": {"allow": publish}, "subscribe": {"allow": subscribe}}
    return {"user": credentials.user, "password": credentials.password, "permissions": permissions}


def _gateway(credentials: Credentials, user: GatewayUser) -> Any:
    configuration = configuration_key(user.unit, user.gateway)
    publish = [
        f"$KV.{STATUS_BUCKET}.gateway.{user.unit}.{user.gateway}",
        kv_newest(CONFIG_BUCKET, configuration),
    ]
    for unit, node in user.nodes():
        publish += [telemetry(unit, kind, node) for kind in NODE_TYPES]
        publish += [telemetry(unit, kind, node, "*") for kind in DEVICE_TYPES]
        publish.append(backfill(unit, node, "*"))
    asked = ("*", "*") if user.hosted else (user.unit, user.gateway)  # one subscription for all nodes' rebirths
    subscribe = [
        telemetry(asked[0], "NCMD", asked[1]),
        telemetry(user.unit, "DCMD", user.gateway, "*"),
        gateway_service(user.unit, user.gateway),
        kv_subject(CONFIG_BUCKET, configuration),
        f"{inbox_prefix(credentials.user)}.>",
    ]
    document = _user(credentials, publish=publish, subscribe=subscribe)
    document["permissions"]["allow_responses"] = {"max": 1, "expires": REPLY_TIME}
    return document

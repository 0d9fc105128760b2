"""Where an InfluxDB is written and asked: the only difference between its versions 1 and 2.

Both are asked in InfluxQL, which version 2 answers on ``/query`` once its bucket has a DBRP mapping
(`influx v1 dbrp create`).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Paths, parameters and credentials. ``create_database`` is the statement that makes a missing one."""

    base_url: str
    write_path: str
    write_parameters: dict[str, str]
    query_parameters: dict[str, str]
    authorization: str | None = field(default=None, repr=False)
    create_database: str | None = None


def version_1(url: str, database: str, token: str | None = None) -> Endpoint:
    """Return the endpoint of InfluxDB 1.

    ``token`` is ``user:password``, or a JWT, where the server asks for one.
    """
    authorization = None
    if token:
        basic = base64.b64encode(token.encode()).decode()
        authorization = f"Basic {basic}" if ":" in token else f"Bearer {token}"
    return Endpoint(
        base_url=url,
        write_path="/write",
        write_parameters={"db": database, "precision": "ns"},
        query_parameters={"db": database, "epoch": "ns"},
        authorization=authorization,
        create_database=f"CREATE DATABASE {quoted(database)}",
    )


def version_2(url: str, bucket: str, org: str, token: str | None = None) -> Endpoint:
    """Return the endpoint of InfluxDB 2, or of a server that speaks its write API."""
    return Endpoint(
        base_url=url,
        write_path="/api/v2/write",
        write_parameters={"org": org, "bucket": bucket, "precision": "ns"},
        query_parameters={"db": bucket, "epoch": "ns"},
        authorization=f"Token {token}" if token else None,
    )


def quoted(name: str) -> str:
    """Write an InfluxQL identifier."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def literal(text: str) -> str:
    """Write an InfluxQL string."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"

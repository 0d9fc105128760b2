"""Where line protocol is written and InfluxQL is asked: all that differs between the servers.

| server | writes | asks | says who we are |
|---|---|---|---|
| InfluxDB 1 | `/write` | `/query` | `Basic user:password`, or `Bearer` a JWT |
| InfluxDB 2 | `/api/v2/write` | `/query`, once its bucket has a DBRP mapping | `Token` |
| InfluxDB 3 | `/api/v3/write_lp` | `/query` | `Bearer` |
| VictoriaMetrics | `/api/v2/write` | no InfluxQL: it is read with its own language | `Basic` or `Bearer` |

What they answer to lines that they won't have is read in `ingest.influx_refusals`. VictoriaMetrics leaves such lines
out in silence, and keeps a reading that is written again as a second one unless it runs with
`-dedup.minScrapeInterval=1ms`.

Sources: InfluxDB 1.8, 2.7 and 3 Core API references; 1.6.7 and VictoriaMetrics as found by test.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from domain.site.models import StoreKind, StoreSettings


class Scheme(Enum):
    """How a token is said in the header ``Authorization``."""

    TOKEN = "Token"  # noqa: S105  # a word of the header
    BEARER = "Bearer"
    BASIC_OR_BEARER = "Basic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Paths, parameters and credentials. ``create_database`` is the statement that makes a missing one.

    ``token_file`` is read anew for each request, so that a token can be exchanged while we run.
    """

    base_url: str
    write_path: str
    write_parameters: dict[str, str]
    query_parameters: dict[str, str]
    scheme: Scheme = Scheme.BASIC_OR_BEARER
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    create_database: str | None = None

    def authorization(self) -> str | None:
        """Return the header's value; raises OSError when the file of the token can't be read."""
        token = self.token if self.token_file is None else self.token_file.read_text("utf-8").strip()
        if not token:
            return None
        if self.scheme is not Scheme.BASIC_OR_BEARER:
            return f"{self.scheme.value} {token}"
        basic = base64.b64encode(token.encode()).decode()
        return f"Basic {basic}" if ":" in token else f"Bearer {token}"


def version_1(url: str, database: str, token: str | None = None, token_file: Path | None = None) -> Endpoint:
    """Return the endpoint of InfluxDB 1.

    ``token`` is ``user:password``, or a JWT, where the server asks for one.
    """
    return Endpoint(
        base_url=url,
        write_path="/write",
        write_parameters={"db": database, "precision": "ns"},
        query_parameters={"db": database, "epoch": "ns"},
        token=token,
        token_file=token_file,
        create_database=f"CREATE DATABASE {quoted(database)}",
    )


def version_2(url: str, bucket: str, org: str, token: str | None = None, token_file: Path | None = None) -> Endpoint:
    """Return the endpoint of InfluxDB 2, or of a server that speaks its write API."""
    return Endpoint(
        base_url=url,
        write_path="/api/v2/write",
        write_parameters={"org": org, "bucket": bucket, "precision": "ns"},
        query_parameters={"db": bucket, "epoch": "ns"},
        scheme=Scheme.TOKEN,
        token=token,
        token_file=token_file,
    )


def version_3(url: str, database: str, token: str | None = None, token_file: Path | None = None) -> Endpoint:
    """Return the endpoint of InfluxDB 3; a write is answered when it is in the server's log on disk."""
    return Endpoint(
        base_url=url,
        write_path="/api/v3/write_lp",
        write_parameters={"db": database, "precision": "nanosecond", "accept_partial": "true", "no_sync": "false"},
        query_parameters={"db": database, "epoch": "ns"},
        scheme=Scheme.BEARER,
        token=token,
        token_file=token_file,
    )


def victoria_metrics(url: str, token: str | None = None, token_file: Path | None = None) -> Endpoint:
    """Return the endpoint of VictoriaMetrics, which has neither databases nor buckets."""
    return Endpoint(
        base_url=url,
        write_path="/api/v2/write",
        write_parameters={"precision": "ns"},
        query_parameters={},
        token=token,
        token_file=token_file,
    )


def endpoint_of(settings: StoreSettings) -> Endpoint:
    """Return the endpoint that ``site.yaml`` names; raises ValueError for a store that is no server."""
    url, token, file = settings.url, settings.token, settings.token_file
    if url is None or settings.kind is StoreKind.DUCKDB:
        msg = "a server store needs a url"
        raise ValueError(msg)
    if settings.kind is StoreKind.INFLUXDB1:
        return version_1(url, settings.database, token, file)
    if settings.kind is StoreKind.INFLUXDB2:
        return version_2(url, settings.database, settings.org, token, file)
    if settings.kind is StoreKind.INFLUXDB3:
        return version_3(url, settings.database, token, file)
    return victoria_metrics(url, token, file)


def quoted(name: str) -> str:
    """Write an InfluxQL identifier."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def literal(text: str) -> str:
    """Write an InfluxQL string."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"

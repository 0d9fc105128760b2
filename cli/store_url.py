"""Where readings are kept, named by an address instead of ``site.yaml``: ``fengsui up SITE --store ADDRESS``.

| address | |
|---|---|
| ``duckdb`` | the embedded file |
| ``influxdb://USER:PASSWORD@HOST:8086/DATABASE`` | InfluxDB 1 |
| ``influxdb2://HOST:8086/BUCKET?org=ORG`` | InfluxDB 2 |
| ``influxdb3://HOST:8181/DATABASE`` | InfluxDB 3 |
| ``victoria://HOST:8428`` | VictoriaMetrics (written only) |

``+https`` after the scheme asks for TLS. The token of InfluxDB 2 and 3 comes from the variable ``FENGSUI_STORE_TOKEN``,
from a file (``?token_file=PATH``), or stands before the ``@``. A command line is seen by everybody on the machine, a
variable by its user only: the whole address may stand in ``FENGSUI_STORE`` instead.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from domain.documents import Document
from domain.errors import ConfigurationError, Problem
from domain.site import StoreKind, StoreSettings

STORE_VARIABLE = "FENGSUI_STORE"
TOKEN_VARIABLE = "FENGSUI_STORE_TOKEN"  # noqa: S105  # the name of a variable, not a token

SCHEMES = {
    "influxdb": (StoreKind.INFLUXDB1, 8086),
    "influxdb2": (StoreKind.INFLUXDB2, 8086),
    "influxdb3": (StoreKind.INFLUXDB3, 8181),
    "victoria": (StoreKind.VICTORIA_METRICS, 8428),
}
"""Scheme -> store, and the port that its server listens on by default."""

_TLS = "+https"
_WORDS = frozenset({"org", "token_file", "connections", "compress"})
"""Settings of the store that an address may end with."""


def with_named_store(site: Document, environment: Mapping[str, str] = os.environ) -> Document:
    """Return ``site.yaml`` with the store that the environment names, unchanged without one.

    Raises ConfigurationError for an address that names none.
    """
    address = environment.get(STORE_VARIABLE)
    if not address or not isinstance(site.data, dict):
        return site
    store = store_of(address, environment.get(TOKEN_VARIABLE))
    written = site.data.get("store")
    if isinstance(written, dict) and "retention" in written:
        store["retention"] = written["retention"]  # how long is the site's affair, wherever the readings go
    return replace(site, data={**site.data, "store": store})


def store_of(address: str, token: str | None = None) -> dict[str, Any]:
    """Return an address as ``store`` of ``site.yaml``; raises ConfigurationError for what names no store."""
    if address in ("duckdb", "duckdb:", "duckdb://"):
        return {"kind": StoreKind.DUCKDB.value}
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _no_store() from None
    kind, usual_port = SCHEMES.get(parts.scheme.removesuffix(_TLS), (None, 0))
    words = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    if kind is None or not host or words.keys() - _WORDS:
        raise _no_store()
    scheme = "https" if parts.scheme.endswith(_TLS) else "http"
    shown = f"[{host}]" if ":" in host else host
    found: dict[str, Any] = {"kind": kind.value, "url": f"{scheme}://{shown}:{port or usual_port}"}
    found |= {name: _value(text) for name, text in words.items()}
    if database := unquote(parts.path.strip("/")):
        found["database"] = database
    if said := token or _said(parts.username, parts.password):
        found["token"] = said
    return found


def shown_store(settings: StoreSettings) -> str:
    """Return what a person may be told of a store: no secrets."""
    where = Path("ingest") / "readings.duckdb" if settings.url is None else f"{settings.url}/{settings.database}"
    return f"{settings.kind.value}, {where}"


def _value(text: str) -> str | int | bool:
    """Read a word of an address as YAML would."""
    return int(text) if text.isdecimal() else {"true": True, "false": False}.get(text, text)


def _said(user: str | None, password: str | None) -> str | None:
    """Return what stands before the ``@``: user and password, or a token alone."""
    if user is None:
        return None
    return unquote(user) if password is None else f"{unquote(user)}:{unquote(password)}"


def _no_store() -> ConfigurationError:
    """Say what is wrong without the address itself: it may hold a password."""
    mend = "write duckdb, or influxdb://, influxdb2://, influxdb3:// or victoria:// before HOST:PORT/DATABASE"
    return ConfigurationError(
        [Problem(file=STORE_VARIABLE, line=1, field="--store", value=None, message="not a store's address", mend=mend)]
    )

"""InfluxQL as panels ask it: targets, and the clauses that boards share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from grafana_foundation_sdk.cog import builder as cog
from grafana_foundation_sdk.cog import variants
from grafana_foundation_sdk.models import dashboard as models

SOURCE_UID = "fengsui-influxql"
SOURCE_TYPE = "influxdb"

IN_TIME = "$timeFilter"
PLACE = '"unit" =~ /^$unit$/ AND "building" =~ /^$building$/ AND "zone" =~ /^$zone$/'
HERE = f"{PLACE} AND {IN_TIME}"
DEVICE = f'{HERE} AND "device" =~ /^$device$/'
NOW = "time > now() - 1m"
"""For what stands now: six looks of ingest. What is older is unknown, not unchanged."""


def source() -> models.DataSourceRef:
    """Return the data source of every panel."""
    return models.DataSourceRef(type_val=SOURCE_TYPE, uid=SOURCE_UID)


@dataclass(frozen=True, slots=True)
class Query(variants.Dataquery, cog.Builder[variants.Dataquery]):
    """One statement. The SDK has no model of InfluxQL, so the JSON is ours, as Grafana's editor writes it."""

    query: str
    alias: str = ""
    is_table: bool = False
    ref: str = field(default="A")

    def build(self) -> variants.Dataquery:
        """Return itself."""
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the target."""
        named = {"alias": self.alias} if self.alias else {}
        return {
            "refId": self.ref,
            "datasource": {"type": SOURCE_TYPE, "uid": SOURCE_UID},
            "rawQuery": True,
            "query": self.query,
            "resultFormat": "table" if self.is_table else "time_series",
            **named,
        }


def series(query: str, alias: str = "") -> Query:
    """Return a target of curves; ``alias`` may say ``$tag_device``, ``$col``."""
    return Query(query, alias)


def table(query: str) -> Query:
    """Return a target of rows."""
    return Query(query, is_table=True)

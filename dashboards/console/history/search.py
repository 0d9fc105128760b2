"""What is searched for in the record: read from the address, asked of the service, written for the export. Pure.

The names are those of the API (`dashboards.api.alert_filters.AlertQuery`), so a search and its export can't differ.
Times stand in the address as a form writes them, ``YYYY-MM-DDTHH:MM`` in the site's zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from urllib.parse import urlencode

from pydantic import ValidationError

from dashboards.api.alert_filters import AlertQuery
from dashboards.console import moments
from domain.alarm import AlarmClass
from domain.clock import NS_PER_S

FIELDS = ("area", "unit", "building", "zone", "device", "rule", "level", "confirmed", "state", "person", "text")
"""Fields that are asked for as they stand in the address."""

TIMES = ("since", "until")
SEVERAL = ("rule", True)
"""A field and whether it has a comma: then it names several rules."""
MOST_FIELD = 130
MOST_RULES_WORDS = 600
"""Characters of several rules, with commas between them."""


@dataclass(frozen=True, slots=True)
class Search:
    """A search: fields by name as the address has them, less those that are empty; ``classes`` apart."""

    said: tuple[tuple[str, str], ...] = ()
    classes: tuple[AlarmClass, ...] = ()
    cursor: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Search:
        """Read an address's query; of a building written ``unit/building`` the unit is taken, too."""
        given = {name: query.get(name, "").strip()[:MOST_FIELD] for name in (*FIELDS, *TIMES)}
        given["rule"] = query.get("rule", "").strip()[:MOST_RULES_WORDS]
        unit, slash, building = given["building"].partition("/")
        if slash:
            given["unit"], given["building"] = unit, building
        named = query.get("class", "").split(",")
        return cls(
            said=tuple((name, value) for name, value in given.items() if value),
            classes=tuple(one for one in AlarmClass if one.value in named),
            cursor=query.get("cursor", "")[:MOST_FIELD],
        )

    @property
    def fields(self) -> dict[str, str]:
        """Return the fields by name."""
        return dict(self.said)

    def query(self, *, cursor: str = "") -> dict[str, str]:
        """Return what an address says of it, from the first page or from ``cursor`` on."""
        named = {"class": ",".join(self.classes)} if self.classes else {}
        return {**named, **self.fields, **({"cursor": cursor} if cursor else {})}

    def params(self, zone: tzinfo) -> list[tuple[str, str]]:
        """Return the parameters of the API, without the cursor; raises ValueError for a time that is none."""
        times = {name: _moment(value, zone) for name, value in self.said if name in TIMES}
        fields = [(name, times.get(name, value)) for name, value in self.said if (name, "," in value) != SEVERAL]
        several = [value.split(",") for name, value in self.said if (name, "," in value) == SEVERAL]
        fields += [("rules", rule) for rules in several for rule in rules if rule]
        return [*(("class", one.value) for one in self.classes), *fields]

    def asked(self, zone: tzinfo) -> AlertQuery:
        """Return it as the API understands it; raises ValueError, also for what it does not understand."""
        params = self.params(zone)
        fields = {name: value for name, value in params if name not in ("class", "rules")}
        rules = [value for name, value in params if name == "rules"]
        cursor = {"cursor": self.cursor} if self.cursor else {}
        try:
            return AlertQuery.model_validate({**fields, **cursor, "class": list(self.classes), "rules": rules})
        except ValidationError as error:
            field = str(error.errors()[0]["loc"][0])
            raise ValueError("rule" if field == "rules" else field) from error

    def export(self, kind: str, zone: tzinfo, most: int) -> str:
        """Return the address of the export as ``csv`` or ``xlsx``; raises ValueError as `params` does."""
        mark = [("bom", "true")] if kind == "csv" else []
        return f"/api/v1/alerts.{kind}?{urlencode([*self.params(zone), ('limit', str(most)), *mark])}"


def _moment(written: str, zone: tzinfo) -> str:
    """Return a local time with its offset; raises ValueError."""
    found = moments.read(written, zone)
    if found is None:
        raise ValueError("since")
    return datetime.fromtimestamp(found // NS_PER_S, zone).isoformat()

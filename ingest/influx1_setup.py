"""Set-up of InfluxDB 1: a database, a retention policy for readings and one for each tier, continuous queries.

The readings' policy is the database's default one, whatever its name. A continuous query runs once a step, and looks
back for late readings; what comes later than that is rolled up by the ingest process.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from domain.site.models import StoreSettings
from ingest.influx_endpoint import endpoint_of, quoted
from ingest.influx_http import InfluxHttp
from ingest.influx_rollups import duration, into_statement
from ingest.rollups import MINUTE_NS, Tier, tiers_of
from ingest.setup_report import Outcome, Part, Step, days_text
from ingest.store import StoreDeniedError

RAW = "raw"
"""The readings' policy in a database that we make."""
_SPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


class InfluxOneSetup:
    """One run over one database."""

    def __init__(self, settings: StoreSettings, *, dry_run: bool, shorten: bool) -> None:
        """Prepare; nothing is asked yet."""
        endpoint = endpoint_of(settings)
        self._http = InfluxHttp(replace(endpoint, query_parameters={"epoch": "ns"}, create_database=None))
        self._database = settings.database
        self._keep = settings.retention
        self._dry_run = dry_run
        self._shorten = shorten

    def run(self) -> list[Step]:
        """Do it; returns a step for each thing."""
        try:
            there = self._database in {str(row[0]) for row in self._rows("SHOW DATABASES")}
            steps = self._readings() if there else [self._create_database()]
            policies = self._policies() if there else {}
            for tier in tiers_of(self._keep):
                steps.append(self._policy(Part.ROLL_UP_STORE, tier.name, tier.keep_days, policies))
            queries = self._queries() if there else {}
            return steps + [self._query(tier, queries) for tier in tiers_of(self._keep)]
        except StoreDeniedError as error:
            if "admin privilege" in str(error) or "not authorized" in str(error):
                raise StoreDeniedError(
                    f"{error}; set-up needs an administrator's user:password as 'token', running needs less"
                ) from error
            raise
        finally:
            self._http.close()

    def _create_database(self) -> Step:
        self._do(
            f"CREATE DATABASE {quoted(self._database)} WITH DURATION {_days(self._keep.raw_days)} NAME {quoted(RAW)}"
        )
        detail = f"{RAW}: {days_text(self._keep.raw_days)}"
        return Step(Part.DATABASE, self._database, Outcome.CREATED, detail)

    def _readings(self) -> list[Step]:
        policies = self._policies()
        name = next(name for name, policy in policies.items() if policy["default"])
        return [
            Step(Part.DATABASE, self._database, Outcome.UNCHANGED),
            self._policy(Part.RETENTION, name, self._keep.raw_days, policies),
        ]

    def _policies(self) -> dict[str, dict[str, Any]]:
        (series,) = self._http.query([f"SHOW RETENTION POLICIES ON {quoted(self._database)}"])[0]
        rows = [dict(zip(series["columns"], row, strict=True)) for row in series["values"]]
        return {str(row["name"]): row for row in rows}

    def _policy(self, part: Part, name: str, days: int, policies: dict[str, dict[str, Any]]) -> Step:
        """Make sure of a policy and how long it keeps."""
        place, known = f"{quoted(name)} ON {quoted(self._database)}", policies.get(name)
        if known is None:
            self._do(f"CREATE RETENTION POLICY {place} DURATION {_days(days)} REPLICATION 1")
            return Step(part, name, Outcome.CREATED, days_text(days))
        now_s, wanted_s = seconds_of(str(known["duration"])), days * 86_400
        if now_s == wanted_s:
            return Step(part, name, Outcome.UNCHANGED, days_text(days))
        shrinks = wanted_s != 0 and (now_s == 0 or wanted_s < now_s)
        change = f"{days_text(now_s // 86_400)} → {days_text(days)}"
        if shrinks and not self._shorten:
            return Step(part, name, Outcome.UNDECIDED, change)
        self._do(f"ALTER RETENTION POLICY {place} DURATION {_days(days)}")
        return Step(part, name, Outcome.CHANGED, change)

    def _queries(self) -> dict[str, str]:
        answer = self._http.query(["SHOW CONTINUOUS QUERIES"])[0]
        return {
            str(name): str(text)
            for series in answer
            if series["name"] == self._database
            for name, text in series.get("values", [])
        }

    def _query(self, tier: Tier, known: dict[str, str]) -> Step:
        name = f"fengsui_{tier.name}"
        wanted = continuous_query(self._database, name, tier, self._keep.late_minutes)
        before = known.get(name)
        if before is not None and _plain(before) == _plain(wanted):
            return Step(Part.ROLL_UP, name, Outcome.UNCHANGED)
        if before is not None:
            self._do(f"DROP CONTINUOUS QUERY {quoted(name)} ON {quoted(self._database)}")
        self._do(wanted)
        return Step(Part.ROLL_UP, name, Outcome.CREATED if before is None else Outcome.CHANGED, wanted)

    def _rows(self, statement: str) -> list[list[Any]]:
        return [row for series in self._http.query([statement])[0] for row in series.get("values", [])]

    def _do(self, statement: str) -> None:
        if not self._dry_run:
            self._http.query([statement])


def continuous_query(database: str, name: str, tier: Tier, late_minutes: int) -> str:
    """Return the statement that keeps a tier up to date on the server."""
    back = max(late_minutes * MINUTE_NS, 2 * tier.step_ns) // MINUTE_NS
    head = f"CREATE CONTINUOUS QUERY {quoted(name)} ON {quoted(database)}"
    again = f"RESAMPLE EVERY {duration(tier.step_ns)} FOR {duration(back * MINUTE_NS)}"
    return f"{head} {again} BEGIN {into_statement(database, tier)} END"


def seconds_of(text: str) -> int:
    """Read a duration as 1.x writes it (``2160h0m0s``); 0 is for ever."""
    found = _SPAN.fullmatch(text)
    if found is None:
        return 0
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def _plain(statement: str) -> str:
    """Return a statement without what the server writes in its own way: quotes, blanks, the default policy's name."""
    plain = "".join(statement.replace('"', "").split())
    return re.sub(r"\.[^.]*\./\.\*/", "../.*/", plain).lower()


def _days(days: int) -> str:
    return f"{days}d" if days else "INF"

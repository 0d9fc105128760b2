"""Set-up of InfluxDB 3: a database for readings and one for each tier; it has no roll-ups of its own.

The tier's database is called ``<database>/<tier>``, which is what the server reads when an InfluxQL question names a
retention policy. The ingest process makes the roll-ups. The retention of a database that is there is not told by the
server's API, so it is left as it is.

Source: InfluxDB 3 Core API (``/api/v3/configure/database``).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx

from domain.site.models import StoreSettings
from ingest.influx_endpoint import endpoint_of
from ingest.influx_flux import bucket_of
from ingest.influx_http import problem_of
from ingest.rollups import tiers_of
from ingest.setup_report import Outcome, Part, Step, days_text
from ingest.store import StoreDownError

PATH = "/api/v3/configure/database"
TIMEOUT_S = 10.0


class InfluxThreeSetup:
    """One run over one server."""

    def __init__(self, settings: StoreSettings, *, dry_run: bool) -> None:
        """Prepare; nothing is asked yet."""
        token = endpoint_of(settings).authorization()
        headers = {"Authorization": token} if token else {}
        self._settings = settings
        self._dry_run = dry_run
        self._client = httpx.Client(base_url=settings.url or "", timeout=TIMEOUT_S, headers=headers, trust_env=False)

    def run(self) -> list[Step]:
        """Do it; returns a step for each thing."""
        settings, keep = self._settings, self._settings.retention
        with self._client:
            there = self._databases()
            steps = [self._database(Part.DATABASE, settings.database, keep.raw_days, there)]
            steps += [
                self._database(Part.ROLL_UP_STORE, bucket_of(settings, tier), tier.keep_days, there)
                for tier in tiers_of(keep)
            ]
        made = "made by the ingest process: this server has no tasks of its own"
        return steps + [Step(Part.ROLL_UP, tier.name, Outcome.UNCHANGED, made) for tier in tiers_of(keep)]

    def _databases(self) -> set[str]:
        answer = self._ask("GET", params={"format": "json"})
        try:
            return {str(one["iox::database"]) for one in answer.json()}
        except (ValueError, KeyError, TypeError) as error:
            raise StoreDownError(f"{self._settings.url} listed its databases as {answer.text[:200]!r}") from error

    def _database(self, part: Part, name: str, days: int, there: set[str]) -> Step:
        if name in there:
            return Step(part, name, Outcome.UNCHANGED, "its retention is left as it is")
        if not self._dry_run:
            body: dict[str, Any] = {"db": name}
            if days:
                body["retention_period"] = f"{days}d"
            self._ask("POST", json=body)
        return Step(part, name, Outcome.CREATED, days_text(days))

    def _ask(self, method: str, **more: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, PATH, **more)
        except httpx.HTTPError as error:
            raise StoreDownError(f"no answer from {self._settings.url}: {error or type(error).__name__}") from error
        if not answer.is_success and answer.status_code != HTTPStatus.CONFLICT:  # somebody made it meanwhile
            raise problem_of(answer)
        return answer

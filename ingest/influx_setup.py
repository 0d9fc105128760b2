"""Sets a store up: database or bucket, retention, roll-ups, the mapping for InfluxQL. Doing it again changes nothing.

A retention that grows is changed. One that shrinks deletes data, so it is changed only when somebody says so.
`wanting` is for the first start of a site: it sets up a database that is not there, and touches none that is.
"""

from __future__ import annotations

import httpx

from domain.site.models import StoreKind, StoreSettings
from ingest.influx1_setup import InfluxOneSetup
from ingest.influx3_setup import InfluxThreeSetup
from ingest.influx_endpoint import endpoint_of
from ingest.setup_report import Outcome, Part, Step
from ingest.store import StoreDeniedError, StoreDownError

PING_TIMEOUT_S = 10.0

_VICTORIA = (
    Step(Part.DATABASE, "victoria_metrics", Outcome.NOT_POSSIBLE, "has no databases: one server is one store"),
    Step(
        Part.RETENTION, "victoria_metrics", Outcome.NOT_POSSIBLE, "is the flag -retentionPeriod at the server's start"
    ),
    Step(Part.ROLL_UP, "victoria_metrics", Outcome.NOT_POSSIBLE, "down-sampling is a feature of its paid edition only"),
    Step(Part.MAPPING, "victoria_metrics", Outcome.NOT_POSSIBLE, "does not answer InfluxQL: our boards can't ask it"),
)


def set_up(settings: StoreSettings, *, dry_run: bool = False, shorten: bool = False) -> list[Step]:
    """Make sure of everything that a store needs; with ``dry_run`` only tell what would be done.

    Raises StoreDownError when the server does not answer, StoreDeniedError when it is another version, or refuses us.
    """
    if settings.kind is StoreKind.DUCKDB:
        return [
            Step(Part.DATABASE, "duckdb", Outcome.UNCHANGED, "the ingest process makes its file at the first start"),
            Step(Part.ROLL_UP, "duckdb", Outcome.UNCHANGED, "made by the ingest process"),
        ]
    if settings.kind is StoreKind.VICTORIA_METRICS:
        return list(_VICTORIA)
    check_version(settings)
    if settings.kind is StoreKind.INFLUXDB1:
        return InfluxOneSetup(settings, dry_run=dry_run, shorten=shorten).run()
    if settings.kind is StoreKind.INFLUXDB2:
        from ingest.influx2_setup import InfluxTwoSetup  # noqa: PLC0415  # its client takes long to import

        return InfluxTwoSetup(settings, dry_run=dry_run, shorten=shorten).run()
    return InfluxThreeSetup(settings, dry_run=dry_run).run()


def wanting(settings: StoreSettings) -> list[Step]:
    """Set a store up whose database is not there; return what was done, nothing for one that is there.

    Raises as `set_up` does.
    """
    if settings.kind in (StoreKind.DUCKDB, StoreKind.VICTORIA_METRICS):
        return []
    planned = set_up(settings, dry_run=True)
    missing = any(step.part is Part.DATABASE and step.outcome is Outcome.CREATED for step in planned)
    return set_up(settings) if missing else []


def check_version(settings: StoreSettings) -> None:
    """See that the server is what the site says; raises StoreDeniedError with the line to write instead."""
    try:
        with httpx.Client(base_url=settings.url or "", timeout=PING_TIMEOUT_S, trust_env=False) as client:
            answer = client.get("/ping", headers=_authorization(settings))
    except httpx.HTTPError as error:
        words = str(error) or type(error).__name__
        raise StoreDownError(f"no answer from {settings.url}: {words}") from error
    version = answer.headers.get("X-Influxdb-Version", "").removeprefix("v")
    known = {"1": StoreKind.INFLUXDB1, "2": StoreKind.INFLUXDB2, "3": StoreKind.INFLUXDB3}.get(version[:1])
    if known is not None and known is not settings.kind:
        raise StoreDeniedError(
            f"{settings.url} is InfluxDB {version}, the site says '{settings.kind}'; write 'kind: {known}' in 'store'"
        )
    if known is None and answer.is_success and version:
        raise StoreDeniedError(
            f"{settings.url} says that it is InfluxDB {version}, which nobody has tried with Fengsui"
        )


def _authorization(settings: StoreSettings) -> dict[str, str]:
    token = endpoint_of(settings).authorization()
    return {"Authorization": token} if token else {}

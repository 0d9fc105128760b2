"""Which roll-ups a site's store has: wires a store to what makes and reads them."""

from __future__ import annotations

from pathlib import Path

from domain.clock import Clock
from domain.site.models import StoreKind, StoreSettings
from ingest.duckdb_rollups import DuckDbRollUps
from ingest.duckdb_store import DuckDbStore
from ingest.influx_copies import roll_by_copy
from ingest.influx_endpoint import endpoint_of
from ingest.influx_flux import roll_by_flux
from ingest.influx_rollups import InfluxRollUps, roll_by_statement
from ingest.influx_store import InfluxStore
from ingest.rolled_store import RolledStore
from ingest.rollup_progress import Progress
from ingest.rollup_worker import RollUpWorker
from ingest.rollups import RollsUp, tiers_of
from ingest.store import Store


def rolls_of(store: Store, settings: StoreSettings) -> RollsUp | None:
    """Return the roll-ups of an open store; None when it has none."""
    if isinstance(store, DuckDbStore):
        return DuckDbRollUps(store)
    if not isinstance(store, InfluxStore):
        return None
    rolls = {
        StoreKind.INFLUXDB1: lambda: roll_by_statement(settings),
        StoreKind.INFLUXDB2: lambda: roll_by_flux(settings),
        StoreKind.INFLUXDB3: lambda: roll_by_copy(store, settings),
    }
    if settings.kind not in rolls:
        return None  # VictoriaMetrics: neither InfluxQL nor roll-ups
    return InfluxRollUps(store, endpoint_of(settings), rolls[settings.kind](), tiers_of(settings.retention))


def rolled(
    store: Store, settings: StoreSettings, folder: Path, clock: Clock
) -> tuple[Store, RollUpWorker | None, Progress | None]:
    """Return the store as it is to be written and asked, and what makes its roll-ups; None where it has none."""
    rolls = rolls_of(store, settings)
    if rolls is None:
        return store, None, None
    tiers, days = tiers_of(settings.retention), settings.retention.raw_days
    progress = Progress(folder, f"{settings.kind.value} {settings.url or ''} {settings.database}")
    worker = RollUpWorker(rolls, progress, tiers=tiers, raw_days=days, clock=clock)
    return RolledStore(store, rolls, progress, settings=settings, clock=clock), worker, progress

"""Set-up of InfluxDB 2 with its own client: buckets, tasks, and DBRP mappings so that it answers InfluxQL.

Sources: InfluxDB 2.7 API (``/api/v2/buckets``, ``/tasks``, ``/dbrps``), influxdb-client 1.
"""

from __future__ import annotations

from typing import Any

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.bucket import Bucket
from influxdb_client.domain.bucket_retention_rules import BucketRetentionRules
from influxdb_client.domain.dbrp_create import DBRPCreate
from influxdb_client.domain.task_create_request import TaskCreateRequest
from influxdb_client.domain.task_update_request import TaskUpdateRequest
from influxdb_client.rest import ApiException
from influxdb_client.service.dbr_ps_service import DBRPsService
from urllib3.exceptions import HTTPError

from domain.site.models import StoreSettings
from ingest.influx_endpoint import endpoint_of
from ingest.influx_flux import bucket_of, task_flux
from ingest.rollups import Tier, tiers_of
from ingest.setup_report import Outcome, Part, Step, days_text
from ingest.store import StoreDeniedError, StoreDownError

RAW = "raw"
TIMEOUT_MS = 10_000


class InfluxTwoSetup:
    """One run over one organisation."""

    def __init__(self, settings: StoreSettings, *, dry_run: bool, shorten: bool) -> None:
        """Prepare; nothing is asked yet."""
        self._settings = settings
        self._dry_run = dry_run
        self._shorten = shorten
        token = (endpoint_of(settings).authorization() or "").removeprefix("Token ")
        self._client = InfluxDBClient(settings.url, token, org=settings.org, timeout=TIMEOUT_MS, retries=False)
        self._org_id = ""

    def run(self) -> list[Step]:
        """Do it; returns a step for each thing."""
        try:
            with self._client:
                return self._steps()
        except ApiException as error:
            raise _problem(self._settings, error) from error
        except HTTPError as error:
            raise StoreDownError(f"no answer from {self._settings.url}: {error}") from error

    def _steps(self) -> list[Step]:
        settings, keep = self._settings, self._settings.retention
        self._org_id = self._organisation()
        tiers = tiers_of(keep)
        steps = self._bucket(Part.DATABASE, settings.database, keep.raw_days)
        for tier in tiers:
            steps += self._bucket(Part.ROLL_UP_STORE, bucket_of(settings, tier), tier.keep_days)
        steps += [self._task(tier) for tier in tiers]
        steps.append(self._mapping(RAW, settings.database, default=True))
        return steps + [self._mapping(tier.name, bucket_of(settings, tier), default=False) for tier in tiers]

    def _organisation(self) -> str:
        found = self._client.organizations_api().find_organizations(org=self._settings.org)
        if not found:
            raise StoreDeniedError(f"no organisation '{self._settings.org}' for this token; correct 'org' of 'store'")
        return str(found[0].id)

    def _find(self, name: str) -> Bucket | None:
        # the service, for the client's own search by name swallows a refusal
        return next(iter(self._client.buckets_api().find_buckets(name=name, org_id=self._org_id).buckets or []), None)

    def _bucket(self, part: Part, name: str, days: int) -> list[Step]:
        known, rule = self._find(name), BucketRetentionRules(type="expire", every_seconds=days * 86_400)
        if known is None:
            if not self._dry_run:
                self._client.buckets_api().create_bucket(bucket_name=name, retention_rules=rule, org=self._org_id)
            return [Step(part, name, Outcome.CREATED, days_text(days))]
        now_s = next((int(one.every_seconds or 0) for one in known.retention_rules or []), 0)
        wanted_s = days * 86_400
        if now_s == wanted_s:
            return [Step(part, name, Outcome.UNCHANGED, days_text(days))]
        change = f"{days_text(now_s // 86_400)} → {days_text(days)}"
        if wanted_s and (not now_s or wanted_s < now_s) and not self._shorten:
            return [Step(part, name, Outcome.UNDECIDED, change)]
        if not self._dry_run:
            known.retention_rules = [rule]
            self._client.buckets_api().update_bucket(known)
        return [Step(part, name, Outcome.CHANGED, change)]

    def _task(self, tier: Tier) -> Step:
        name = f"fengsui_{self._settings.database}_{tier.name}"
        flux = task_flux(self._settings, tier, name)
        api = self._client.tasks_api()
        known = next(iter(api.find_tasks(name=name)), None)
        if known is None:
            if not self._dry_run:
                api.create_task(task_create_request=TaskCreateRequest(org_id=self._org_id, flux=flux, status="active"))
            return Step(Part.ROLL_UP, name, Outcome.CREATED)
        if str(known.flux).split() == flux.split() and known.status == "active":
            return Step(Part.ROLL_UP, name, Outcome.UNCHANGED)
        if not self._dry_run:
            api.update_task_request(known.id, TaskUpdateRequest(flux=flux, status="active"))
        return Step(Part.ROLL_UP, name, Outcome.CHANGED)

    def _mapping(self, policy: str, bucket: str, *, default: bool) -> Step:
        """Map database and policy of an InfluxQL question to a bucket."""
        service, database = DBRPsService(self._client.api_client), self._settings.database
        shown = f"{database}.{policy} → {bucket}"
        found: list[Any] = service.get_dbr_ps(org_id=self._org_id, db=database, rp=policy).content or []
        target = self._find(bucket)
        target_id = str(target.id) if target is not None else ""
        real = [one for one in found if not one.virtual]
        if any(one.bucket_id == target_id for one in real):
            return Step(Part.MAPPING, shown, Outcome.UNCHANGED)
        if not self._dry_run:
            for one in real:
                service.delete_dbrpid(one.id, org_id=self._org_id)
            service.post_dbrp(
                DBRPCreate(
                    org_id=self._org_id,
                    bucket_id=target_id,
                    database=database,
                    retention_policy=policy,
                    default=default,
                )
            )
        return Step(Part.MAPPING, shown, Outcome.CHANGED if real else Outcome.CREATED)


def _problem(settings: StoreSettings, error: ApiException) -> StoreDownError | StoreDeniedError:
    """Return our error for a refusal of the server, with its words."""
    words = str(error.message or error.reason or "")[:300]
    reason = f"{settings.url} answered {error.status}: {words}"
    if error.status in (401, 403):
        return StoreDeniedError(
            f"{reason}; set-up needs a token that may read and write buckets, tasks and DBRP mappings"
        )
    if error.status in (429, 500, 502, 503, 504):
        return StoreDownError(reason)
    return StoreDeniedError(reason)

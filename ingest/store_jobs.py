"""Work on the embedded store that people ask for: the same work in the ingest process and beside a stopped one.

While ingest runs nobody else can open the file, so it does the work when asked over the backbone: `svc.store.begin`
answers with a number, `svc.store.job` tells how far that is. Files are made below the ingest process's own
``outbox`` folder and nowhere else; who asked moves them to where they belong.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from backbone.client import Backbone
from domain.errors import FengsuiError, RefusedError
from ingest.duckdb_backup import backup, shown
from ingest.duckdb_compaction import Progress, maintain
from ingest.duckdb_export import Selection, export
from ingest.duckdb_status import status
from ingest.duckdb_store import DuckDbStore

log = logging.getLogger(__name__)

BEGIN, JOB = "svc.store.begin", "svc.store.job"
OUTBOX = "outbox"
MOST_KEPT = 20
NOT_FOUND = 404


class Task(StrEnum):
    """Kinds of work."""

    STATUS = "status"
    VERIFY = "verify"
    COMPACT = "compact"
    BACKUP = "backup"
    EXPORT = "export"


class JobRequest(BaseModel):
    """What is to be done; ``selection`` is for an export."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Task
    selection: Selection = Selection()


def work(store: DuckDbStore, request: JobRequest, folder: Path, keep_days: int, progress: Progress) -> dict[str, Any]:
    """Do it (it blocks); files go to ``folder``, which must not exist. Raises RefusedError or StoreError."""
    match request.task:
        case Task.STATUS:
            return status(store)
        case Task.VERIFY:
            bad = store.verify()
            return {"damaged": [{"name": name, "rows": rows, "reason": reason} for name, rows, reason in bad]}
        case Task.COMPACT:
            done = maintain(store, time.time_ns(), keep_days, force=True, progress=progress)
            return {
                "days": done.days,
                "rows": done.rows,
                "dropped_days": done.dropped_days,
                "dropped_rows": done.dropped_rows,
            }
        case Task.BACKUP:
            return shown(backup(store, folder, progress))
        case Task.EXPORT:
            return export(store, folder, request.selection, progress)


@dataclass(slots=True)
class _Job:
    folder: Path
    done: int = 0
    total: int = 0
    result: dict[str, Any] | None = None
    error: str | None = None
    running: asyncio.Task[None] | None = field(default=None, repr=False)

    def progress(self, done: int, total: int) -> None:
        self.done, self.total = done, total


class StoreJobs:
    """Does work on the store in worker threads, one after the other."""

    def __init__(self, store: DuckDbStore, data_dir: Path, keep_days: int) -> None:
        """Files go below ``data_dir``/outbox."""
        self._store = store
        self._outbox = data_dir.absolute() / OUTBOX
        self._keep_days = keep_days
        self._numbers = itertools.count(time.time_ns())
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._one = asyncio.Lock()

    async def serve(self, backbone: Backbone) -> None:
        """Begin to answer."""
        await backbone.serve(BEGIN, self.begin)
        await backbone.serve(JOB, self.job)

    async def begin(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer ``svc.store.begin``: start, and return the number."""
        try:
            request = JobRequest.model_validate(body)
        except ValidationError as error:
            raise RefusedError(str(error.errors(include_url=False)[0]["msg"])) from error
        number = str(next(self._numbers))
        job = _Job(self._outbox / f"{request.task}-{number}")
        self._jobs[number] = job
        job.running = asyncio.create_task(self._run(job, request))
        for old in list(self._jobs)[:-MOST_KEPT]:
            if self._jobs[old].error is not None or self._jobs[old].result is not None:
                del self._jobs[old]
        return {"id": number}

    async def job(self, body: dict[str, Any]) -> dict[str, Any]:
        """Answer ``svc.store.job``: how far it is."""
        job = self._jobs.get(str(body.get("id")))
        if job is None:
            raise RefusedError("no such job: ingest was started again meanwhile", code=NOT_FOUND)
        return {
            "done": job.done,
            "total": job.total,
            "result": job.result,
            "error": job.error,
            "folder": str(job.folder) if job.folder.exists() else None,
        }

    async def _run(self, job: _Job, request: JobRequest) -> None:
        async with self._one:
            try:
                self._outbox.mkdir(mode=0o700, parents=True, exist_ok=True)
                job.result = await asyncio.to_thread(
                    work, self._store, request, job.folder, self._keep_days, job.progress
                )
            except (FengsuiError, OSError) as error:
                log.warning("%s failed: %s", request.task, error)
                job.error = str(error)
            except Exception as error:  # the asker must hear of a mistake of ours, and ingest goes on
                log.exception("%s failed", request.task)
                job.error = f"{type(error).__name__}: {error}"

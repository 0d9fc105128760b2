"""The way of a command to the embedded store: the file itself when ingest is stopped, otherwise the ingest process."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbone.client import Backbone
from cli.session import open_session, service_address
from cli.state import State, latest_state
from domain.errors import FengsuiError, LinkError, RefusedError
from domain.points import PointTable
from domain.site.registry import Registry
from ingest.duckdb_compaction import Progress
from ingest.duckdb_store import DuckDbStore
from ingest.process import FILE_NAME
from ingest.store import StoreDownError
from ingest.store_jobs import BEGIN, JOB, JobRequest, work

LOOK_S = 0.2
MOST_MISSED = 25
"""Answers in a row that may stay away before the work is given up for lost."""


@dataclass(frozen=True, slots=True)
class StoreDoor:
    """The store of one state folder."""

    state: State

    @property
    def path(self) -> Path:
        """The store's file."""
        return self.state.root / "ingest" / FILE_NAME

    def run(self, request: JobRequest, target: Path | None, progress: Progress) -> dict[str, Any]:
        """Have it done; files go to ``target``. Raises RefusedError, StoreError or LinkError."""
        if target is not None and target.exists():
            raise RefusedError(f"{target} exists already: name a new folder")
        if not self.path.exists():
            raise RefusedError(f"no embedded store in {self.path.parent}: name the state folder with --state")
        try:
            store = DuckDbStore(PointTable([]), self.path)
        except StoreDownError:
            return asyncio.run(self._asked(request, target, progress))
        try:
            return work(store, request, target or self.path.with_name("nothing"), self._keep_days(), progress)
        finally:
            store.close()

    def _keep_days(self) -> int:
        """Return the retention of the site that runs here; without one nothing is dropped."""
        registry = self._registry()
        return registry.site.store.retention.raw_days if registry is not None else 0

    def _registry(self) -> Registry | None:
        site = self.state.noted_site()
        try:
            return open_session(site, self.state.root).registry if site is not None else None
        except FengsuiError:
            return None  # a site that is being changed: its store can still be looked after

    async def _asked(self, request: JobRequest, target: Path | None, progress: Progress) -> dict[str, Any]:
        async with await self._connect() as backbone:
            number = (await backbone.request(BEGIN, request.model_dump(mode="json")))["id"]
            answer = await _ended(backbone, number, progress)
        if answer["error"] is not None:
            raise RefusedError(str(answer["error"]))
        if target is not None and answer["folder"] is not None:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(answer["folder"], target)
        result: dict[str, Any] = answer["result"]
        return result

    async def _connect(self) -> Backbone:
        site = self.state.noted_site()
        if site is not None:
            return await open_session(site, self.state.root).connect("cli", timeout_s=5)
        url, credentials = service_address(self.state, None)
        return await Backbone.connect(url, credentials=credentials, name="cli", timeout_s=5)


async def _ended(backbone: Backbone, number: str, progress: Progress) -> dict[str, Any]:
    """Wait for the end of a job; raises LinkError when ingest goes away."""
    missed = 0
    while True:
        try:
            answer: dict[str, Any] = await backbone.request(JOB, {"id": number})
            missed = 0
        except LinkError:
            missed += 1
            if missed > MOST_MISSED:
                raise
        else:
            if answer["total"]:
                progress(answer["done"], answer["total"])
            if answer["result"] is not None or answer["error"] is not None:
                return answer
        await asyncio.sleep(LOOK_S)


def door(state: Path | None) -> StoreDoor:
    """Return the door of a state folder, or of the one that ran last; raises RefusedError when there is none."""
    found = State(state) if state is not None else latest_state()
    if found is None:
        raise RefusedError("nothing has run here yet: name the state folder with --state")
    return StoreDoor(found)

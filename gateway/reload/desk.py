"""What people ask of a running gateway about its configuration, on ``svc.gateway.<unit>.<gateway>``.

| command | request | data |
|---|---|---|
| ``config_status`` | – | the ``config`` part of the status document |
| ``config_diff`` | ``files`` of a bundle, or none for its own folder | ``version``, ``changes``…, or ``problems`` |
| ``config_apply`` | ``version`` that is meant, ``by`` | ``number`` of the outcome that will tell what became of it |
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from domain.errors import ConfigurationError, RefusedError
from gateway.reload.bundle import MOST_WORD, check_files
from gateway.reload.configuration import as_data
from gateway.reload.reloader import Reloader

MOST_PROBLEMS = 100


class Desk:
    """Answers for one reloader."""

    def __init__(self, reloader: Reloader) -> None:
        """Nothing is done before somebody asks."""
        self._reloader = reloader
        self._working: set[asyncio.Task[Any]] = set()

    def takes(self, request: Mapping[str, Any]) -> bool:
        """Tell whether a request is about the configuration."""
        return request.get("command") in ("config_status", "config_diff", "config_apply")

    async def command(self, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what is asked; raises RefusedError or ValueError."""
        if request["command"] == "config_status":
            return self._reloader.document(MOST_PROBLEMS)
        if request["command"] == "config_diff":
            return await self._diff(request.get("files"))
        return await self._apply(str(request.get("version", "")), str(request.get("by", ""))[:MOST_WORD])

    async def _diff(self, files: Any) -> Mapping[str, Any]:
        if files is not None:
            check_files(files)
        try:
            candidate, plan = await self._reloader.compare(files)
        except ConfigurationError as error:
            told = [as_data(problem) for problem in error.problems[:MOST_PROBLEMS]]
            return {"version": "", "problems": told, "problem_count": len(error.problems)}
        return {
            "version": candidate.version,
            "running": self._reloader.running.version,
            "problems": [],
            "added": list(plan.added),
            "removed": list(plan.removed),
            "changed": list(plan.changed),
            "changes": list(plan.told),
        }

    async def _apply(self, version: str, by: str) -> Mapping[str, Any]:
        """Begin; whoever asked follows the status. Raises RefusedError when something else would be applied."""
        if self._reloader.bundle is not None:
            raise RefusedError(
                "中心下发的配置优先：先撤回 / the centre's bundle is in force: push another, or withdraw it first"
            )
        if version:
            await self._must_be_meant(version)
        number = self._reloader.announce()
        task = asyncio.get_running_loop().create_task(self._reloader.take_local(explicit=True, by=by))
        self._working.add(task)
        task.add_done_callback(self._working.discard)
        return {"number": number}

    async def _must_be_meant(self, version: str) -> None:
        try:
            candidate, _ = await self._reloader.compare(None)
        except ConfigurationError:
            return  # it will be refused with its problems
        if candidate.version != version:
            raise RefusedError(
                f"网关读取的是另一文件夹 / the gateway reads another folder (it has {candidate.version}, you mean "
                f"{version}): use 'fengsui config push'"
            )

"""Questions to the owner of a partition: why an alarm is as it is, and what other rules would do.

A desk answers while its worker owns the partition; whoever asks a partition that nobody owns hears so at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from backbone import subjects
from backbone.client import Backbone
from backbone.services import NOT_FOUND
from backbone.subjects import RULES_BUCKET
from domain.errors import ConfigurationError, RefusedError
from rules.bundle import CANDIDATE, RulesBundle
from rules.explaining import explain
from rules.identity import Identity
from rules.rollout import Rollout
from rules.rule_change import try_rules
from rules.worker import Worker


class Desk:
    """Answers for one worker."""

    def __init__(self, backbone: Backbone, worker: Worker, rollout: Rollout, partition: int) -> None:
        """Nothing is answered before `open`."""
        self._backbone, self._worker, self._rollout, self._partition = backbone, worker, rollout, partition

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answer until the context ends."""
        ends = [
            await self._backbone.serve(subjects.rules_service("explain", self._partition), self._explain),
            await self._backbone.serve(subjects.rules_service("try", self._partition), self._try),
        ]
        try:
            yield
        finally:
            await asyncio.gather(*(end() for end in ends), return_exceptions=True)

    async def _explain(self, body: dict[str, Any]) -> dict[str, Any]:
        """``{rule, entity}`` → `rules.explaining.explain`."""
        return explain(self._worker.engine, str(body.get("rule")), str(body.get("entity")))

    async def _try(self, body: dict[str, Any]) -> dict[str, Any]:
        """``{revision}`` of the candidate → problems, or what its rules would do here."""
        reader = self._rollout.reader
        entry = await self._backbone.kv_get(RULES_BUCKET, CANDIDATE)
        if reader is None or entry is None or entry.revision != body.get("revision"):
            raise RefusedError("this candidate is not there any more: apply again", code=NOT_FOUND)
        bundle = RulesBundle.decode(entry.value)
        try:
            ruleset = self._rollout.folder if bundle.folder else await asyncio.to_thread(reader, bundle.files)
        except ConfigurationError as error:
            return {"partition": self._partition, "problems": [str(problem) for problem in error.problems]}
        ground = await asyncio.to_thread(self._worker.ground.with_rules, ruleset)
        engine = self._worker.engine  # between two messages of the loop: it stands still while it is copied
        trial = try_rules(ground, engine, Identity.of(engine.plan), ruleset)
        return {**trial.as_data(), "problems": []}

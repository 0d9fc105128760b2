"""Questions about the rules that run, as other packages ask them: models and a typed client, no engine behind them.

    catalogue, states      stand in KV ``rulesets``: they can be read while no rules process lives
    explain, test          asked from the rules process, which lets a helper do it
    backtest, job, cancel  one at a time, by a helper of low priority

Dashboards import this and no more of rules.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from backbone import subjects
from backbone.client import Backbone
from backbone.subjects import RULES_BUCKET, partition_of
from domain.errors import WireError
from rules.cards_face import Catalogue, RuleCard, RuleState, decode_catalogue
from rules.trials_face import Backtest, BacktestJob, CasesRun, Explained

__all__ = [
    "CATALOGUE",
    "STATES",
    "Backtest",
    "BacktestJob",
    "CasesRun",
    "Catalogue",
    "Explained",
    "RuleCard",
    "RuleState",
    "RulesFace",
    "decode_catalogue",
    "together",
]

CATALOGUE = "catalogue"
STATES = "states"
"""``states.<p>``: how the alarms of a partition stand, by rule."""
EXPLAIN, TEST, BEGIN, JOB, CANCEL = (f"svc.rules.desk.{one}" for one in ("explain", "test", "begin", "job", "cancel"))

ANSWER_S = 120.0
"""A helper compiles the rule for the whole site: seconds for a million points, more on a busy machine."""

M = TypeVar("M", bound=BaseModel)


class RulesFace:
    """Asks over the backbone; raises LinkError while nobody answers, RefusedError for what is not done and why."""

    def __init__(self, backbone: Backbone) -> None:
        """Use a connection."""
        self._backbone = backbone

    async def catalogue(self) -> Catalogue | None:
        """Return what runs, or ran last; None where rules never ran."""
        entry = await self._backbone.kv_get(RULES_BUCKET, CATALOGUE)
        return None if entry is None else decode_catalogue(entry.value)

    async def states(self) -> dict[str, RuleState]:
        """Return how the alarms of each rule stood when that last changed; rules that watch nothing are absent."""
        keys = [key for key in await self._backbone.kv_keys(RULES_BUCKET) if key.startswith(f"{STATES}.")]
        entries = [await self._backbone.kv_get(RULES_BUCKET, key) for key in keys]
        return together(decode_states(entry.value) for entry in entries if entry is not None)

    async def explain(self, rule: str) -> Explained:
        """Return the rule's text and its plan on this site: what each test reads, and where its limits come from."""
        return await self._ask(EXPLAIN, {"rule": rule}, Explained, ANSWER_S)

    async def explain_entity(self, rule: str, entity: str) -> dict[str, Any]:
        """Return why an alarm is as it is now, as `rules.explaining.explain` tells it."""
        partition = partition_of(entity.partition("/")[0], self._backbone.partitions)
        told: dict[str, Any] = await self._backbone.request(
            subjects.rules_service("explain", partition), {"rule": rule, "entity": entity}
        )
        return told

    async def test(self, rule: str) -> CasesRun:
        """Run the rule's own test cases now."""
        return await self._ask(TEST, {"rule": rule}, CasesRun, ANSWER_S)

    async def backtest(self, asked: Backtest) -> str:
        """Begin a backtest; returns its id."""
        told = await self._backbone.request(BEGIN, asked.model_dump(mode="json"))
        return str(told["id"])

    async def job(self, job: str = "") -> BacktestJob | None:
        """Return how far a backtest is; without an id the newest, None where there was none."""
        told = await self._backbone.request(JOB, {"id": job})
        return None if told["job"] is None else _read(JOB, told["job"], BacktestJob)

    async def cancel(self, job: str) -> None:
        """Stop a backtest; one that is over stays as it is."""
        await self._backbone.request(CANCEL, {"id": job})

    async def _ask(self, subject: str, body: Mapping[str, Any], model: type[M], timeout_s: float) -> M:
        return _read(subject, await self._backbone.request(subject, body, timeout_s=timeout_s), model)


def _read(subject: str, data: Any, model: type[M]) -> M:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise WireError(f"{subject} answered in a form that is not ours: {error.error_count()} problems") from error


def decode_states(data: bytes) -> dict[str, RuleState]:
    """Read an entry ``states.<p>``; raises WireError."""
    try:
        return {str(name): RuleState(*row) for name, row in dict(json.loads(data)["rules"]).items()}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise WireError("states of rules can't be read", data) from error


def together(partitions: Any) -> dict[str, RuleState]:
    """Add up what partitions tell: counts, and the newest transition."""
    found: dict[str, RuleState] = {}
    for states in partitions:
        for name, state in states.items():
            found[name] = found[name].plus(state) if name in found else state
    return found

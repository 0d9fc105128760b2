"""The clerk: what rules processes have to tell people about rules, beside the evaluation.

Of several processes the one that speaks for all (`Membership.speaks`) answers ``svc.rules.desk.*`` and keeps the
catalogue in KV ``rulesets``. What takes time is a helper's (`rules.helper`); answers that depend on the rules alone
are kept until others run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from backbone.client import Backbone
from backbone.services import NOT_FOUND
from backbone.subjects import RULES_BUCKET
from domain.cancellation import heed_cancellation
from domain.errors import LinkError, RefusedError, WireError
from rules.cards import cards_of
from rules.cards_face import Catalogue, decode_catalogue
from rules.face import ANSWER_S, BEGIN, CANCEL, CATALOGUE, EXPLAIN, JOB, TEST
from rules.helper import Command, helped
from rules.job_shelf import JobShelf
from rules.jobs import Jobs, asked_of
from rules.model import RuleSet
from rules.rollout import Rollout

log = logging.getLogger(__name__)

LOOK_S = 1.0
AT_ONCE = 8
MOST_ENTRY = 900_000
"""Bytes of the catalogue's entry, below the log's largest message."""
MOST_TEXT = 60_000
"""Characters of a rule's file that are shown."""
MOST_KEPT = 500


class Clerk:
    """Answers while this process speaks for all."""

    def __init__(self, backbone: Backbone, rollout: Rollout, speaks: Callable[[], bool], command: Command) -> None:
        """``command`` starts a helper; empty: questions that need one are refused."""
        self._backbone, self._rollout, self._speaks, self._command = backbone, rollout, speaks, command
        self._jobs = Jobs(command, JobShelf(backbone))
        self._one_at_a_time = asyncio.Lock()
        self._explained: dict[tuple[str, str], Any] = {}
        self._runs: dict[tuple[str, str], Any] = {}
        self._catalogued = ""

    async def run(self) -> None:
        """Work until cancelled; a backbone that is away is tried again."""
        ends: list[Callable[[], Awaitable[None]]] = []
        try:
            while True:
                heed_cancellation()
                await asyncio.sleep(LOOK_S)  # first of all partitions are taken over: people can wait
                try:
                    if self._speaks():
                        ends = ends or await self._open()
                        await self._keep_catalogue()
                    elif ends:
                        await _close(ends)
                        ends, self._catalogued = [], ""
                        await self._jobs.end()
                except (LinkError, RefusedError) as error:
                    log.debug("clerk: %s", error)
        finally:
            await _close(ends)  # first, or what is asked meanwhile begins a job that nobody ends
            await self._jobs.end()

    async def _open(self) -> list[Callable[[], Awaitable[None]]]:
        await self._jobs.take_over()
        handlers = {EXPLAIN: self._explain, TEST: self._test, BEGIN: self._begin, JOB: self._job, CANCEL: self._cancel}
        return [await self._backbone.serve(subject, handler, at_once=AT_ONCE) for subject, handler in handlers.items()]

    async def _keep_catalogue(self) -> None:
        """Write the catalogue of the rules that run, unless it stands there."""
        ruleset, status = self._rollout.ruleset, self._rollout.status()
        if self._catalogued == ruleset.version:
            return
        made = Catalogue(
            version=ruleset.version,
            by=status["by"] or "",
            applied_ns=status["applied_ns"] or 0,
            note=status["note"] or "",
            cards=await asyncio.to_thread(cards_of, ruleset),
        )
        data = await asyncio.to_thread(_fitting, made)
        entry = await self._backbone.kv_get(RULES_BUCKET, CATALOGUE)
        if entry is None or not _same(entry.value, made):
            await self._backbone.kv_put(RULES_BUCKET, CATALOGUE, data)
        self._catalogued = ruleset.version

    async def _explain(self, body: dict[str, Any]) -> Any:
        """``{rule}`` → `rules.trials_face.Explained`."""
        ruleset, name = self._rollout.ruleset, str(body.get("rule"))
        rule = self._known(ruleset, name)
        key = (ruleset.version, name)
        if key not in self._explained:
            _keep(self._explained, key, await self._helped({"task": "explain", "rule": name}))
        document = ruleset.documents[name]
        told = {"rule": name, "version": rule, "file": document.file, "text": document.text[:MOST_TEXT]}
        return {**told, **self._explained[key], "last_run": self._runs.get(key)}

    async def _test(self, body: dict[str, Any]) -> Any:
        """``{rule}`` → `rules.trials_face.CasesRun`."""
        ruleset, name = self._rollout.ruleset, str(body.get("rule"))
        self._known(ruleset, name)
        run = await self._helped({"task": "test", "rule": name})
        _keep(self._runs, (ruleset.version, name), run)
        return run

    async def _begin(self, body: dict[str, Any]) -> dict[str, str]:
        """A `rules.trials_face.Backtest` → ``{id}``."""
        asked = asked_of(body)
        self._known(self._rollout.ruleset, asked.rule)
        self._check_command()
        return {"id": await self._jobs.begin(asked)}

    async def _job(self, body: dict[str, Any]) -> dict[str, Any]:
        """``{id}`` → ``{job}``: a `rules.trials_face.BacktestJob`, or None."""
        job = self._jobs.job(str(body.get("id") or ""))
        return {"job": None if job is None else job.model_dump(mode="json")}

    async def _cancel(self, body: dict[str, Any]) -> dict[str, Any]:
        """``{id}`` → nothing."""
        await self._jobs.cancel(str(body.get("id")))
        return {}

    def _known(self, ruleset: RuleSet, name: str) -> str:
        """Return the version of a rule; raises RefusedError for one that does not run."""
        if name not in ruleset.rules:
            raise RefusedError(f"没有运行规则 {name[:64]} / no rule {name[:64]} runs", code=NOT_FOUND)
        return ruleset.rules[name].version

    def _check_command(self) -> None:
        if not self._command:
            raise RefusedError("此规则进程没有助手进程 / this rules process has no helpers")

    async def _helped(self, task: dict[str, Any]) -> Any:
        """Let a helper answer, one after the other: this machine has other things to do."""
        self._check_command()
        async with self._one_at_a_time:
            return await helped(self._command, task, ANSWER_S - 5)


def _keep(answers: dict[tuple[str, str], Any], key: tuple[str, str], answer: Any) -> None:
    """Remember an answer; when there are too many all are asked anew."""
    if len(answers) >= MOST_KEPT:
        answers.clear()
    answers[key] = answer


def _fitting(made: Catalogue) -> bytes:
    """Encode a catalogue; one that is too large leaves out the conditions, which a question for a rule still tells."""
    data = made.encode()
    if len(data) <= MOST_ENTRY:
        return data
    log.warning("the catalogue of %d rules is %d bytes: it is written without conditions", len(made.cards), len(data))
    bare = [one.model_copy(update={"condition": type(one.condition)(), "asides": ()}) for one in made.cards]
    return made.model_copy(update={"cards": tuple(bare)}).encode()


def _same(stored: bytes, made: Catalogue) -> bool:
    try:
        return decode_catalogue(stored) == made
    except WireError:
        return False


async def _close(ends: list[Callable[[], Awaitable[None]]]) -> None:
    await asyncio.gather(*(end() for end in ends), return_exceptions=True)

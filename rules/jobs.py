"""Backtests of the rules process that speaks for all: one at a time, each done by a helper, the last few remembered.

They outlive their process (`rules.job_shelf`): what was done is there, what ran is told as lost.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from backbone.services import NOT_FOUND
from domain.errors import FengsuiError, RefusedError
from rules.helper import Command, helped
from rules.job_shelf import JobShelf
from rules.trials_face import Backtest, BacktestJob, BacktestResult, JobState

log = logging.getLogger(__name__)

MOST_KEPT = 5
LONGEST_S = 1800.0
"""A backtest that takes longer than half an hour is ended."""


@dataclass(slots=True)
class _Job:
    """A backtest and its task."""

    id: str
    asked: Backtest
    began_ns: int
    share: float = 0.0
    state: JobState = JobState.RUNNING
    ended_ns: int | None = None
    error: str = ""
    result: BacktestResult | None = None
    task: asyncio.Task[None] | None = None

    @classmethod
    def left(cls, told: BacktestJob, now_ns: int) -> _Job:
        """Return one of another process; what it ran is lost with it."""
        lost = told.state is JobState.RUNNING
        state, ended_ns = (JobState.LOST, now_ns) if lost else (told.state, told.ended_ns)
        return cls(told.id, told.asked, told.began_ns, told.share, state, ended_ns, told.error, told.result)

    def told(self) -> BacktestJob:
        """Return it as others see it."""
        return BacktestJob(
            id=self.id,
            asked=self.asked,
            state=self.state,
            share=self.share,
            began_ns=self.began_ns,
            ended_ns=self.ended_ns,
            error=self.error,
            result=self.result,
        )

    def shown(self) -> BacktestJob:
        """Return it as people see it: what is done is shown once it is kept, so that no restart takes it back."""
        told = self.told()
        if self.task is None or self.task.done() or self.state is JobState.CANCELLED:
            return told
        return told.model_copy(update={"state": JobState.RUNNING, "ended_ns": None, "error": "", "result": None})


class Jobs:
    """Runs backtests; ``take_over`` first, ``end`` last."""

    def __init__(self, command: Command, shelf: JobShelf) -> None:
        """Start helpers with ``command``, and keep what came of them in ``shelf``."""
        self._command = command
        self._shelf = shelf
        self._keeping = asyncio.Lock()
        self._jobs: dict[str, _Job] = {}

    async def take_over(self) -> None:
        """Take what another process left; raises LinkError."""
        left = [_Job.left(told, time.time_ns()) for told in await self._shelf.kept()]
        self._jobs = {job.id: job for job in left[-MOST_KEPT:]}
        if any(job.state is JobState.LOST for job in left):
            await self._keep()

    async def begin(self, asked: Backtest) -> str:
        """Start a backtest and return its id; raises RefusedError while another one runs."""
        for other in self._jobs.values():
            if other.state is JobState.RUNNING:
                who = f" ({other.asked.by})" if other.asked.by else ""
                raise RefusedError(
                    f"正在回测 {other.asked.rule}{who}，请等待或取消 / {other.asked.rule} is being tried{who}: "
                    "wait for it, or cancel it"
                )
        job = _Job(secrets.token_hex(8), asked, time.time_ns())
        self._jobs[job.id] = job
        for old in list(self._jobs)[:-MOST_KEPT]:
            del self._jobs[old]
        job.task = asyncio.create_task(self._run(job), name=f"backtest-{job.id}")
        await self._keep()
        return job.id

    async def _keep(self) -> None:
        async with self._keeping:  # so that what is older does not come last
            if self._jobs:  # whoever ended has forgotten them, and they are another's now
                await self._shelf.keep([job.told() for job in self._jobs.values()])

    async def _run(self, job: _Job) -> None:
        await self._work(job)
        await self._keep()

    async def _work(self, job: _Job) -> None:
        def progress(share: float) -> None:
            job.share = min(1.0, max(job.share, share))

        try:
            task = {"task": "backtest", **job.asked.model_dump(mode="json")}
            job.result = BacktestResult.model_validate(await helped(self._command, task, LONGEST_S, progress))
            job.state, job.share = JobState.DONE, 1.0
        except asyncio.CancelledError:
            job.state = JobState.CANCELLED
            raise
        except FengsuiError as error:
            job.state, job.error = JobState.FAILED, str(error)
        except ValidationError as error:
            log.exception("backtest of %s", job.asked.rule)
            job.state, job.error = JobState.FAILED, f"{error.error_count()} problems in the helper's answer"
        finally:
            job.ended_ns = time.time_ns()

    def job(self, name: str) -> BacktestJob | None:
        """Return a backtest, the newest when none is named; raises RefusedError for one that is not known."""
        if not name:
            return next(reversed(self._jobs.values())).shown() if self._jobs else None
        return self._known(name).shown()

    async def cancel(self, name: str) -> None:
        """End a backtest that runs; raises RefusedError for one that is not known."""
        job = self._known(name)
        if job.task is not None and not job.task.done():
            await _stopped(job.task)
            await self._keep()

    async def end(self) -> None:
        """End whatever runs, and forget: who takes over tells it as lost, for nobody cancelled it."""
        jobs, self._jobs = self._jobs, {}
        for job in jobs.values():
            if job.task is not None:
                await _stopped(job.task)

    def _known(self, name: str) -> _Job:
        if name not in self._jobs:
            what = "没有这次回测，只保留最近几次 / no such backtest: the last few are kept"
            raise RefusedError(what, code=NOT_FOUND)
        return self._jobs[name]


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def asked_of(body: dict[str, Any]) -> Backtest:
    """Read a request; raises RefusedError."""
    try:
        return Backtest.model_validate(body)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False, include_context=False)[0]
        if wrong["type"] == "value_error":
            raise RefusedError("回测时段须在1分钟到31天之间 / a backtest spans a minute to 31 days") from error
        field = ".".join(str(part) for part in wrong["loc"])
        raise RefusedError(f"{field} 不对 / {field} is wrong: {wrong['msg']}") from error

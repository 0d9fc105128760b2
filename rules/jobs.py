"""Backtests of a rules process: one at a time, each done by a helper, the last few remembered."""

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


class Jobs:
    """Runs backtests; what is remembered ends with the process."""

    def __init__(self, command: Command) -> None:
        """Start helpers with ``command``."""
        self._command = command
        self._jobs: dict[str, _Job] = {}

    def begin(self, asked: Backtest) -> str:
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
        return job.id

    async def _run(self, job: _Job) -> None:
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
            return next(reversed(self._jobs.values())).told() if self._jobs else None
        return self._known(name).told()

    async def cancel(self, name: str) -> None:
        """End a backtest that runs; raises RefusedError for one that is not known."""
        job = self._known(name)
        if job.task is not None and not job.task.done():
            job.task.cancel()
            await asyncio.gather(job.task, return_exceptions=True)

    async def end(self) -> None:
        """End whatever runs."""
        for name in list(self._jobs):
            await self.cancel(name)

    def _known(self, name: str) -> _Job:
        if name not in self._jobs:
            what = "没有这次回测，规则进程可能已重启 / no such backtest: the rules process may have been started anew"
            raise RefusedError(what, code=NOT_FOUND)
        return self._jobs[name]


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

"""``python -m cli.rules_helper SITE STATE``: does one task of a rules process and ends; nobody starts it by hand.

It reads the task from standard input, writes how far it is and what came of it to standard output
(`rules.helper`). A backtest gives way to whoever else wants the processor. It ends with whoever asked, also when that
one was killed. No command of ``fengsui``: somebody waits for the answer, and the whole command line takes three times
as long to import.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from backbone.client import Backbone
from cli.rule_files import load_ruleset, read_folder
from cli.rules_running import RunningRules
from cli.session import Session, open_session
from domain.documents import Document
from domain.errors import ConfigurationError, FengsuiError, LinkError, RefusedError
from rules import TEST_SUFFIX, RuleSet, library_dir, run_tests
from rules.helper import Command
from rules.plan_facts import plan_facts
from rules.trials_face import Backtest, CaseOutcome, CasesRun

NICE, NICE_SHORT = 10, 1
"""How far behind the processes that watch over people it stands: a backtest of minutes, and an answer of a second."""
TELL_EVERY_S = 0.25


def helper_command(site: Path, state: Path) -> Command:
    """Return how a rules process starts a helper for its site."""
    return (sys.executable, "-m", "cli.rules_helper", str(site.absolute()), str(state.absolute()))


def main(site: Path, state: Path) -> None:
    """Do the task on standard input; whatever is not foreseen ends with its trace on standard error."""
    try:
        task = json.loads(sys.stdin.readline())
        threading.Thread(target=_end_with_asker, name="asker", daemon=True).start()
        os.nice(NICE if task["task"] == "backtest" else NICE_SHORT)
        _say({"result": asyncio.run(_work(open_session(site, state), task))})
    except ConfigurationError as error:
        _say({"error": str(error), "kind": "refused"})
    except FengsuiError as error:
        _say({"error": str(error), "kind": "unavailable" if isinstance(error, LinkError) else "refused"})


async def _work(session: Session, task: Mapping[str, Any]) -> dict[str, Any]:
    async with await session.connect("rules-helper", timeout_s=5) as backbone:
        ruleset = (await RunningRules(backbone, session.registry).current())[1]
        ruleset = ruleset or load_ruleset(session.registry, session.site / "rules")
        match task["task"]:
            case "explain":
                return asdict(plan_facts(ruleset, session.registry, _known(ruleset, task)))
            case "test":
                return cases_run(ruleset, _known(ruleset, task), session.site / "rules").model_dump(mode="json")
            case "backtest":
                return await _backtest(backbone, session, ruleset, task)
        raise RefusedError(f"no task {task['task']}")


def cases_run(ruleset: RuleSet, name: str, site_rules: Path) -> CasesRun:
    """Run the test file that stands beside a rule, the site's before the library's; none: no outcomes."""
    outcomes = run_tests(_cases(name, site_rules), ruleset)
    return CasesRun(
        rule=name,
        version=ruleset.rules[name].version,
        at_ns=time.time_ns(),
        outcomes=tuple(CaseOutcome(file=one.file, name=one.name, failures=one.failures) for one in outcomes),
    )


def _cases(name: str, site_rules: Path) -> list[Document]:
    for folder in (site_rules, library_dir()):
        if (folder / f"{name}{TEST_SUFFIX}").is_file():
            wanted = f"/{name}{TEST_SUFFIX}"
            return [document for document in read_folder(folder) if document.file.endswith(wanted)]
    return []


async def _backtest(backbone: Backbone, session: Session, ruleset: RuleSet, task: Mapping[str, Any]) -> dict[str, Any]:
    told_s = 0.0

    def progress(share: float) -> None:
        nonlocal told_s
        if time.monotonic() - told_s >= TELL_EVERY_S:
            told_s = time.monotonic()
            _say({"share": round(share, 4)})

    from cli.rule_trial import try_rule  # noqa: PLC0415  # what is short need not wait for it

    _known(ruleset, task)
    try:
        asked = Backtest.model_validate({name: value for name, value in task.items() if name != "task"})
    except ValidationError as error:
        raise RefusedError(str(error)) from error
    return (await try_rule(backbone, session.registry, ruleset, asked, progress)).model_dump(mode="json")


def _known(ruleset: RuleSet, task: Mapping[str, Any]) -> str:
    name = str(task["rule"])
    if name not in ruleset.rules:
        raise RefusedError(f"没有规则 {name} / no rule {name}")
    return name


def _end_with_asker() -> None:
    """Wait until whoever asked has gone, and end at once: what it does would help nobody.

    They hold the other end of standard input until they have the answer, and the system lets go of it however they
    end, ``kill -9`` too. A parent-death signal would go by the thread that started us, and exists on Linux only. The
    descriptor itself is read: a thread that waits within ``sys.stdin`` keeps an interpreter that ends from ending.
    """
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(1)  # from a thread nothing else ends a process whose other threads are at work


def _say(told: Mapping[str, Any]) -> None:
    """Write a line; whoever asked may have gone, and then this ends."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

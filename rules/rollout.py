"""What rules a process runs: those of its folder, or those that were applied, whichever is in KV ``rulesets``.

A bundle that was applied wins while it is there, as with gateways (decision 006): one sentence, the same on every
machine, and no clocks. A bundle that can't be read, or that this process's program refuses, changes nothing: the rules
that run go on, and the status says what is wrong. A bucket that was lost is no withdrawal.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from backbone.client import Backbone
from backbone.subjects import RULES_BUCKET
from domain.errors import ConfigurationError, LinkError, Problem, RefusedError, WireError
from rules.bundle import CURRENT, RulesBundle
from rules.model import RuleSet

log = logging.getLogger(__name__)

Reader = Callable[[Mapping[str, str]], RuleSet]
"""Files by name → rules on this site; raises `ConfigurationError`. Whoever wires the process reads YAML, not we."""


class Rollout:
    """The rules of a process; ``ruleset`` is what its workers are to run now."""

    def __init__(self, folder: RuleSet, reader: Reader | None = None) -> None:
        """Begin with the rules of the site's folder; without a reader bundles are not taken."""
        self.folder, self.ruleset = folder, folder
        self.reader = reader
        self._revision = 0
        self._applied: RulesBundle | None = None
        self._problems: tuple[Problem, ...] = ()

    async def look(self, backbone: Backbone) -> bool:
        """Take what was applied since the last look; tells whether other rules are to run now."""
        if self.reader is None:
            return False
        entry = await backbone.kv_get(RULES_BUCKET, CURRENT)
        if entry is None or entry.revision == self._revision:
            return False
        self._revision = entry.revision
        before = self.ruleset.version
        try:
            bundle = RulesBundle.decode(entry.value)
            ruleset = self.folder if bundle.folder else await asyncio.to_thread(self.reader, bundle.files)
        except WireError as error:
            log.error("rules of revision %d are not taken, those that run go on: %s", entry.revision, error)  # noqa: TRY400  # no trace: it is data
            self._problems = (_unreadable(str(error)),)
            return False
        except ConfigurationError as error:
            log.error("rules of revision %d are refused, those that run go on:\n%s", entry.revision, error)  # noqa: TRY400  # the text is for a person
            self._problems = error.problems
            return False
        self._applied, self._problems, self.ruleset = bundle, (), ruleset
        log.info("rules %s applied by %s (%s)", ruleset.version, bundle.by, bundle.note or "no note")
        if not bundle.folder and ruleset.version != self.folder.version:
            log.warning("what was applied is not what stands in this site's folder of rules; what was applied runs")
        return ruleset.version != before

    async def looked(self, backbone: Backbone) -> bool:
        """Look, and take a backbone that is away for "nothing new"."""
        try:
            return await self.look(backbone)
        except (LinkError, RefusedError) as error:
            log.debug("rules not looked up: %s", error)
            return False

    def status(self) -> dict[str, Any]:
        """Return what the status document says about it."""
        one = self._applied
        return {
            "version": self.ruleset.version,
            "folder": self.folder.version,
            "by": one.by if one else None,
            "applied_ns": one.time_ns if one else None,
            "note": one.note if one else None,
            "refused": [str(problem) for problem in self._problems[:20]],
        }


def _unreadable(what: str) -> Problem:
    mend = "apply the rules again"
    return Problem(file="rulesets", line=1, field="", value=None, message=what, mend=mend)

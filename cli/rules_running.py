"""A person's side of the rules that run: questions to the owners of partitions, candidates, and what became of them."""

from __future__ import annotations

import asyncio
import getpass
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbone import subjects
from backbone.client import Backbone
from backbone.subjects import RULES_BUCKET
from cli.rule_files import bundle_reader, rule_texts
from domain.errors import LinkError, RefusedError
from domain.site import Registry
from rules import RuleSet
from rules.bundle import CANDIDATE, CURRENT, PREVIOUS, RulesBundle

MOST_SHARE = 0.05
"""A rule that would be true at once of more of its points than this asks for a person's yes (issue 6)."""
TRY_S, TAKE_S, LOOK_S = 60.0, 60.0, 0.3
CHANGING_HANDS_S = 10.0
"""A lease lives 3 s, and a plan takes some."""
STATUS_PREFIX = "rules."


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all partitions say of a candidate; ``raising``: rule → (would raise, of how many)."""

    problems: tuple[str, ...]
    kept: int
    restarted: int
    orphaned: int
    raising: Mapping[str, tuple[int, int]]
    partitions: tuple[dict[str, Any], ...]

    @property
    def alarming(self) -> dict[str, tuple[int, int]]:
        """Return the rules that would raise on too many of their points."""
        return {name: one for name, one in self.raising.items() if one[0] > MOST_SHARE * one[1]}


class RunningRules:
    """The rules of a running site, over its backbone."""

    def __init__(self, backbone: Backbone, registry: Registry) -> None:
        """Ask over a connection of a service."""
        self._backbone, self._registry = backbone, registry

    async def current(self) -> tuple[RulesBundle | None, RuleSet | None]:
        """Return what was applied, and its rules as this program reads them; (None, None): the folder counts."""
        entry = await self._backbone.kv_get(RULES_BUCKET, CURRENT)
        if entry is None:
            return None, None
        bundle = RulesBundle.decode(entry.value)
        return bundle, None if bundle.folder else bundle_reader(self._registry)(bundle.files)

    async def previous(self) -> RulesBundle:
        """Return what ran before what runs; raises RefusedError when nothing did."""
        entry = await self._backbone.kv_get(RULES_BUCKET, PREVIOUS)
        if entry is None:
            raise RefusedError("nothing was applied here before: there is no way back")
        return RulesBundle.decode(entry.value)

    async def propose(self, bundle: RulesBundle) -> Verdict:
        """Let the owner of every partition try a bundle; raises LinkError when one has no owner."""
        revision = await self._backbone.kv_put(RULES_BUCKET, CANDIDATE, bundle.encode())
        asked = [self._tried(number, revision) for number in range(self._backbone.partitions)]
        return _verdict(await asyncio.gather(*asked))

    async def _tried(self, partition: int, revision: int) -> dict[str, Any]:
        """Ask an owner; a partition may be changing hands, so nobody there is no answer yet."""
        deadline = time.monotonic() + CHANGING_HANDS_S
        while True:
            try:
                told: dict[str, Any] = await self._backbone.request(
                    subjects.rules_service("try", partition), {"revision": revision}, timeout_s=TRY_S
                )
            except LinkError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(LOOK_S)
            else:
                return told

    async def apply(self, bundle: RulesBundle) -> dict[str, Any]:
        """Make a bundle the current one and wait until every partition runs it.

        Returns ``{version, kept, restarted, orphaned, waiting}`` with the partitions that did not follow in time.
        """
        before = await self._backbone.kv_get(RULES_BUCKET, CURRENT)
        old = before.value if before is not None else _folder_bundle(await self.running_version() or "").encode()
        await self._backbone.kv_put(RULES_BUCKET, PREVIOUS, old)
        await self._backbone.kv_put(RULES_BUCKET, CURRENT, bundle.encode())
        return await self._followed(bundle.version)

    async def _followed(self, version: str) -> dict[str, Any]:
        deadline = time.monotonic() + TAKE_S
        while True:
            owned = await self._owned()
            waiting = [number for number, one in owned.items() if one.get("rules") != version]
            waiting += [number for number in range(self._backbone.partitions) if number not in owned]
            if not waiting or time.monotonic() > deadline:
                changes = [one.get("change") or {} for one in owned.values()]
                mine = [one for one in changes if one.get("to") == version]
                sums = {name: sum(int(one.get(name, 0)) for one in mine) for name in ("kept", "restarted", "orphaned")}
                orphans = [name for one in mine for name in one.get("orphans", ())]
                return {"version": version, **sums, "orphans": orphans, "waiting": sorted(waiting)}
            await asyncio.sleep(LOOK_S)

    async def _owned(self) -> dict[int, dict[str, Any]]:
        """Return what the owner of each partition tells of it; the newest word where two do."""
        found: dict[int, dict[str, Any]] = {}
        statuses = await self._backbone.statuses()
        for key, document in sorted(statuses.items(), key=lambda item: item[1].get("time_ns", 0)):
            if key.startswith(STATUS_PREFIX):
                found |= {int(one["partition"]): one for one in document.get("by_partition", ())}
        return found

    async def running_version(self) -> str | None:
        """Return the version that the rules processes say they run, None when none does."""
        versions = {one.get("rules") for one in (await self._owned()).values()}
        return str(versions.pop()) if len(versions) == 1 else None

    async def explain(self, rule: str, entity: str) -> dict[str, Any]:
        """Ask the owner of an entity's partition why its alarm is as it is."""
        partition = subjects.partition_of(entity.partition("/")[0], self._backbone.partitions)
        body = {"rule": rule, "entity": entity}
        told: dict[str, Any] = await self._backbone.request(subjects.rules_service("explain", partition), body)
        return told


def bundle_of(folder: Path, ruleset: RuleSet, by: str = "", note: str = "") -> RulesBundle:
    """Make a bundle of a folder whose rules have been checked."""
    return RulesBundle(
        version=ruleset.version, by=by or getpass.getuser(), time_ns=time.time_ns(), note=note, files=rule_texts(folder)
    )


def folder_bundle(version: str, by: str = "") -> RulesBundle:
    """Make the entry that says: the site's own folder counts again."""
    return _folder_bundle(version, by or getpass.getuser())


def _folder_bundle(version: str, by: str = "") -> RulesBundle:
    return RulesBundle(version=version, by=by, time_ns=time.time_ns(), note="folder", files={}, folder=True)


async def apply_folder(backbone: Backbone, registry: Registry, folder: Path, ruleset: RuleSet, by: str) -> bool:
    """Apply a checked folder without asking anybody; tells whether every partition runs it.

    For whoever follows a folder (`cli.site_follower`): a person has written there and watches.
    """
    running = RunningRules(backbone, registry)
    try:
        told = await running.apply(bundle_of(folder, ruleset, by))
    except (LinkError, RefusedError):
        return False
    return not told["waiting"]


def _verdict(answers: list[dict[str, Any]]) -> Verdict:
    raising: dict[str, tuple[int, int]] = {}
    for one in (one for answer in answers for one in answer.get("raising", ())):
        raises, alarms = raising.get(one["rule"], (0, 0))
        raising[one["rule"]] = (raises + int(one["raises"]), alarms + int(one["alarms"]))
    problems = dict.fromkeys(str(problem) for answer in answers for problem in answer.get("problems", ()))
    return Verdict(
        problems=tuple(problems),
        kept=sum(int(one.get("kept", 0)) for one in answers),
        restarted=sum(int(one.get("restarted", 0)) for one in answers),
        orphaned=sum(int(one.get("orphaned", 0)) for one in answers),
        raising=raising,
        partitions=tuple(answers),
    )

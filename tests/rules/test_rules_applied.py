"""Other rules under a running process, on a real nats-server: taken without a restart, tried first, refused whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from backbone.client import Backbone
from backbone.subjects import RULES_BUCKET
from cli.rule_files import bundle_reader, load_ruleset
from cli.rules_running import RunningRules, bundle_of, folder_bundle
from domain.alarm import TransitionKind
from domain.errors import RefusedError
from rules import RuleSet, process
from rules.bundle import CURRENT, RulesBundle
from tests.rules.rules_scene import library, registry, write_rules
from tests.rules.rules_traffic import PARTITIONS, Gateways, transitions, until
from tests.servers import connected, embedded_server

FOLDER_RULES = load_ruleset(registry())

LOW = """
id: low
version: "1"
labels: {zh: 低, en: Low}
class: hazard
level: notice
watches: {kind: pressure_transmitter, point: pressure}
condition: {below: {limit: LIMIT, quantity: kPa}}
messages: {zh: "{zone}", en: "{zone}"}
"""


def folder(path: Path, text: str) -> tuple[Path, RuleSet]:
    """Write rules into a folder and read them with the library."""
    write_rules(path, text)
    return path, load_ruleset(registry(), path)


@asynccontextmanager
async def running(backbone: Backbone) -> AsyncIterator[RunningRules]:
    """Run the rules process within this one, until every partition has an owner."""
    stop = asyncio.Event()
    task = asyncio.create_task(
        process.run(registry(), backbone, FOLDER_RULES, stop=stop, reader=bundle_reader(registry()))
    )
    face = RunningRules(backbone, registry())
    try:
        await until(lambda: _runs(face, None))
        yield face
    finally:
        stop.set()
        await task


async def _runs(face: RunningRules, version: str | None) -> bool:
    runs = await face.running_version()
    return runs is not None and version in (None, runs)


@asynccontextmanager
async def steady(gateways: Gateways, **values: float) -> AsyncIterator[None]:
    """Keep a transmitter speaking: what is silent is not known, and a trial says nothing of it."""

    async def speak() -> None:
        while True:
            await gateways.send("pressure-1", **values)
            await asyncio.sleep(0.2)

    task = asyncio.create_task(speak())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _explains(face: RunningRules, rule: str, entity: str) -> bool:
    told = await face.explain(rule, entity)
    return bool(told["why"]["points"][0]["quality"] == "good")


async def _said(backbone: Backbone, rule: str, kind: TransitionKind) -> bool:
    return any(one.rule == rule and one.kind is kind for one in await transitions(backbone))


async def test_rules_are_tried_applied_kept_and_taken_back(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        gateways = Gateways(backbone, 1)
        async with running(backbone) as face:
            await gateways.send("panel-1", state=1, l1p01=3, l1p02=1)
            await gateways.send("pressure-1", pressure=300.0)
            await until(lambda: _said(backbone, "panel_fire", TransitionKind.RAISED))

            path, loud = folder(tmp_path / "loud", LOW.replace("LIMIT", "350"))
            async with steady(gateways, pressure=300.0):
                await until(lambda: _explains(face, "pressure_low", "u/pressure-1/pressure"))
                verdict = await face.propose(bundle_of(path, loud, "me"))
            assert (verdict.raising, set(verdict.alarming)) == ({"low": (1, 1)}, {"low"})
            assert not verdict.problems
            assert await face.running_version() == FOLDER_RULES.version  # tried, not applied

            path, quiet = folder(tmp_path / "quiet", LOW.replace("LIMIT", "250"))
            verdict = await face.propose(bundle_of(path, quiet, "me"))
            assert (verdict.raising, verdict.orphaned) == ({}, 0)
            assert verdict.kept >= 1  # the fire, and devices that fell silent meanwhile
            told = await face.apply(bundle_of(path, quiet, "me", "why"))
            assert (told["kept"] >= 1, told["restarted"], told["orphaned"], told["waiting"]) == (True, 0, 0, [])
            await until(lambda: _status_version(backbone, quiet.version))
            rollout = (await backbone.statuses())["rules.main"]["rollout"]
            assert (rollout["by"], rollout["note"], rollout["refused"]) == ("me", "why", [])

            await gateways.send("pressure-1", pressure=200.0)
            await until(lambda: _said(backbone, "low", TransitionKind.RAISED))
            why = await face.explain("low", "u/pressure-1/pressure")
            assert (why["state"], why["truth"]) == ("active", "alarm")
            (point,) = why["why"]["points"]
            assert (point["value"], point["limit"]) == (200.0, 250.0)
            assert point["quality"] == ("good" if point["age_s"] < point["max_silence_s"] else "silent")

            told = await face.apply(await face.previous())
            assert (told["version"], told["waiting"]) == (FOLDER_RULES.version, [])
            assert (told["orphaned"], told["orphans"]) == (1, ["low u/pressure-1/pressure"])
        fire = [one.kind for one in await transitions(backbone) if one.rule == "panel_fire"]
        # the fire stood through all of it; the panel may have fallen silent meanwhile, which is told
        assert (fire.count(TransitionKind.RAISED), TransitionKind.CLEARED in fire) == (1, False)


async def _status_version(backbone: Backbone, version: str) -> bool:
    return (await backbone.statuses()).get("rules.main", {}).get("version") == version


async def test_what_is_applied_survives_a_restart_and_what_is_broken_changes_nothing(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server, partitions=PARTITIONS) as backbone:
        path, quiet = folder(tmp_path / "quiet", LOW.replace("LIMIT", "250"))
        async with running(backbone) as face:
            await face.apply(bundle_of(path, quiet, "me"))
        async with running(backbone) as face:
            await until(lambda: _runs(face, quiet.version))
            broken = RulesBundle(
                version="x", by="me", time_ns=1, note="", files={"low.yaml": LOW.replace("LIMIT", "hot")}
            )
            verdict = await face.propose(broken)
            assert verdict.problems[0].startswith("rules/low.yaml:")
            await backbone.kv_put(RULES_BUCKET, CURRENT, broken.encode())
            await until(lambda: _refused(backbone))
            await backbone.kv_put(RULES_BUCKET, CURRENT, b"junk")
            await until(lambda: _refused(backbone))
            assert await face.running_version() == quiet.version
            await face.apply(folder_bundle(FOLDER_RULES.version, "me"))
            assert await face.running_version() == FOLDER_RULES.version
            with pytest.raises(RefusedError):
                await face.explain("low", "u/pressure-1/pressure")


async def _refused(backbone: Backbone) -> bool:
    return bool((await backbone.statuses())["rules.main"]["rollout"]["refused"])


def test_the_library_can_be_a_bundle_of_its_own(tmp_path: Path) -> None:
    own = bundle_reader(registry())({})
    assert own.version == FOLDER_RULES.version
    assert len(own) == len([one for one in library() if not one.file.endswith(".test.yaml")])
    assert bundle_of(tmp_path, own).files == {}

"""The centre's bundle: it wins, it is kept, it can be taken back, and nobody reads that of another."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from backbone.client import Backbone
from backbone.subjects import CONFIG_BUCKET
from domain.errors import LinkError
from gateway.reload.bundle import Bundle
from tests.cli.reload_site import KEY, Desk, desk, pressure, until
from tests.gateway.gateway_sites import GATEWAY, UNIT

pytestmark = pytest.mark.timeout(400)
"""Each test runs many commands or processes one after the other, on a machine that may be busy."""


async def bundle(here: Desk) -> Bundle:
    entry = await here.backbone.kv_newest(CONFIG_BUCKET, f"{UNIT}.{GATEWAY}")
    assert entry is not None
    return Bundle.decode(entry.value, entry.revision)


async def test_a_bundle_wins_survives_a_restart_without_backbone_and_is_withdrawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLC_NAME", "127.0.0.1")
    async with desk(tmp_path) as here:
        local = (await here.fengsui("config", "withdraw", KEY)).exit_code
        assert local == 1  # nothing was pushed
        centre = here.write(
            [here.near.described("near", [pressure(1), pressure(3)], host="${PLC_NAME}")], tmp_path / "centre"
        )
        async with here.gateway("--watch"):
            await here.heard("pressure-1", "pressure-2")
            pushed = await here.fengsui("config", "push", str(centre), "--by", "wang", "--note", "third device")
            assert (pushed.exit_code, "applied" in pushed.output) == (0, True)
            await here.heard("pressure-3")
            told = (await here.status())["config"]
            assert (told["source"], told["by"], told["in_force"]) == ("remote", "wang", "remote")
            kept = await bundle(here)
            assert (kept.by, kept.note, kept.revision) == ("wang", "third device", told["revision"])
            assert set(kept.files) == {"site.yaml", f"gateways/{GATEWAY}.yaml"}
            assert "${PLC_NAME}" in kept.files[f"gateways/{GATEWAY}.yaml"]

            here.write([here.far.described("far", [pressure(2, tags=["x"])])])
            waits = await here.ended("refused")
            assert waits["config"]["version"] == told["version"]
            asked = await here.fengsui("config", "apply", str(here.site))
            assert asked.exit_code == 1
            assert here.far.server.connections == 0

        await here.server.stop()
        async with here.gateway():
            polled = here.near.server.answered
            await until(_answered(here), lambda count: count > polled + 10)
            assert here.far.server.connections == 0
            await here.server.start()
            told = await until(here.status, lambda seen: seen["config"].get("source") == "remote")
            assert told["config"]["last"]["kind"] == "started"
            withdrawn = await here.fengsui("config", "withdraw", KEY)
            assert (withdrawn.exit_code, "applied" in withdrawn.output) == (0, True)
            told = await until(here.status, lambda seen: list(seen["connections"]) == ["far"])
            assert told["config"]["source"] == "local"
            shown = await here.fengsui("config", "status", "--json")
            assert json.loads(shown.output)[KEY]["config"]["in_force"] == "local"


async def test_bytes_that_are_no_bundle_and_a_bundle_with_problems_change_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path) as here, here.gateway():
        await here.heard("pressure-1", "pressure-2")
        good = (await here.status())["config"]["version"]
        await here.backbone.kv_put(CONFIG_BUCKET, f"{UNIT}.{GATEWAY}", b'{"format": 1}')
        await here.ended("refused")
        files = {"site.yaml": "site: [", f"gateways/{GATEWAY}.yaml": "gateway: x"}
        await here.backbone.kv_put(CONFIG_BUCKET, f"{UNIT}.{GATEWAY}", Bundle(files=files, by="x").encode())
        told = await here.ended("refused", 1)
        assert told["config"]["last"]["problems"][0]["file"] == "site.yaml"
        assert told["config"]["version"] == good
        assert (here.near.server.accepted, here.far.server.accepted) == (1, 1)


async def test_a_gateway_reads_its_own_bundle_and_no_other(tmp_path: Path) -> None:
    async with desk(tmp_path) as here:
        for name in (GATEWAY, "gw-west"):
            await here.backbone.kv_put(CONFIG_BUCKET, f"{UNIT}.{name}", Bundle(files={"site.yaml": name}).encode())
        own = here.server.credentials[f"gateway.{UNIT}.{GATEWAY}"]
        async with await Backbone.connect(here.server.url, credentials=own, name="thief") as thief:
            entry = await thief.kv_newest(CONFIG_BUCKET, f"{UNIT}.{GATEWAY}")
            assert entry is not None
            tries = [thief.kv_newest(CONFIG_BUCKET, stolen) for stolen in (f"{UNIT}.gw-west", f"{UNIT}.*", ">")]
            tries.append(thief.kv_get(CONFIG_BUCKET, f"{UNIT}.gw-west"))
            writing = thief.kv_put(CONFIG_BUCKET, f"{UNIT}.{GATEWAY}", b"mine")
            found = await asyncio.gather(*tries, writing, return_exceptions=True)
            assert [type(one) for one in found] == [LinkError] * 5  # the server gives no answer at all
            assert await heard_of_others(here, thief) == []


async def heard_of_others(here: Desk, thief: Backbone) -> list[str]:
    """Return the subjects that a gateway hears that listens to everybody's bundles."""
    heard: list[str] = []
    messages = await thief.subscribe(f"$KV.{CONFIG_BUCKET}.>")
    await here.backbone.kv_put(CONFIG_BUCKET, f"{UNIT}.gw-west", b"secret")
    await thief.kv_newest(CONFIG_BUCKET, f"{UNIT}.{GATEWAY}")  # what was heard before stands before this answer
    listening = asyncio.ensure_future(anext(messages))
    done, _ = await asyncio.wait([listening], timeout=0.5)
    heard += [one.result().subject for one in done]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return heard


def _answered(here: Desk) -> Callable[[], Awaitable[int]]:
    async def look() -> int:
        return here.near.server.answered

    return look

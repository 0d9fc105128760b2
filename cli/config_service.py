"""Questions to running gateways about their configuration, and the bundles that the centre keeps for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from backbone.client import Backbone
from backbone.subjects import CONFIG_BUCKET, configuration_key, gateway_service
from domain.errors import LinkError, RefusedError, WireError
from gateway.reload.bundle import Bundle

REQUEST_TIMEOUT_S = 15.0
"""A large site takes seconds to read."""

LOOK_S = 0.3
MOST_WAIT_S = 60.0
"""How long a gateway may take to begin with what it was given; a watch that it is in counts for nothing."""


class ConfigFace:
    """The gateways of a running site, and their bundles."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def statuses(self) -> dict[str, Mapping[str, Any]]:
        """Return the status documents of gateways (``unit/gateway``)."""
        found = await self._backbone.statuses()
        return {"/".join(key.split(".")[1:]): told for key, told in found.items() if key.startswith("gateway.")}

    async def told(self) -> dict[str, Mapping[str, Any]]:
        """Return ``config`` of each gateway as it says now; of one that does not answer the last, and ``silent``."""
        last = await self.statuses()
        now = await asyncio.gather(*(self._told_by(key, told) for key, told in last.items()))
        return dict(zip(last, now, strict=True))

    async def _told_by(self, key: str, last: Mapping[str, Any]) -> Mapping[str, Any]:
        if last.get("config") is None:
            return {"config": None}  # one of an earlier release
        try:
            return {"config": await self.status(key)}
        except LinkError:
            return {"config": last["config"], "silent": True}

    async def diff(self, key: str, files: Mapping[str, str] | None) -> Mapping[str, Any]:
        """Return what a configuration would change of a gateway, as the gateway itself sees it."""
        return await self._ask(key, "config_diff", **({} if files is None else {"files": dict(files)}))

    async def apply(self, key: str, version: str, by: str) -> int:
        """Let a gateway take its own folder; returns the number of the outcome."""
        return int((await self._ask(key, "config_apply", version=version, by=by))["number"])

    async def outcome(self, key: str, number: int) -> Mapping[str, Any]:
        """Wait until a gateway has come to an end with what it was given; raises LinkError when it goes away."""
        return await self._wait(key, lambda told: int(told["number"]) >= number)

    async def push(self, key: str, bundle: Bundle) -> int:
        """Store a bundle, or its withdrawal; returns its revision."""
        return await self._backbone.kv_put(CONFIG_BUCKET, configuration_key(*key.split("/")), bundle.encode())

    async def stored(self, key: str) -> Bundle | None:
        """Return the newest bundle of a gateway, None when there never was one."""
        entry = await self._backbone.kv_newest(CONFIG_BUCKET, configuration_key(*key.split("/")))
        return None if entry is None else Bundle.decode(entry.value, entry.revision)

    async def outcome_of_bundle(self, key: str, revision: int) -> Mapping[str, Any]:
        """Wait until a gateway has come to an end with a bundle; raises LinkError when it goes away."""
        return await self._wait(key, lambda told: told["last"]["revision"] == revision and told["watching"] is None)

    async def outcome_of_withdrawal(self, key: str, number: int) -> Mapping[str, Any]:
        """Wait until a gateway goes by its own folder again."""
        return await self._wait(key, lambda told: told["in_force"] == "local" and int(told["number"]) > number)

    async def status(self, key: str) -> Mapping[str, Any]:
        """Return what a gateway says of its configuration now; raises LinkError when it does not answer."""
        return await self._ask(key, "config_status")

    async def _wait(self, key: str, done: Any) -> Mapping[str, Any]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + MOST_WAIT_S
        while loop.time() < deadline:
            told = await self.status(key)
            if done(told):
                return told
            if told["watching"] is not None:
                deadline = loop.time() + MOST_WAIT_S
            await asyncio.sleep(LOOK_S)
        raise LinkError(f"{key}: {MOST_WAIT_S:.0f} 秒内未采用 / not taken within {MOST_WAIT_S:.0f} s")

    async def _ask(self, key: str, command: str, **request: Any) -> Mapping[str, Any]:
        body = {"command": command, **request}
        try:
            data = await self._backbone.request(gateway_service(*key.split("/")), body, timeout_s=REQUEST_TIMEOUT_S)
        except LinkError as error:
            raise LinkError(f"网关无应答 / the gateway does not answer: {key}") from error
        except RefusedError as error:
            raise RefusedError(f"{key}: {error}") from error
        if not isinstance(data, dict):
            raise WireError(f"{key} answered '{command}' in a form that is not ours")
        return data

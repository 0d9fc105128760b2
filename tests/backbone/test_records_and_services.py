"""Keys, leases, checkpoints, services, permissions and the MQTT face of the embedded server."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from backbone.client import Backbone
from backbone.errors import FencedError
from backbone.lease import Lease
from backbone.server_config import GatewayUser
from backbone.services import MOST_REQUEST
from backbone.subjects import gateway_service, telemetry
from domain.errors import FengsuiError, LinkError, RefusedError
from tests.servers import connected, embedded_server


async def test_keys_are_compared_before_they_are_set(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        revision = await backbone.kv_create("leases", "p0", b"a")
        with pytest.raises(FencedError):
            await backbone.kv_create("leases", "p0", b"b")
        await backbone.kv_update("leases", "p0", b"c", revision)
        with pytest.raises(FencedError):
            await backbone.kv_update("leases", "p0", b"d", revision)
        entry = await backbone.kv_get("leases", "p0")
        assert entry is not None
        assert entry.value == b"c"
        assert await backbone.kv_keys("leases") == ["p0"]
        assert await backbone.kv_get("leases", "absent") is None


async def test_a_lease_passes_on_only_when_its_holder_is_silent(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        first = await Lease.acquire(backbone, "p0", "a")
        assert first is not None

        async def renew() -> None:
            while await first.renew():
                await asyncio.sleep(0.1)

        renewing = asyncio.create_task(renew())
        assert await Lease.acquire(backbone, "p0", "b", ttl_s=0.5) is None
        renewing.cancel()
        second = await Lease.acquire(backbone, "p0", "b", ttl_s=0.5)
        assert second is not None
        assert second.epoch == first.epoch + 1
        assert not await first.renew()
        await second.release()
        third = await Lease.acquire(backbone, "p0", "c", ttl_s=60)
        assert third is not None


async def test_checkpoints_replace_each_other(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        assert await backbone.load_checkpoint("rules-0") is None
        await backbone.save_checkpoint("rules-0", b"x" * 3_000_000)
        await backbone.save_checkpoint("rules-0", b"new")
        assert await backbone.load_checkpoint("rules-0") == b"new"


async def test_services_answer_refuse_and_stay_up(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:

        async def handler(body: dict[str, Any]) -> Any:
            if body.get("raise") == "refused":
                raise RefusedError("fire stays until it is reset")
            if body.get("raise") == "bug":
                raise RuntimeError("secret detail")
            return {"echo": body}

        await backbone.serve("svc.test", handler)
        assert await backbone.request("svc.test", {"a": 1}) == {"echo": {"a": 1}}
        with pytest.raises(RefusedError, match="stays until"):
            await backbone.request("svc.test", {"raise": "refused"})
        with pytest.raises(LinkError) as told:
            await backbone.request("svc.test", {"raise": "bug"})
        assert "secret detail" not in str(told.value)
        with pytest.raises(FengsuiError, match="at most"):
            await backbone.request("svc.test", {"long": "x" * MOST_REQUEST})
        with pytest.raises(LinkError, match="nobody answers"):
            await backbone.request("svc.nobody", {})


async def test_status_documents_carry_their_time(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        await backbone.put_status("ingest.main", {"stored": 3})
        await backbone.kv_put("status", "foreign.junk", b"not json")
        documents = await backbone.statuses()
        assert set(documents) == {"ingest.main"}
        assert documents["ingest.main"]["stored"] == 3
        assert documents["ingest.main"]["time_ns"] > 1_700_000_000_000_000_000


async def test_a_gateway_may_publish_only_as_itself(tmp_path: Path) -> None:
    async with embedded_server(tmp_path, [("hotel", "gw1"), ("hotel", "gw2")]) as server, connected(server):
        credentials = server.credentials["gateway.hotel.gw1"]
        async with await Backbone.connect(server.url, credentials=credentials, name="gw1") as gateway:
            await gateway.publish(telemetry("hotel", "DDATA", "gw1", "d1"), b"mine")
            await gateway.put_status("gateway.hotel.gw1", {"uplink": "up"})
            for subject in (telemetry("hotel", "DDATA", "gw2", "d1"), telemetry("school", "NBIRTH", "gw1")):
                with pytest.raises(LinkError):
                    await gateway.publish(subject, b"not mine", timeout_s=0.3)


def hosting(nodes: int, units: int = 1) -> GatewayUser:
    return GatewayUser("hotel", "gw1", tuple((f"inn{at % units}", f"utd{at}") for at in range(nodes)))


@pytest.mark.parametrize(
    ("user", "also"),
    [
        (hosting(3), None),
        (hosting(200, units=40), ("inn7", "other")),
        (hosting(200, units=200), ("school", "other")),
    ],
)
async def test_a_hosting_gateway_may_publish_as_its_nodes_and_hear_their_rebirths(
    tmp_path: Path, user: GatewayUser, also: tuple[str, str] | None
) -> None:
    async with embedded_server(tmp_path, [user]) as server, connected(server) as backbone:
        credentials = server.credentials["gateway.hotel.gw1"]
        async with await Backbone.connect(server.url, credentials=credentials, name="gw1") as gateway:
            unit, node = user.hosted[1]
            for at in filter(None, (("hotel", "gw1"), (unit, node), also)):
                await gateway.publish(telemetry(at[0], "NBIRTH", at[1]), b"birth")
                await gateway.publish(telemetry(at[0], "DDATA", at[1], "d"), b"data")
                await gateway.publish(f"backfill.{at[0]}.{at[1]}.d", b"old")
            heard = await gateway.subscribe(telemetry("*", "NCMD", "*"))
            await asyncio.sleep(0)
            refused = [telemetry(unit, "NCMD", node), "alert.hotel.fire.reset"]
            refused += [telemetry("school", "NBIRTH", "gw1")] if also is None or also[0] != "school" else []
            for subject in refused:
                with pytest.raises(LinkError):
                    await gateway.publish(subject, b"not mine", timeout_s=0.3)
            await backbone.core_publish(telemetry(unit, "NCMD", node), b"rebirth")
            async with asyncio.timeout(40):
                assert (await anext(heard)).subject == telemetry(unit, "NCMD", node)


async def test_a_gateway_answers_requests_several_at_a_time_and_hears_no_others(tmp_path: Path) -> None:
    async with embedded_server(tmp_path, [("hotel", "gw1")]) as server, connected(server) as backbone:
        credentials = server.credentials["gateway.hotel.gw1"]
        release = asyncio.Event()

        async def handler(body: dict[str, Any]) -> Any:
            if body.get("slow"):
                await release.wait()
            return body

        async with await Backbone.connect(server.url, credentials=credentials, name="gw1") as gateway:
            await gateway.serve(gateway_service("hotel", "gw1"), handler, at_once=4)
            await gateway.serve(gateway_service("hotel", "gw2"), handler)
            await gateway.put_status("gateway.hotel.gw1", {})  # answered after the server has both subscriptions
            slow = asyncio.create_task(backbone.request(gateway_service("hotel", "gw1"), {"slow": True}))
            assert await backbone.request(gateway_service("hotel", "gw1"), {"a": 1}) == {"a": 1}
            release.set()
            assert await slow == {"slow": True}
            with pytest.raises(LinkError, match="nobody answers"):
                await backbone.request(gateway_service("hotel", "gw2"), {})


async def test_wrong_credentials_are_refused_at_once(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server:
        right = server.credentials["service"]
        wrong = type(right)(right.user, "guess")
        with pytest.raises((RefusedError, LinkError)):
            await Backbone.connect(server.url, credentials=wrong, name="thief", timeout_s=1)


async def test_secrets_are_private_and_stable(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server:
        mode = stat.S_IMODE(server.credentials_file.stat().st_mode)
        assert mode == 0o600
        before = dict(server.credentials)
    async with embedded_server(tmp_path, [("hotel", "gw9")]) as server:
        after = dict(server.credentials)
        assert before.items() <= after.items()
        assert "gateway.hotel.gw9" in after


async def test_a_plain_mqtt_client_sees_our_sparkplug_topics_and_may_not_write(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        viewer = server.credentials["viewer"]
        async with aiomqtt.Client(
            "127.0.0.1",
            port=server.mqtt_port,
            username=viewer.user,
            password=viewer.password,
            protocol=aiomqtt.ProtocolVersion.V311,
        ) as client:
            await client.subscribe("spBv1.0/#")
            await client.publish("spBv1.0/hotel/DDATA/gw/forged", b"forged")
            await backbone.publish(telemetry("hotel", "DBIRTH", "gw", "d1"), b"birth")
            await backbone.publish(telemetry("hotel", "DDATA", "gw", "d1"), b"data")
            seen: list[tuple[str, Any]] = []
            async with asyncio.timeout(40):
                async for message in client.messages:
                    seen.append((str(message.topic), message.payload))
                    if len(seen) == 2:
                        break
        assert seen == [("spBv1.0/hotel/DBIRTH/gw/d1", b"birth"), ("spBv1.0/hotel/DDATA/gw/d1", b"data")]

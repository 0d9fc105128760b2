"""A whole gateway whose backbone is somebody else's nats-server, over TLS with certificates of both sides."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from backbone.client import Backbone
from backbone.credentials import Credentials
from backbone.server import find_binary, free_ports
from backbone.sparkplug import decode_birth
from backbone.tls import TlsFiles
from domain.clock import SystemClock
from gateway.process import Link, run
from tests.certificates import Authority
from tests.gateway.gateway_sites import GATEWAY, UNIT, registry_of
from tests.gateway.http_push.push_desk import pushes
from tests.servers import answering

USER = Credentials("service", "a-password-of-the-test")


async def test_a_gateway_delivers_and_leaves_a_will_over_mutual_tls(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    authority = Authority(tmp_path)
    server, client = authority.signed("server"), authority.signed("client")
    files = TlsFiles(ca_file=authority.cert, cert_file=client.cert, key_file=client.key)
    tls = {"cert_file": str(server.cert), "key_file": str(server.key), "ca_file": str(authority.cert), "verify": True}
    port, mqtt = free_ports(2)
    config = {
        "server_name": "far", "listen": f"127.0.0.1:{port}", "tls": tls,
        "mqtt": {"listen": f"127.0.0.1:{mqtt}", "tls": tls},
        "jetstream": {"store_dir": str(tmp_path / "jetstream")},
        "authorization": {"users": [{"user": USER.user, "password": USER.password}]},
    }  # fmt: skip
    (tmp_path / "nats.conf").write_text(json.dumps(config))
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        str(find_binary()), "--config", str(tmp_path / "nats.conf"), stdout=quiet, stderr=quiet
    )
    stop = asyncio.Event()
    try:
        await answering(port)
        async with await Backbone.connect(
            f"tls://127.0.0.1:{port}", credentials=USER, name="test", tls=files
        ) as backbone:
            await backbone.ensure_streams()
            link = Link(
                nats_url=f"tls://127.0.0.1:{port}", credentials=USER, mqtt_host="127.0.0.1", mqtt_port=mqtt, tls=files
            )
            gateway = asyncio.create_task(
                run(
                    registry_of(pushes()), unit=UNIT, gateway=GATEWAY, link=link, state_dir=tmp_path / "state",
                    clock=SystemClock(), stop=stop,
                )
            )  # fmt: skip
            async with asyncio.timeout(60):
                while not (births := await backbone.messages("TELEMETRY", subjects=["*.*.NBIRTH.*"])):
                    await asyncio.sleep(0.05)
                stop.set()
                await gateway
            deaths = await backbone.messages("TELEMETRY", subjects=["*.*.NDEATH.*"])
    finally:
        stop.set()
        process.terminate()
        await process.wait()
    assert "presence" not in caplog.text  # its will is in place
    assert decode_birth(births[0].data).bd_seq is not None
    assert deaths

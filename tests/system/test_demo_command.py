"""`fengsui demo` as a stranger meets it: printed credentials, a plain MQTT client, the account, exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from backbone.server import free_ports
from backbone.sparkplug import decode_birth, decode_data, encode_rebirth

ROOT = Path(__file__).parents[2]
ACCOUNT = {
    "readings": {"produced", "accepted", "stored", "lost", "duplicated"},
    "alerts": {"raised", "open", "by_rule", "by_class"},
    "notifications": {"sent", "delivered", "failed"},
    "latency_ms": {"event_to_alert", "event_to_push"},
}


@pytest.mark.timeout(180)
async def test_a_plain_mqtt_client_sees_births_and_data_while_the_demo_runs(tmp_path: Path) -> None:
    report = tmp_path / "demo.json"
    arguments = ["demo", "--headless", "--duration", "16", "--report", str(report), "--state", str(tmp_path / "state")]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        *arguments,
        "--port",
        str(free_ports(1)[0]),
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    lines: list[str] = []
    listener: dict[str, str] = {}
    seen: dict[str, list[bytes]] = {}
    async for raw in process.stdout:
        lines.append(raw.decode())
        found = re.search(
            r"MQTT\s+127\.0\.0\.1:(?P<port>\d+).*user (?P<user>\S+)\s+password (?P<password>\S+)", lines[-1]
        )
        listener = found.groupdict() if found else listener
        if "5.0 s" in lines[-1] or "e-bike parks" in lines[-1]:
            seen = await listen(listener)
    assert await process.wait() == 0, "".join(lines)
    births = [decode_birth(payload) for payload in seen["DBIRTH"]]
    assert any(metric.name == "pressure" and metric.quantity == "kPa" for birth in births for metric in birth.metrics)
    assert decode_birth(seen["NBIRTH"][0]).bd_seq is not None
    assert all(len(decode_data(payload).alias) for payload in seen["DDATA"])
    check_account(json.loads(report.read_text()))


async def listen(listener: dict[str, str]) -> dict[str, list[bytes]]:
    """Subscribe as any MQTT 3.1.1 client does, ask for births, and collect until all kinds have come."""
    seen: dict[str, list[bytes]] = {}
    async with (
        asyncio.timeout(20),
        aiomqtt.Client(
            "127.0.0.1",
            port=int(listener["port"]),
            username=listener["user"],
            password=listener["password"],
            protocol=aiomqtt.ProtocolVersion.V311,
        ) as client,
    ):
        await client.subscribe("spBv1.0/#")
        await client.publish("spBv1.0/hotel/NCMD/gw-east", encode_rebirth(1_800_000_000_000_000_000))
        async for message in client.messages:
            kind = str(message.topic).split("/")[2]
            assert isinstance(message.payload, bytes)
            seen.setdefault(kind, []).append(message.payload)
            if {"NBIRTH", "DBIRTH", "DDATA"} <= set(seen) and len(seen["DBIRTH"]) >= 42:
                break
    return seen


def check_account(account: dict[str, Any]) -> None:
    """Hold the report to the form that is promised."""
    for part, fields in ACCOUNT.items():
        assert fields <= set(account[part]), part
    assert {"p50", "p99"} <= set(account["latency_ms"]["event_to_alert"])
    assert account["readings"]["lost"] == account["readings"]["duplicated"] == 0
    assert account["readings"]["stored"] > 1000


async def test_a_foreign_folder_is_never_emptied(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "demo", "--duration", "1", "--state", str(tmp_path), cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, errors = await process.communicate()
    assert process.returncode == 1
    assert "not a demo's" in errors.decode()
    assert (tmp_path / "thesis.txt").read_text() == "mine"

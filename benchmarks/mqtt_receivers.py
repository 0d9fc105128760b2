"""MQTT clients as receivers: what one message costs each of them, ack included. Not part of `make bench`.

``python -m benchmarks.mqtt_receivers [NAME …]``; clients that are not installed are left out. A Mosquitto keeps
30,000 messages of 10 numbers for a session; a process with one of the clients takes them, acknowledges each where its
caller can say so, and tells its processor time. Nothing is decoded or stored. The clients take turns, RUNS times.
"""

from __future__ import annotations

import asyncio
import importlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from benchmarks.mqtt_in import broker, mosquitto_program

MESSAGES, DEVICES, FIELDS, RUNS = 20_000, 500, 10, 3
TOPIC = "bench/+/up"
HOST = "127.0.0.1"

Receiver = Callable[[int, int], Coroutine[Any, Any, None]]
"""Takes the broker's port and a number of messages: subscribes, and returns when it has acknowledged so many."""


async def ours(port: int, messages: int, version: int = 4) -> None:
    """Receive with our own client."""
    from gateway.connectors.mqtt_client import Account, MqttClient

    account = Account(host=HOST, port=port, identifier=f"ours{version}", version=version, session_expiry_s=600)
    client = await MqttClient.connect(account)
    await client.subscribe(TOPIC)
    while messages > 0:
        taken = await client.messages(2000)
        client.ack(taken)
        messages -= len(taken)
    client.close()
    await asyncio.sleep(0.1)


async def ours_v5(port: int, messages: int) -> None:
    """Receive with our own client, version 5."""
    await ours(port, messages, 5)


async def paho(port: int, messages: int) -> None:
    """Receive with paho's own loop, acknowledged by hand."""
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    client = Client(CallbackAPIVersion.VERSION2, client_id="paho", clean_session=False, manual_ack=True)
    done, left = asyncio.Event(), [messages]

    def taken(client: Any, _: Any, message: Any) -> None:
        client.ack(message.mid, message.qos)
        left[0] -= 1

    client.on_message = taken
    client.on_subscribe = lambda *_: done.set()
    client.connect(HOST, port)
    client.subscribe(TOPIC, qos=1)
    while left[0] > 0 or not done.is_set():
        client.loop(0.1)
    client.disconnect()


async def aiomqtt(port: int, messages: int) -> None:
    """Receive with aiomqtt as it is: it acknowledges by itself, before its caller has the message."""
    from aiomqtt import Client

    async with Client(HOST, port, identifier="aiomqtt", clean_session=False) as client:
        await client.subscribe(TOPIC, qos=1)
        while messages > 0:
            await anext(client.messages)
            messages -= 1


async def gmqtt(port: int, messages: int) -> None:
    """Receive with gmqtt, which acknowledges when its callback is done."""
    module = importlib.import_module("gmqtt")
    client = module.Client("gmqtt", clean_session=False, optimistic_acknowledgement=False)
    done, left = asyncio.Event(), [messages]

    async def taken(*_: Any) -> int:
        left[0] -= 1
        if left[0] <= 0:
            done.set()
        return 0

    client.on_message = taken
    client.on_subscribe = lambda *_: done.set() if not messages else None
    await client.connect(HOST, port, version=4)
    client.subscribe(TOPIC, qos=1)
    await done.wait()
    await asyncio.sleep(0.1)
    await client.disconnect()


async def mqtt5(port: int, messages: int) -> None:
    """Receive with the codec mqtt5 (version 5 only; no client of its own) in the cheapest loop around it."""
    module = importlib.import_module("mqtt5")
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(module.ConnectPacket("mqtt5", session_expiry_interval=600).write())
    topic = module.TopicFilter(TOPIC, max_qos=module.QoS.AT_LEAST_ONCE)
    writer.write(module.SubscribePacket(1, [topic]).write())
    buffer, subscribed = bytearray(), False
    while messages > 0 or not subscribed:
        buffer += await reader.read(65_536)
        view, at, acks = memoryview(bytes(buffer)), 0, []
        while at < len(view):
            try:
                packet, size = module.read(view[at:])
            except IndexError:
                break
            at += size
            if type(packet) is module.PublishPacket:
                acks.append(module.PubAckPacket(packet.packet_id).write())
            subscribed = subscribed or isinstance(packet, module.SubAckPacket)
        del buffer[:at]
        writer.write(b"".join(acks))
        messages -= len(acks)
    await writer.drain()
    writer.close()


RECEIVERS: dict[str, Receiver] = {
    "paho": paho,
    "aiomqtt": aiomqtt,
    "gmqtt": gmqtt,
    "mqtt5": mqtt5,
    "ours": ours,
    "ours_v5": ours_v5,
}
MODULES = {
    "paho": "paho.mqtt.client",
    "aiomqtt": "aiomqtt",
    "gmqtt": "gmqtt",
    "mqtt5": "mqtt5",
    "ours": "gateway.connectors.mqtt_client",
    "ours_v5": "gateway.connectors.mqtt_client",
}


def main(names: list[str]) -> None:
    """Print processor time and wall time a message for each client: the middle of the runs, and all of them."""
    program = mosquitto_program()
    if program is None:
        raise SystemExit("mosquitto is not installed")
    chosen = [name for name in names or RECEIVERS if _is_there(MODULES[name])]
    for name, runs in asyncio.run(_compared(program, chosen)).items():
        spent, waited = zip(*runs, strict=True)
        print(
            f"{name:8} {statistics.median(spent):6.1f} µs of a processor a message "
            f"({min(spent):.1f}-{max(spent):.1f}), {1e6 / statistics.median(waited):8,.0f} messages/s"
        )


async def _compared(program: str, names: list[str]) -> dict[str, list[tuple[float, float]]]:
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(RUNS):
        for name in names:
            with tempfile.TemporaryDirectory() as folder:
                async with broker(program, Path(folder)) as port:
                    await _child("benchmarks.mqtt_receivers", "child", name, port, 0)
                    await _child("benchmarks.mqtt_publisher", port, MESSAGES, DEVICES, FIELDS)
                    told = await _child("benchmarks.mqtt_receivers", "child", name, port, MESSAGES)
                    spent, waited = map(float, told.split())
                    found[name].append((spent, waited))
    return found


async def _child(*words: object) -> str:
    command = [sys.executable, "-m", *map(str, words)]
    ran = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, text=True, timeout=30)
    return str(ran.stdout)


def _receive(name: str, port: int, messages: int) -> None:
    """In the child: receive, and print microseconds of processor and of time for each message."""
    importlib.import_module(MODULES[name])
    spent, began = time.process_time(), time.perf_counter()
    asyncio.run(RECEIVERS[name](port, messages))
    spent, waited = time.process_time() - spent, time.perf_counter() - began
    print(spent / max(messages, 1) * 1e6, waited / max(messages, 1) * 1e6)


def _is_there(module: str) -> bool:
    try:
        importlib.import_module(module)
    except ImportError:
        print(f"{module} is not installed")
        return False
    return True


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        _receive(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main(sys.argv[1:])

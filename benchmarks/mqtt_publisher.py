"""Publishes JSON messages at QoS 1 as fast as a broker takes them, with as little as possible of the machine.

Run as a program: ``python -m benchmarks.mqtt_publisher PORT MESSAGES DEVICES FIELDS``. It has its own few lines of
MQTT, so that it shares nothing with the client that is measured.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time

TOGETHER = 100
MOST_OPEN = 1000
CONNECT = b"\x10\x13\x00\x04MQTT\x04\x02\x00\x3c\x00\x07sensors"
DISCONNECT = b"\xe0\x00"
CONNACK_BYTES = PUBACK_BYTES = 4


def publish(port: int, messages: int, devices: int, fields: int) -> None:
    """Publish ``messages`` of ``fields`` numbers each, from ``devices`` by turns; returns when all are acknowledged."""
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(CONNECT)
        acked = -CONNACK_BYTES
        for start in range(0, messages, TOGETHER):
            sent = min(start + TOGETHER, messages)
            line.sendall(b"".join(_message(n, devices, fields) for n in range(start, sent)))
            while sent * PUBACK_BYTES - acked > MOST_OPEN * PUBACK_BYTES:
                acked += len(line.recv(65_536))
        while acked < messages * PUBACK_BYTES:
            acked += len(line.recv(65_536))
        line.sendall(DISCONNECT)


def _message(number: int, devices: int, fields: int) -> bytes:
    topic = f"bench/d{number % devices}/up".encode()
    payload = {"ts": int(time.time() * 1000)} | {f"f{at}": number + at for at in range(fields)}
    body = struct.pack(">H", len(topic)) + topic + struct.pack(">H", number % 65_535 + 1) + json.dumps(payload).encode()
    return b"\x32" + bytes((len(body) & 127 | 128, len(body) >> 7)) + body


if __name__ == "__main__":
    publish(*map(int, sys.argv[1:]))

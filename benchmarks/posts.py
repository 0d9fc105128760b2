"""How fast a lane of mail and of MQTT takes messages one after another and side by side, against servers on loopback.

    python -m benchmarks.posts

A budget of 60 mails a minute needs 1/s; what counts is that a lane's one connection is no bottleneck for it.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from alerts.channels import Channel, Outcome, Push, open_channel
from domain.site.channels import MqttSettings, SmtpSettings
from tests.alerts.mail_server import mail_server
from tests.servers import mosquitto

MESSAGES = 300
AT_ONCE = 8
BODY: dict[str, Any] = {
    "class": "hazard",
    "text_zh": "您单位东楼1楼安全出口处停放1辆电动自行车且违规充电，平台已发出预警提示，请立即消除隐患！",
    "text_en": "An e-bike is parked and charging at the exit.",
    "place": {"zh": "闽江大酒店 东楼", "en": "Minjiang Hotel", "unit": "hotel"},
    "person": {"id": "p-chen"},
}


async def main() -> None:
    """Measure both and print a line each."""
    async with mail_server() as server:
        mail = {"id": "m", "kind": "smtp", "host": "127.0.0.1", "port": server.port, "security": "none"}
        await _measure("mail", open_channel(SmtpSettings.model_validate({**mail, "sender": "f@fire.example"})))
    with tempfile.TemporaryDirectory() as folder:
        async with mosquitto(Path(folder)) as port:
            broker = {"id": "s", "kind": "mqtt", "host": "127.0.0.1", "port": port}
            await _measure("MQTT", open_channel(MqttSettings.model_validate(broker)))


async def _measure(name: str, channel: Channel) -> None:
    room, took_ms = asyncio.Semaphore(AT_ONCE), []

    async def send(number: int) -> None:
        async with room:
            started = time.perf_counter()
            push = Push(f"k-{number}", fire=False, body=BODY, address="lin@hotel.example")
            verdict = await channel.send(push, now_s=0)
            if verdict.outcome is not Outcome.ACCEPTED:
                raise SystemExit(f"{name}: {verdict.reason}")
            took_ms.append((time.perf_counter() - started) * 1000)

    await send(0)
    began = time.perf_counter()
    await asyncio.gather(*(send(number) for number in range(1, MESSAGES)))
    rate = (MESSAGES - 1) / (time.perf_counter() - began)
    await channel.close()
    took_ms.sort()
    median, late = took_ms[len(took_ms) // 2], took_ms[len(took_ms) * 99 // 100]
    print(f"{name}: {rate:.0f}/s with {AT_ONCE} at once, p50 {median:.1f} ms, p99 {late:.1f} ms")


if __name__ == "__main__":
    asyncio.run(main())

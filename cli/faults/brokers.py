"""Theme A, brokers: Mosquitto is killed, and messages are no messages."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np

from cli.faults.bench import bench, until
from cli.faults.devices import Broker, hears, publish
from cli.faults.scenario import Outcome, Theme, scenario
from cli.faults.small_site import (
    device,
    field,
    one_gateway,
    sensor_profile,
    sensors,
)


@scenario(
    "broker-killed",
    Theme.LOSS,
    (3, 20),
    "TB #1507; HA #9026, #52773",
    complaint=(
        "消息代理重启后不再恢复，期间的消息丢失",
        "no recovery after the broker's restart, and messages of the time are lost",
    ),
    holds=(
        "代理被 kill -9 两次：得到确认的消息每条入库一次",
        "the broker is killed twice: every acknowledged message is there once",
    ),
)
async def broker_killed(folder: Path) -> Outcome:
    """Kill Mosquitto between bursts of messages; what it acknowledged last may be lost with it, so each burst rests."""
    outcome = Outcome()
    profile = sensor_profile("radio", [field("n", kind="event")], time="ts")
    async with Broker(folder) as broker:
        site = one_gateway(sensors("mqtt", broker.port, [device("s1", "radio", "s1")]), profiles=[profile])
        async with bench(folder, site) as made:
            await made.gateway().start()
            await hears(made, "mqtt")
            sent = 0
            for burst in range(3):
                await publish(broker.port, "radio/s1", numbered(sent, 40))
                sent += 40
                if burst < 2:
                    await asyncio.sleep(1.5)
                    await broker.kill()
                    await asyncio.sleep(1)
                    await broker.start()
                    await hears_again(broker.port)
            await made.until_told(sent)
            outcome.account(await made.settle(), found := await made.readings())
    told = np.rint(found.of("s1/n").good.value).astype(int).tolist()
    outcome.figures["sent"] = sent
    outcome.hold(told == list(range(1, sent + 1)), f"{sent - len(set(told))} messages are missing")
    return outcome


def numbered(sent: int, count: int) -> list[dict[str, int]]:
    """Return messages with numbers and times of their own."""
    now_ms = time.time_ns() // 1_000_000
    return [{"n": sent + at + 1, "ts": now_ms + at} for at in range(count)]


async def hears_again(port: int) -> None:
    """Wait until a client can work with the broker."""
    await publish(port, "nobody/hears", [b"x"])


UNUSABLE = 3
"""Of the bad messages: junk, a list, a megabyte. The others are objects whose value is no number: bad quality."""


@scenario(
    "poison-message",
    Theme.LOSS,
    (12,),
    "TEL #11005, #2245, #15121",
    complaint=("一条坏数据使整批丢失或堵住", "one bad point loses a whole batch or blocks it"),
    holds=(
        "坏消息成为死信或坏质量并计数，好消息一条不少",
        "bad messages become dead letters or bad quality, counted; no good one is missing",
    ),
)
async def poison_message(folder: Path) -> Outcome:
    """Mix good messages with junk, wrong types, a token NaN and a megabyte."""
    outcome = Outcome()
    profile = sensor_profile("radio", [field("n")], time="ts")
    bad: list[bytes | str | dict[str, int]] = [b"\xff\x00junk", "[]", '{"n": NaN, "ts": 1}', '{"n": [1]}', b"x" * 2**21]
    async with Broker(folder) as broker:
        site = one_gateway(sensors("mqtt", broker.port, [device("s1", "radio", "s1")]), profiles=[profile])
        async with bench(folder, site) as made:
            await made.gateway().start()
            await hears(made, "mqtt")
            for burst in range(5):
                await publish(broker.port, "radio/s1", [*numbered(burst * 20, 20), bad[burst]])
            await made.until_told(100)

            async def all_set_aside() -> bool:
                return bool(sum((await made.status()).get("dead_letters", {}).values()) >= UNUSABLE)

            await until(all_set_aside, "dead letters")
            outcome.account(spool := await made.settle(), found := await made.readings())
    letters = sum(count for name, count in spool.counters.items() if name.startswith("dead."))
    series = found.of("s1/n")
    good = len(np.unique(np.rint(series.good.value)))
    doubtful = len(series) - len(series.good)
    outcome.figures |= {"sent": 100 + len(bad), "dead_letters": letters, "bad_quality": doubtful}
    outcome.hold(letters == UNUSABLE, f"{letters} dead letters for {UNUSABLE} messages that say nothing")
    outcome.hold(doubtful == len(bad) - UNUSABLE, f"{doubtful} readings of bad quality")
    outcome.hold(good == 100, f"{100 - good} good messages are missing")
    return outcome

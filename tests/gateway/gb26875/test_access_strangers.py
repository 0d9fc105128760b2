"""Transmitters that nobody registered: kept aside, shown for adoption, heard when they say fire."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from gateway.connectors.gb26875.protocol import Frame as Heard
from gateway.connectors.gb26875.quarantine import MOST_PER_IP, MOST_STRANGERS, Quarantine
from simulators.gb26875.frames import Command
from tests.gateway.gateway_sites import UNIT
from tests.gateway.gb26875.access_servers import FIRE, NORMAL, calling, component, own_state, serving, transmitter

FIRES = f"{UNIT}/access-1/stranger_fire"


async def test_a_stranger_is_not_confirmed_and_is_shown_with_what_it_sent(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server, 4711) as stranger:
        sent = await stranger.send(own_state(NORMAL))
        await server.until(lambda: server.figure("strangers") == 1)
        (shown,) = (await server.ask("strangers"))["strangers"]
        assert (shown["address"], shown["peer"], shown["frames"], shown["types"]) == ("4711", "127.0.0.1", 1, [21])
        assert (shown["fire"], shown["last_hex"]) == (False, sent.encode().hex())
        async with calling(server) as device:
            await device.say()  # whatever was to be answered before has left by now
        stranger.writer.write_eof()
        assert await stranger._reader.read() == b""


async def test_a_stranger_is_confirmed_after_its_frame_is_kept_where_the_site_wants_that(tmp_path: Path) -> None:
    async with serving(tmp_path, confirm_strangers=True) as server, calling(server, 4711) as stranger:
        sent = await stranger.send(own_state(NORMAL))
        assert (await stranger.answer(sent)).command == Command.CONFIRM
        (letter,) = server.desk.letters
        assert (letter.reason, letter.raw) == ("stranger", sent.encode())


async def test_a_strangers_fire_is_told_with_address_and_peer_and_not_with_every_resend(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server, 4711) as stranger:
        for _ in range(3):
            await stranger.send(component(FIRE))
        await server.until(lambda: server.desk.values(FIRES))
        async with calling(server) as device:
            await device.say(own_state(NORMAL))
        ((_, value, text),) = [one for one in server.desk.readings if one[0] == FIRES]
        assert value == 1
        assert "4711" in text
        assert "127.0.0.1" in text
        assert (await server.ask("strangers"))["strangers"][0]["fire"]


async def test_a_strangers_fire_that_the_disk_refused_is_told_when_it_has_room(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server, 4711) as stranger:
        server.desk.fails = True
        await stranger.send(component(FIRE))
        await server.until(lambda: server.figure("strangers") == 1)
        server.desk.fails = False
        await server.until(lambda: server.desk.values(FIRES) == [1])


async def test_strangers_are_known_after_a_restart_until_somebody_registers_them(tmp_path: Path) -> None:
    async with serving(tmp_path) as server, calling(server, 4711) as stranger:
        await stranger.send(own_state(NORMAL))
        await server.until(lambda: server.figure("strangers") == 1)
    async with serving(tmp_path) as server:
        assert [one["address"] for one in (await server.ask("strangers"))["strangers"]] == ["4711"]
    async with serving(tmp_path, transmitter(address=4711)) as server:
        assert (await server.ask("strangers"))["strangers"] == []


def frame(number: int) -> Heard:
    source = number.to_bytes(6, "little")
    return Heard(sequence=0, version=(1, 1), time=bytes(6), source=source, destination=bytes(6), command=2, data=b"")


def quarantine(path: Path | None = None) -> Quarantine:
    return Quarantine(path, is_known=lambda _, __: False)


def test_made_up_addresses_push_out_only_those_of_their_own_ip() -> None:
    kept = quarantine()
    kept.take(frame(1), b"", "10.0.0.1", 21, 1)
    for number in range(10 * MOST_PER_IP):
        kept.take(frame(number), b"", "10.0.0.2", 21, 2)
    assert len(kept) == 1 + MOST_PER_IP
    assert next(one.peer for one in kept) == "10.0.0.1"


def test_the_oldest_strangers_go_when_there_are_too_many() -> None:
    kept = quarantine()
    for number in range(MOST_STRANGERS + 5):
        kept.take(frame(number), b"", f"10.0.{number // 250}.{number % 250}", 21, number)
    assert len(kept) == MOST_STRANGERS
    assert next(iter(kept)).address == (5).to_bytes(6, "little")


@given(
    st.binary(max_size=200)
    | st.lists(
        st.dictionaries(st.sampled_from(["address_hex", "peer", "types", "frames"]), st.none() | st.text(max_size=5))
    ).map(lambda value: json.dumps(value).encode())
)
def test_a_damaged_file_of_strangers_is_let_go(raw: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "strangers.json"
        path.write_bytes(raw)
        assert len(quarantine(path)) == 0

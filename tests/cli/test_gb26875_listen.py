"""The installer's centre: what it shows, what it answers, and what it says at the end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from backbone.server import free_ports
from cli.app import app
from cli.gb26875_centre import Centre
from cli.gb26875_heard import MOST_SPEAKERS, Heard, Record
from cli.gb26875_stream import Profiles
from domain.clock import SystemClock
from domain.errors import LinkError
from domain.site.transmitters import TransmitterSettings
from gateway.connectors.gb26875.protocol import Command, Decoder, Frame, Received
from tests.cli.gateway_desk import SECOND_NS, START_NS, desk


def upload(source: int = 889, data: bytes = b"", command: int = Command.SEND, sequence: int = 1) -> bytes:
    """Return a frame of a transmitter."""
    return Frame(
        sequence=sequence, version=(1, 1), time=bytes.fromhex("203a091a090c"), source=source.to_bytes(6, "little"),
        destination=(88888).to_bytes(6, "little"), command=command, data=data,
    ).encode()  # fmt: skip


STATE = bytes.fromhex("150108") + bytes.fromhex("023a091a090c")
MANUAL_FIRE = bytes.fromhex("150102") + bytes.fromhex("023a091a090c")


@asynccontextmanager
async def centre(*, silent: bool = False) -> AsyncIterator[tuple[Centre, list[Heard]]]:
    """Run a centre on a free port; yields it, and what it tells."""
    told: list[Heard] = []
    record = Record(Profiles())

    def tell(heard: Heard) -> None:
        record.take(heard)
        told.append(heard)

    async with Centre("127.0.0.1", 0, record, tell, SystemClock(), silent=silent) as made:
        yield made, told


async def until(reached: Callable[[], bool]) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(60):
        while not reached():
            await asyncio.sleep(0.01)


async def test_an_upload_is_confirmed_with_its_number_swapped_addresses_and_no_data() -> None:
    async with centre() as (made, told):
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        writer.write(upload(data=STATE, sequence=513))
        answer = await asyncio.wait_for(reader.readexactly(30), 60)
        writer.close()
        (event,) = Decoder().feed(answer)
    assert isinstance(event, Received)
    frame = event.frame
    assert (frame.command, frame.sequence, frame.data) == (Command.CONFIRM, 513, b"")
    assert (int.from_bytes(frame.source, "little"), int.from_bytes(frame.destination, "little")) == (88888, 889)
    assert [one.out for one in told] == [False, True]


async def test_a_datagram_is_confirmed_to_its_sender() -> None:
    class Device(asyncio.DatagramProtocol):
        def __init__(self) -> None:
            self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
            del addr
            self.answer.set_result(data)

    async with centre() as (made, _):
        loop = asyncio.get_running_loop()
        transport, device = await loop.create_datagram_endpoint(Device, remote_addr=("127.0.0.1", made.port))
        transport.sendto(upload())
        async with asyncio.timeout(60):
            (event,) = Decoder().feed(await device.answer)
        transport.close()
    assert isinstance(event, Received)
    assert event.frame.command == Command.CONFIRM


async def test_a_silent_centre_answers_nothing() -> None:
    async with centre(silent=True) as (made, told):
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        bad = bytearray(upload())
        bad[-3] ^= 1
        writer.write(upload() + bytes(bad) + upload(sequence=2))
        await until(lambda: len(told) == 3)
        writer.write_eof()
        assert await reader.read(1) == b""
        writer.close()
    assert not any(one.out for one in told)


async def test_a_wrong_checksum_is_denied_and_a_confirm_is_not_answered() -> None:
    async with centre() as (made, told):
        reader, writer = await asyncio.open_connection("127.0.0.1", made.port)
        bad = bytearray(upload(sequence=9))
        bad[-3] ^= 1
        writer.write(bytes(bad) + upload(command=Command.CONFIRM) + upload(sequence=10))
        answers = await asyncio.wait_for(reader.readexactly(60), 60)
        writer.close()
    sent = [event.frame for event in Decoder().feed(answers) if isinstance(event, Received)]
    assert [(one.command, one.sequence) for one in sent] == [(Command.DENY, 9), (Command.CONFIRM, 10)]
    assert sum(one.out for one in told) == 2


async def test_who_connects_and_says_nothing_is_in_the_record() -> None:
    async with centre() as (made, _):
        _, writer = await asyncio.open_connection("127.0.0.1", made.port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        await writer.drain()
        writer.close()
        await until(lambda: bool(made.record.silent))
    assert dict(made.record.silent) == {"127.0.0.1": 1}
    assert not made.record.speakers


def test_made_up_addresses_do_not_fill_the_memory() -> None:
    record = Record(Profiles())
    for source in range(MOST_SPEAKERS + 50):
        (event,) = Decoder().feed(upload(source))
        record.take(Heard(time_ns=START_NS, peer="10.0.0.1:1", event=event))
    assert len(record.speakers) == MOST_SPEAKERS
    assert len(record.profiles.evidence) == MOST_SPEAKERS
    assert record.frames == MOST_SPEAKERS + 50


async def test_a_taken_port_is_a_link_error() -> None:
    async with centre() as (made, told):
        with pytest.raises(LinkError, match=str(made.port)):
            await Centre("127.0.0.1", made.port, made.record, told.append, SystemClock(), silent=True).__aenter__()


async def listening(port: int, frames: list[bytes], *arguments: str) -> Result:
    """Run the command on a port, and say ``frames`` to it once it listens."""

    def run() -> Result:
        environment = {"FENGSUI_LANG": None, "COLUMNS": "200"}
        return CliRunner().invoke(app, ["gb26875", "listen", "--port", str(port), *arguments], env=environment)

    command = asyncio.create_task(asyncio.to_thread(run))
    async with asyncio.timeout(60):
        while frames:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.write(b"".join(frames))
            await writer.drain()
            result = await command
            writer.close()
            return result
        return await command


async def test_the_command_shows_each_frame_sums_up_and_writes_yaml_that_adopts() -> None:
    (port,) = free_ports(1)
    frames = [upload(data=STATE), upload(890, MANUAL_FIRE)]
    done = await listening(port, frames, "--count", "2", "--lang", "en", "--hex")
    assert done.exit_code == 0
    for words in (
        "keeps nothing",
        "889 → 88888 #1",
        "mains fault",
        "fire alarm",
        "79 03 00 00",
        "21×1",
        "confirm",
    ):
        assert words in done.stdout
    assert "too much" in done.stdout  # the frames' clock stands in 2012
    entries = yaml.safe_load(done.stdout[done.stdout.index("      # 127.0.0.1") :])
    adopted = [TransmitterSettings.model_validate(entry) for entry in entries]
    assert [(one.address, one.profile, one.zone) for one in adopted] == [(889, "auto", "ZONE"), (890, "auto", "ZONE")]


async def test_json_lines_are_documents_and_nothing_else_is_on_standard_output() -> None:
    (port,) = free_ports(1)
    done = await listening(port, [upload(data=STATE)], "--count", "1", "--json", "--silent", "--hex")
    (line,) = done.stdout.splitlines()
    document = json.loads(line)
    assert (document["direction"], document["src"], document["type"], document["ok"]) == ("in", 889, 21, True)
    assert document["hex"] == upload(data=STATE).hex()
    assert "只听不确认" in done.stderr
    back = CliRunner().invoke(app, ["gb26875", "encode"], input=line)
    assert back.stdout.strip() == document["hex"]


async def test_silence_is_told_with_what_to_look_at_and_too_few_frames_are_exit_code_one() -> None:
    (port,) = free_ports(1)
    quiet = await listening(port, [], "--seconds", "0.2", "--lang", "en")
    missed = await listening(port, [], "--seconds", "0.2", "--count", "1")
    assert (quiet.exit_code, missed.exit_code) == (0, 1)
    assert "Nothing came. Look at:" in quiet.stdout


async def test_wrong_usage_and_a_taken_port_are_exit_code_two() -> None:
    async with centre() as (made, _):
        taken = await listening(made.port, [], "--seconds", "0.2")
    runner = CliRunner()
    none = runner.invoke(app, ["gb26875", "listen"])
    both = runner.invoke(app, ["gb26875", "listen", "--port", "1", "--gateway", "a/b"])
    alone = runner.invoke(app, ["gb26875", "listen", "--port", "1", "--transmitter", "a/b"])
    assert {taken.exit_code, none.exit_code, both.exit_code, alone.exit_code} == {2}


async def test_a_running_gateway_is_followed_without_telling_a_frame_twice(tmp_path: Path) -> None:
    kept = [{"time_ns": START_NS, "direction": "in", "hex": upload(data=STATE).hex()}]

    def frames(request: dict[str, Any]) -> Mapping[str, Any]:
        if request["transmitter"] != "east-utd":
            return {"frames": []}
        answer = {"frames": list(kept)}
        if len(kept) == 1:
            newer = {"time_ns": START_NS + SECOND_NS, "hex": upload(sequence=2).hex(), "direction": "in"}
            own = {"time_ns": START_NS + SECOND_NS - 1, "hex": upload(command=3).hex(), "direction": "out"}
            kept.extend([own, newer])
        return answer

    async with desk(tmp_path) as site:
        site.answers["frames"] = frames
        shown = await site.fengsui("gb26875", "listen", "--gateway", "hotel/gw-east", "--count", "2", "--json")
        nobody = await site.fengsui("gb26875", "listen", "--gateway", "hotel/gw-plain", "--seconds", "9")
        one = await site.fengsui(
            "gb26875", "listen", "--gateway", "hotel/gw-east", "--transmitter", "hotel/east-utd", "--seconds", "1"
        )
    documents = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [(told["direction"], told["cmd"], told["seq"]) for told in documents] == [
        ("in", 2, 1), ("out", 3, 1), ("in", 2, 2),
    ]  # fmt: skip
    assert {told["peer"] for told in documents} == {"hotel/east-utd"}
    assert nobody.exit_code == 1
    assert "hosts no transmitters" in nobody.stderr
    assert one.exit_code == 0
    assert "transmitters:" not in one.stdout

"""The cable: carries, is cut, is mended; what is cut stays cut until then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulators.cable import Cable, Cut
from simulators.listener import Listener


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()


@asynccontextmanager
async def cable_to_echo() -> AsyncIterator[Cable]:
    async with Listener(echo) as far, Cable("127.0.0.1", far.port) as cable:
        yield cable


@asynccontextmanager
async def plugged(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(40):
            yield reader, writer
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def said(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, words: bytes) -> bytes:
    writer.write(words)
    return await reader.readexactly(len(words))


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read(1) == b""
    except ConnectionError:
        return True


async def test_it_carries_both_ways_and_more_than_a_buffer() -> None:
    async with cable_to_echo() as cable, plugged(cable.port) as (reader, writer):
        words = bytes(range(256)) * 8_000
        assert await said(reader, writer, words) == words
        assert cable.carried_bytes == 2 * len(words)


async def test_the_end_of_one_side_is_told_to_the_other() -> None:
    async with cable_to_echo() as cable, plugged(cable.port) as (reader, writer):
        assert await said(reader, writer, b"hello") == b"hello"
        writer.write_eof()
        assert await ended(reader)


@pytest.mark.parametrize("how", list(Cut))
async def test_a_cut_closes_what_was_open(how: Cut) -> None:
    async with cable_to_echo() as cable, plugged(cable.port) as (reader, writer):
        assert await said(reader, writer, b"before") == b"before"
        cable.cut(how)
        assert cable.is_cut
        assert await ended(reader)


async def test_a_refusing_cut_turns_new_connections_away() -> None:
    async with cable_to_echo() as cable:
        cable.cut()
        async with plugged(cable.port) as (reader, _):
            assert await ended(reader)
        assert cable.turned_away == 1


async def test_a_black_hole_swallows_and_answers_nothing() -> None:
    async with cable_to_echo() as cable:
        cable.cut(Cut.BLACK_HOLE)
        async with plugged(cable.port) as (reader, writer):
            writer.write(b"is anybody there?")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await reader.read(1)
            cable.mend()
            assert await ended(reader), "what hung in the hole is closed, so that the peer tries anew"
        assert cable.carried_bytes == 0


async def test_a_mended_cable_carries_again() -> None:
    async with cable_to_echo() as cable:
        cable.cut()
        cable.mend()
        async with plugged(cable.port) as (reader, writer):
            assert await said(reader, writer, b"again") == b"again"


async def test_a_far_end_that_is_away_closes_the_near_one() -> None:
    async with Listener(echo) as far:
        port = far.port
    async with Cable("127.0.0.1", port) as cable, plugged(cable.port) as (reader, _):
        assert await ended(reader)

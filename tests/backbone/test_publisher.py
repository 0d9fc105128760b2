"""A publisher on a real server: what may not be published ends, and holds up nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from backbone import subjects
from backbone.client import Backbone
from domain.errors import RefusedError
from tests.servers import connected, embedded_server

OWN = subjects.telemetry("hotel", "DDATA", "Gw", "d")
OTHERS = subjects.telemetry("hotel", "DDATA", "UTD-9", "d")


async def test_what_a_user_may_not_publish_is_refused_and_the_rest_passes(tmp_path: Path) -> None:
    async with embedded_server(tmp_path, [("hotel", "Gw")]) as server, connected(server) as service:
        credentials = server.credentials["gateway.hotel.Gw"]
        async with (
            await Backbone.connect(server.url, credentials=credentials, name="gw") as gateway,
            gateway.publisher(window=8) as publisher,
            asyncio.timeout(40),
        ):
            forbidden = [await publisher.submit(OTHERS, b"x", message_id=f"no-{at}") for at in range(50)]
            own = [await publisher.submit(OWN, b"x", message_id=f"yes-{at}") for at in range(50)]
            told = await asyncio.gather(*forbidden, return_exceptions=True)
            await asyncio.gather(*own)
            assert {type(one) for one in told} == {RefusedError}
            assert gateway.forbidden == [OTHERS.lower()]
        found = await service.messages("TELEMETRY")
    assert [message.message_id for message in found] == [f"yes-{at}" for at in range(50)]


async def test_a_refused_message_names_its_subject(tmp_path: Path) -> None:
    async with embedded_server(tmp_path, [("hotel", "Gw")]) as server, connected(server):
        credentials = server.credentials["gateway.hotel.Gw"]
        async with (
            await Backbone.connect(server.url, credentials=credentials, name="gw") as gateway,
            gateway.publisher() as publisher,
            asyncio.timeout(40),
        ):
            with pytest.raises(RefusedError, match=r"utd-9.*may not publish"):
                await (await publisher.submit(OTHERS, b"x", message_id="no"))

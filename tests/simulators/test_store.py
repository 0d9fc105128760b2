"""The store that misbehaves on demand: what it answers, and what it keeps."""

from __future__ import annotations

import asyncio
import gzip

import httpx
import pytest

from domain.errors import WireError
from simulators.store import Kept, StoreMood, StoreServer

LINES = b"pump,device=d1 v=1,w=2 10\npump,device=d3 v=3 10"


async def post(store: StoreServer, body: bytes, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.post(f"{store.url}/write?db=x", content=body, headers=headers, timeout=5)


@pytest.mark.parametrize(
    ("mood", "status"),
    [(StoreMood.WELL, 204), (StoreMood.UNAVAILABLE, 503), (StoreMood.BUSY, 429), (StoreMood.REFUSES, 400)],
)
async def test_moods_answer_as_they_are_called(mood: StoreMood, status: int) -> None:
    async with StoreServer() as store:
        store.mood = mood
        answer = await post(store, LINES)
    assert answer.status_code == status
    assert ("Retry-After" in answer.headers) == (mood is StoreMood.BUSY)
    assert len(store.kept.readings) == (3 if status == 204 else 0)
    assert store.answers == {status: 1}


async def test_poison_refuses_the_whole_request_and_many_lines_are_too_large() -> None:
    async with StoreServer(poison=b"device=d3", most_lines=1) as store:
        assert (await post(store, LINES)).status_code == 400
        store.mood = StoreMood.TOO_LARGE
        assert (await post(store, LINES)).status_code == 413
        assert (await post(store, LINES.split(b"\n")[0])).status_code == 204
    assert len(store.kept.readings) == 2


async def test_what_is_written_twice_is_kept_once_and_gzip_is_understood() -> None:
    async with StoreServer() as store:
        for _ in range(2):
            assert (await post(store, gzip.compress(LINES), **{"Content-Encoding": "gzip"})).status_code == 204
    assert (len(store.kept.readings), store.kept.written) == (3, 6)


async def test_a_store_that_hangs_answers_when_it_is_well_again() -> None:
    async with StoreServer() as store:
        store.mood = StoreMood.HANGS
        asked = asyncio.create_task(post(store, LINES))
        await asyncio.sleep(0.1)
        assert not asked.done()
        store.mood = StoreMood.WELL
        assert (await asked).status_code == 204


async def test_queries_are_answered_as_by_an_empty_database_and_strange_paths_refused() -> None:
    async with StoreServer() as store, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(f"{store.url}/query", data={"q": "SELECT 1; SELECT 2"})
        strange = await client.post(f"{store.url}/elsewhere", content=b"")
    assert len(answer.json()["results"]) == 2
    assert strange.status_code == 404


@pytest.mark.parametrize("line", [b"", b"pump v=1", b"pump 10", b"pump,device=d v=1 now"])
def test_what_is_no_line_is_not_kept(line: bytes) -> None:
    with pytest.raises(WireError):
        Kept().add(line)


def test_quality_and_text_belong_to_their_reading() -> None:
    kept = Kept()
    kept.add(b'pump,device=d1 v=1,v.quality=7i,v.text="a, b=c" 10')
    assert kept.written == len(kept.readings) == 1

"""Short answer links: as good as whole ones, for one message, and for nobody who guesses."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alerts.links import LIFE_S, Claims, expiry, make_token
from alerts.schema import Notification
from alerts.short_links import PREFIX, claims_of, short_token
from domain.errors import RefusedError
from tests.alerts.alerts_scene import SIGNING_KEY, Scene, scene, transition


async def claims(bench: Scene, token: str, key: bytes = SIGNING_KEY) -> Claims:
    office = bench.office
    return await office.database.read(lambda session: claims_of(office.desk(session), token, key))


async def notice(bench: Scene) -> Notification:
    await bench.say(transition())
    return await bench.office.database.read(lambda session: session.scalars(select(Notification)).one())


async def test_a_short_link_says_what_the_whole_one_says(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        one = await notice(bench)
        token = short_token(one.id, SIGNING_KEY)
        whole = Claims(alert=one.alert_id, person=one.person, notification=one.id, expires_ns=expiry(one.created_ns))
        assert await claims(bench, token) == whole == await claims(bench, make_token(whole, SIGNING_KEY))
        assert len(token) < 60


async def test_a_short_link_ends_when_the_whole_one_does(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        token = short_token((await notice(bench)).id, SIGNING_KEY)
        bench.clock.advance(LIFE_S + 1)
        with pytest.raises(RefusedError, match="expired"):
            await claims(bench, token)


async def test_forged_links_open_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        one = await notice(bench)
        good = short_token(one.id, SIGNING_KEY)
        other = short_token("0" * 32, SIGNING_KEY)
        for token in (
            good[:-1],
            good[:-1] + ("A" if good[-1] != "A" else "B"),
            f"{PREFIX}{one.id}.{other.rpartition('.')[2]}",
            f"{PREFIX}{one.id}",
            f"{PREFIX}.",
            other,
            short_token(one.id, SIGNING_KEY[::-1]),
        ):
            with pytest.raises(RefusedError, match="no valid link"):
                await claims(bench, token)


@given(st.text(max_size=80))
def test_any_text_is_signed_or_refused_without_a_crash(text: str) -> None:
    assert short_token(text, SIGNING_KEY).startswith(PREFIX)


def test_a_short_key_signs_nothing() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        short_token("0" * 32, b"short")

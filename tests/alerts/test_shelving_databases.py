"""Shelving a fire by two, and extending it, through the service on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from alerts import transitions
from alerts.actions_service import ActionsService
from alerts.database import Database
from alerts.directory import Directory
from alerts.office import Office
from alerts.silences_service import SilencesService
from domain.clock import NS_PER_S, FakeClock
from domain.errors import RefusedError
from tests.alerts.alerts_scene import fire, hotel
from tests.alerts.second_person import vouched

HOUR_NS = 3600 * NS_PER_S


@pytest_asyncio.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    database = await Database.open(database_url)
    yield Office(database, Directory(hotel()), FakeClock())
    await database.close()


async def test_a_shelf_of_two_is_extended_in_one_deed_or_stays_as_it_is(office: Office) -> None:
    raised, service = fire(), ActionsService(office, b"no link is signed here")
    await office.change(lambda desk: transitions.apply(desk, [(1, raised)]))
    clock = office.clock
    assert isinstance(clock, FakeClock)

    def asked(hours: int, **more: Any) -> dict[str, Any]:
        until_ns = clock.now_ns() + hours * HOUR_NS
        return {"id": raised.id, "by": "op", "reason": f"{hours} h", "until_ns": until_ns, **more}

    def second() -> dict[str, Any]:
        return vouched(office, "王参谋").model_dump()

    with pytest.raises(RefusedError, match="takes two"):
        await service.shelve(asked(1))
    began_ns = clock.now_ns()
    await service.shelve(asked(1, second=second()))
    clock.advance(60)
    for wrong, reason in ((asked(2), "takes two"), (asked(9, second=second()), "8 h at most")):
        with pytest.raises(RefusedError, match=reason):
            await service.extend(wrong)
    alert = (await service.extend(asked(2, second=second())))["alert"]
    assert (alert["shelved_until_ns"], alert["shelve_reason"]) == (clock.now_ns() + 2 * HOUR_NS, "2 h")
    assert (alert["shelved_by"], alert["shelved_with"]) == ("op", "王参谋")
    silences = SilencesService(office, None)  # type: ignore[arg-type]  # handlers are called, nothing is served
    (listed,) = (await silences.list({}))["silences"]
    assert (listed["starts_ns"], listed["updated_ns"]) == (began_ns, clock.now_ns())

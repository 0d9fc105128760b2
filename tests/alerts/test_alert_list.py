"""Pages of the record: the right ones, in order, each once, while alerts come and go."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import actions, listing
from alerts.face import AlertPage, ListRequest
from alerts.links import LEAST_KEY
from alerts.service import AlertsService
from domain.alarm import AlarmClass, EntityKind, Level, Place
from domain.errors import RefusedError
from tests.alerts.alerts_scene import PUMPS, Scene, fire, scene, transition


async def pages(bench: Scene, request: ListRequest) -> list[AlertPage]:
    """Return all pages of a list."""
    service, found = AlertsService(bench.office, b"x" * LEAST_KEY), []
    while True:
        page = AlertPage.model_validate(await service.list(request.model_dump(mode="json", exclude_none=True)))
        found.append(page)
        if page.next_cursor is None:
            return found
        request = request.model_copy(update={"cursor": page.next_cursor})


async def ids(bench: Scene, **asked: object) -> list[str]:
    found = await pages(bench, ListRequest.model_validate(asked))
    return [alert.id for page in found for alert in page.alerts]


async def crowd(bench: Scene, count: int) -> list[str]:
    """Raise alarms of several classes, some of them at the same instant; returns their ids in the order of time."""
    raised = []
    classes = [AlarmClass.FAULT, AlarmClass.HAZARD, AlarmClass.DUTY]
    for number in range(count):
        one = transition(f"rule-{number}", alarm_class=classes[number % 3], text_en=f"Number {number} says so")
        raised.append(await bench.say(one))
        if number % 4 == 0:
            bench.clock.advance(1)
    return raised


@pytest.mark.parametrize("limit", [1, 3, 7, 500])
@pytest.mark.parametrize("open_only", [True, None])
async def test_pages_have_each_alert_once_in_one_order(tmp_path: Path, limit: int, open_only: bool | None) -> None:  # noqa: FBT001
    async with scene(tmp_path) as bench:
        raised = await crowd(bench, 20)
        whole = await ids(bench, open=open_only, limit=500)
        assert await ids(bench, open=open_only, limit=limit) == whole
        assert sorted(whole) == sorted(raised)
        alerts = [await bench.alert(one) for one in whole]
        order = [(one.priority if open_only else 0, -one.raised_at_ns, one.id) for one in alerts]
        assert order == sorted(order)


async def test_what_is_raised_and_closed_meanwhile_shifts_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        raised = await crowd(bench, 12)
        request, seen = ListRequest(limit=5), []
        for number in range(4):
            found = await bench.office.database.read(lambda session, asked=request: listing.page(session, asked))  # type: ignore[misc]
            seen += [alert.id for alert in found.alerts]
            bench.clock.advance(1)
            await bench.say(transition(f"late-{number}"))
            if found.next is None:
                break
            request = request.model_copy(update={"cursor": str(found.next)})
        assert sorted(seen) == sorted(raised)


async def test_filters_find_what_they_say(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        there = await bench.say(transition("parking", level=Level.NOTICE))
        bench.clock.advance(10)
        burning = await bench.say(fire(text_en="Smoke 100% sure", place=PUMPS))
        elsewhere = Place(unit="school", device="d-1")
        other = await bench.say(
            transition(
                "fault", place=elsewhere, entity="school/d-1", entity_kind=EntityKind.DEVICE, level=Level.CRITICAL
            )
        )
        await bench.do(burning, lambda desk, alert: actions.acknowledge(desk, alert, "li"))
        at_ns = (await bench.alert(burning)).raised_at_ns
        cases: list[tuple[dict[str, object], list[str]]] = [
            ({"open": True}, [burning, other, there]),
            ({"classes": ["fire"]}, [burning]),
            ({"classes": ["fire", "duty"], "unit": "hotel"}, [burning]),
            ({"unit": "hotel", "zone": "east-b1-pump"}, [burning]),
            ({"unit": "hotel", "building": "east"}, [burning, there]),
            ({"unit": "school", "device": "d-1"}, [other]),
            ({"rule": "parking"}, [there]),
            ({"rule": "parking", "unit": "school"}, []),
            ({"rules": ("parking", "no-such-rule")}, [there]),
            ({"rules": ("no-such-rule",), "open": True}, []),
            ({"rule": "parking", "open": True, "unit": "hotel"}, [there]),
            ({"level": "notice"}, [there]),
            ({"state": "acknowledged"}, [burning]),
            ({"state": "unacknowledged"}, [other, there]),
            ({"state": "closed"}, []),
            ({"state": "shelved"}, []),
            ({"state": "suppressed"}, []),
            ({"text": "100% SURE"}, [burning]),
            ({"text": "100_"}, []),
            ({"since_ns": at_ns}, sorted([burning, other])),
            ({"until_ns": at_ns}, [there]),
            ({"units": ["school"]}, [other]),
            ({"units": []}, []),
            ({"units": ["school"], "unit": "hotel"}, []),
            ({"units": ["school", *(f"u-{number}" for number in range(40))]}, [other]),
            ({"units": ["school"], "open": True}, [other]),
        ]
        for asked, wanted in cases:
            found = await ids(bench, **asked)
            assert (sorted(found) if "since_ns" in asked else found) == wanted, asked


async def test_a_filter_looks_at_so_many_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LOOKED_AT", 3)
    async with scene(tmp_path) as bench:
        raised = await crowd(bench, 20)
        for asked in ({"text": "Number 0 says"}, {"text": "Number 0 says", "open": True}):
            found = await pages(bench, ListRequest.model_validate({**asked, "limit": 5}))
            assert len(found) > 2
            assert [alert.id for page in found for alert in page.alerts] == [raised[0]]
        assert sorted(await ids(bench, text="says", limit=2)) == sorted(raised)
        assert sorted(await ids(bench, text="says", limit=2, open=True)) == sorted(raised)


@pytest.mark.parametrize(
    "asked",
    [{"zone": "exit"}, {"open": False, "state": "shelved"}, {"open": True, "state": "closed"}, {"limit": 501}],
)
def test_what_contradicts_itself_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        ListRequest.model_validate(asked)


@given(st.text(max_size=64))
def test_any_cursor_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(RefusedError):
        assert listing.Cursor.read(text).priority < 7


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = listing.Cursor(3, 1_800_000_000_000_000_000, "a_-9")
    assert listing.Cursor.read(str(cursor)) == cursor

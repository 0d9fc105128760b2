"""The face: what dashboards may import, and that no request can do more than be refused."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel
from sqlalchemy import select, update

from alerts import face, outbox
from alerts.desk import Desk
from alerts.directory import Directory
from alerts.schema import NoticeState, Notification
from alerts.service import AlertsService
from domain.alarm import Place
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from tests.alerts.alerts_scene import EXIT, PUMPS, SIGNING_KEY, Scene, fire, hotel, scene, transition
from tests.alerts.flood_scene import faults, tick

REQUESTS: list[type[BaseModel]] = [
    face.ListRequest,
    face.GetRequest,
    face.ActionRequest,
    face.ConfirmRequest,
    face.CommentRequest,
    face.LinkRequest,
    face.AnswerRequest,
]


def test_the_face_brings_nothing_of_the_service_along() -> None:
    code = "import sys, alerts.face; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = found.stdout.split()
    assert "alerts.face" in modules
    assert not {"sqlalchemy", "alembic", "httpx", "alerts.schema", "alerts.database"} & set(modules)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = ["id", "by", "open", "classes", "unit", "rule", "limit", "finding", "text", "token", "answer", "note", "x"]


@given(st.sampled_from(REQUESTS), st.dictionaries(st.sampled_from(_FIELDS), _JSON))
def test_any_request_is_read_or_refused(model: type[BaseModel], body: dict[str, object]) -> None:
    try:
        request = model.model_validate(body)
    except ValueError:
        return
    request.model_dump_json().encode()  # what is let in can be written down


def service(bench: Scene) -> AlertsService:
    """Return the handlers over a bench."""
    return AlertsService(bench.office, SIGNING_KEY)


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 0},
        {"limit": face.MOST_LISTED + 1},
        {"classes": ["flood"]},
        {"unit": "no spaces"},
        {"order_by": "id"},
    ],
)
async def test_a_malformed_list_is_refused(tmp_path: Path, body: dict[str, object]) -> None:
    async with scene(tmp_path) as bench:
        with pytest.raises(ValueError, match="validation error"):
            await service(bench).list(body)


async def test_an_unknown_alert_is_not_found(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        action = {"id": "nobody", "by": "op"}
        for reply in (
            service(bench).get({"id": "nobody"}),
            service(bench).acknowledge(action),
            service(bench).reset(action),
            service(bench).comment({**action, "text": "?"}),
        ):
            with pytest.raises(RefusedError) as missing:
                await reply
            assert missing.value.code == 404


async def test_a_refused_action_changes_nothing(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(fire())
        before = (await service(bench).get({"id": alert}))["audit"]
        with pytest.raises(RefusedError):
            await service(bench).reset({"id": alert, "by": "op"})
        assert (await service(bench).get({"id": alert}))["audit"] == before


async def test_late_news_are_counted_and_left_out_of_the_latencies(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await bench.say(transition("late", historical=True), transition("now"))
        stats = face.Stats.model_validate(await service(bench).stats({}))
        assert (stats.raised, stats.open, stats.latency_ms.excluded_historical) == (2, 2, 1)
        assert stats.latency_ms.event_to_push == face.Latency(count=0, p50=None, p99=None)
        assert stats.notifications.queued == 2


@pytest.mark.parametrize(
    ("after_s", "waits_s"),
    [(0, 0.0), (600, 600.0), (600, 607.0)],
    ids=["at once", "at the time of its step", "seven seconds after its step"],
)
async def test_a_push_is_late_from_when_its_policy_wants_it(tmp_path: Path, after_s: float, waits_s: float) -> None:
    policy = {"classes": ["hazard"], "steps": [{"after_s": after_s, "to": ["responsible"]}]}
    async with scene(tmp_path, hotel(escalation=[policy])) as bench:
        happened_ns = bench.clock.now_ns() - 2 * NS_PER_S
        await bench.say(transition(event_time_ns=happened_ns))
        await tick(bench, waits_s)
        bench.clock.advance(1)
        await bench.office.change(_accept)
        stats = face.Stats.model_validate(await service(bench).stats({}))
        ours_ms = (2 + waits_s - after_s + 1) * 1000
        assert stats.latency_ms.event_to_push == face.Latency(count=1, p50=ours_ms, p99=ours_ms)


async def test_what_a_dead_channel_cost_is_latency_of_the_push_that_went_by_another(tmp_path: Path) -> None:
    phones = [{"id": name, "kind": "webhook", "url": f"http://127.0.0.1:9/{name}"} for name in ("phone", "spare")]
    policy = {"classes": ["hazard"], "steps": [{"after_s": 0, "to": ["responsible"]}]}
    async with scene(tmp_path, hotel(phones, [policy])) as bench:
        await bench.say(transition(event_time_ns=bench.clock.now_ns()))
        await tick(bench)
        bench.clock.advance(600)
        assert await bench.office.change(_give_up) == "spare"
        bench.clock.advance(1)
        await bench.office.change(_accept)
        stats = face.Stats.model_validate(await service(bench).stats({}))
        assert stats.latency_ms.event_to_push == face.Latency(count=1, p50=601_000.0, p99=601_000.0)


def _give_up(desk: Desk) -> str | None:
    """Give the message up on its first channel; returns the one that it goes by then."""
    notice = desk.session.scalars(select(Notification).where(Notification.channel == "phone")).one()
    outbox.give_up(desk, notice, "nobody answers", alarm=False)
    return desk.session.scalar(select(Notification.channel).where(Notification.id != notice.id))


async def test_a_digest_is_late_from_when_it_is_due(tmp_path: Path) -> None:
    policy = {"classes": ["fault"], "steps": [{"after_s": 0, "to": ["p-lin"]}]}
    async with scene(tmp_path, hotel(escalation=[policy])) as bench:
        await faults(bench, 15, every_s=0)
        await tick(bench)
        await tick(bench, 60 + 4)
        bench.clock.advance(1)
        await bench.office.change(functools.partial(_accept, reasons="digest-%"))
        stats = face.Stats.model_validate(await service(bench).stats({}))
        assert stats.latency_ms.event_to_push == face.Latency(count=1, p50=5000.0, p99=5000.0)


def _accept(desk: Desk, reasons: str = "%") -> None:
    """Let the platforms take messages now."""
    taken = update(Notification).where(Notification.reason.like(reasons), Notification.state != NoticeState.DEAD)
    desk.session.execute(taken.values(accepted_at_ns=desk.now_ns, state=NoticeState.ACCEPTED))


def test_places_are_written_as_people_say_them() -> None:
    directory = Directory(hotel())
    assert directory.place_labels(EXIT)["zh"] == "闽江大酒店 东楼 1楼 安全出口"
    assert directory.place_labels(PUMPS)["zh"] == "闽江大酒店 东楼 地下1层 消防泵房"
    assert directory.place_labels(EXIT)["en"] == "Minjiang Hotel, East building, floor 1, exit"
    assert directory.place_labels(Place(unit="elsewhere"))["zh"] == ""


def test_times_are_those_of_the_site() -> None:
    assert Directory(hotel()).local_time(1_800_000_000_000_000_000) == "2027-01-15T16:00:00+08:00"
    assert Directory(hotel(timezone="No/Such_Zone")).local_time(0) == "1970-01-01T00:00:00+00:00"

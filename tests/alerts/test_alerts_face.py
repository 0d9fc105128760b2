"""The face: what dashboards may import, and that no request can do more than be refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from alerts import face
from alerts.directory import Directory
from alerts.service import AlertsService
from domain.alarm import Place
from domain.errors import RefusedError
from tests.alerts.alerts_scene import EXIT, PUMPS, SIGNING_KEY, Scene, fire, hotel, scene, transition

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


def test_places_are_written_as_people_say_them() -> None:
    directory = Directory(hotel())
    assert directory.place_labels(EXIT)["zh"] == "闽江大酒店 东楼 1楼 安全出口"
    assert directory.place_labels(PUMPS)["zh"] == "闽江大酒店 东楼 地下1层 消防泵房"
    assert directory.place_labels(EXIT)["en"] == "Minjiang Hotel, East building, floor 1, exit"
    assert directory.place_labels(Place(unit="elsewhere"))["zh"] == ""


def test_times_are_those_of_the_site() -> None:
    assert Directory(hotel()).local_time(1_800_000_000_000_000_000) == "2027-01-15T16:00:00+08:00"
    assert Directory(hotel(timezone="No/Such_Zone")).local_time(0) == "1970-01-01T00:00:00+00:00"

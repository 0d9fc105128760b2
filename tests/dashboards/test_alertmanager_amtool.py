"""The real amtool (Debian's prometheus-alertmanager) against a running site: alerts, silences, and its refusals."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from domain.alarm import AlarmClass, EntityKind, Level
from tests.dashboards.accounts_of_rooms import employ
from tests.dashboards.control_room import API_TOKEN, ControlRoom, control_room
from tests.servers import require

pytestmark = pytest.mark.asyncio(loop_scope="module")

BEARER = {"Authorization": f"Bearer {API_TOKEN}"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def room(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ControlRoom]:
    require("amtool")
    async with control_room(tmp_path_factory.mktemp("amtool")) as opened:
        yield opened


async def amtool(room: ControlRoom, folder: Path, *words: str, token: bool = True, path: str = "") -> tuple[int, str]:
    """Run amtool; returns its exit code and what it wrote."""
    config = folder / "http.yml"
    config.write_text(f"authorization:\n  type: Bearer\n  credentials: '{API_TOKEN}'\n")
    options = ["--alertmanager.url", room.console.url.rstrip("/") + path]
    if token:
        options += ["--http.config.file", str(config)]
    process = await asyncio.create_subprocess_exec(
        require("amtool"),
        *options,
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"HOME": str(folder), "TZ": "UTC"},
    )
    written, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, written.decode()


async def until_listed(room: ControlRoom, folder: Path, rule: str, *words: str) -> list[dict[str, Any]]:
    """Return the alerts of a rule as amtool lists them, once there are some."""
    async with asyncio.timeout(30):
        while True:
            code, written = await amtool(room, folder, "alert", "query", f"alertname={rule}", *words, "-o", "json")
            assert code == 0, written
            found: list[dict[str, Any]] = json.loads(written)
            if found:
                return found
            await asyncio.sleep(0.2)


async def raised(room: ControlRoom, folder: Path, **changes: Any) -> tuple[str, dict[str, Any]]:
    rule = f"rule-{time.time_ns()}"
    await room.alarm(rule, **{"alarm_class": AlarmClass.HAZARD, **changes})
    (found,) = await until_listed(room, folder, rule)
    return rule, found


async def test_amtool_lists_our_alerts(room: ControlRoom, tmp_path: Path) -> None:
    rule, alert = await raised(room, tmp_path, level=Level.WARNING)
    assert alert["labels"] == {
        "alertname": rule,
        "class": "hazard",
        "severity": "warning",
        "unit": "hotel",
        "building": "east",
        "floor": "1",
        "zone": "exit",
        "zone_kind": "exit",
        "gateway": "gw-east",
        "device": "panel",
        "instance": "hotel/panel",
    }
    assert alert["status"] == {"state": "active", "silencedBy": [], "inhibitedBy": []}
    assert alert["annotations"]["summary"] == "东楼1楼安全出口火警"
    code, written = await amtool(room, tmp_path, "alert", "query", f"alertname={rule}")
    assert code == 0
    assert rule in written
    assert "东楼1楼安全出口火警" in written
    assert "active" in written
    code, written = await amtool(room, tmp_path, "alert", "query", rule, path="/alertmanager")
    assert rule in written
    _, written = await amtool(room, tmp_path, "alert", "query", 'class!~"haz.*"', f'alertname="{rule}"', "-o", "json")
    assert json.loads(written) == []
    _, written = await amtool(room, tmp_path, "alert", "query", f'alertname=~"{rule[:-3]}.+"', "-o", "json")
    assert alert["fingerprint"] in [one["fingerprint"] for one in json.loads(written)]


async def test_amtool_silences_and_expires(room: ControlRoom, tmp_path: Path) -> None:
    rule, _ = await raised(room, tmp_path)
    words = ("silence", "add", f"alertname={rule}", "--author", "李值班", "--comment", "演练", "--duration", "30m")
    code, silence = await amtool(room, tmp_path, *words)
    assert code == 0, silence
    silence = silence.strip()
    (alert,) = await until_listed(room, tmp_path, rule, "--silenced")
    assert alert["status"] == {"state": "suppressed", "silencedBy": [silence], "inhibitedBy": []}
    code, written = await amtool(room, tmp_path, "silence", "query", f"alertname={rule}", "-o", "json")
    (listed,) = json.loads(written)
    assert (listed["id"], listed["createdBy"], listed["comment"]) == (silence, "李值班", "演练")
    assert listed["status"]["state"] == "active"
    code, written = await amtool(room, tmp_path, "silence", "update", silence, "--duration", "45m")
    assert code == 0, written
    assert silence in written
    code, written = await amtool(room, tmp_path, "silence", "expire", silence)
    assert code == 0, written
    (alert,) = await until_listed(room, tmp_path, rule)
    assert alert["status"]["state"] == "active"
    code, written = await amtool(room, tmp_path, "silence", "query", "--expired", "-q")
    assert silence in written
    code, written = await amtool(room, tmp_path, "silence", "expire", silence)
    assert code != 0  # over already; amtool keeps the words of a refused DELETE to itself
    assert "400" in written


async def test_amtool_is_refused_a_fire_with_the_reason(room: ControlRoom, tmp_path: Path) -> None:
    rule, alert = await raised(room, tmp_path, alarm_class=AlarmClass.FIRE, latched=True)
    words = ("silence", "add", f"alertname={rule}", "--author", "li", "--comment", "x")
    code, written = await amtool(room, tmp_path, *words)
    assert code != 0
    assert "second person" in written
    matchers = [{"name": "alertname", "value": rule, "isRegex": False, "isEqual": True}]
    times = {"startsAt": alert["startsAt"], "endsAt": alert["endsAt"]}
    body = {"matchers": matchers, **times, "createdBy": "li", "comment": "x"}
    async with httpx.AsyncClient(base_url=room.console.url, headers=BEARER, timeout=30) as http:
        answer = await http.post("/api/v2/silences", json=body)
        assert (answer.status_code, "second person" in answer.json()) == (400, True)
    code, written = await amtool(room, tmp_path, "silence", "add", 'unit="hotel"', 'class!="fire"', *words[3:])
    assert code == 0, written
    (alert,) = await until_listed(room, tmp_path, rule)
    assert alert["status"]["state"] == "active"
    await amtool(room, tmp_path, "silence", "expire", written.strip())


async def test_a_fire_is_silenced_by_two_persons_over_our_own_api(room: ControlRoom, tmp_path: Path) -> None:
    rule, _ = await raised(room, tmp_path, alarm_class=AlarmClass.FIRE, latched=True)
    matcher = {"name": "alertname", "value": rule, "isRegex": False}
    body = {"matchers": [matcher], "ends": "2100-01-01T00:00:00Z", "by": "li", "comment": "test", "fire": True}
    async with httpx.AsyncClient(base_url=room.console.url, headers=BEARER, timeout=30) as http:
        assert (await http.post("/api/v1/silences", json=body)).status_code == 409
        body["ends"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3600))
        made = (await http.post("/api/v1/silences", json=body)).json()
        assert (made["state"], made["alerts"]) == ("active", 0)
        confirm = f"/api/v1/silences/{made['id']}/confirm"
        seen = {"version": made["version"]}
        alone = await http.post(confirm, json=seen)
        assert (alone.status_code, "program" in alone.json()["detail_en"]) == (403, True)
        assert (await http.post(confirm, json={**seen, "by": "wang"})).status_code == 400
        same = await http.post(confirm, json={**seen, "second": await employ(room, "li", "李值班", "supervisor")})
        assert (same.status_code, same.json()["detail_en"]) == (409, "it has to be another person")
        second = await employ(room, "wang", "王参谋", "supervisor")
        both = await http.post(confirm, json={**seen, "second": second})
        assert (both.json()["second_by"], both.json()["alerts"]) == ("王参谋", 1)
        assert made["id"] in [one["id"] for one in (await http.get("/api/v1/silences")).json()["silences"]]
        ended = await http.post(f"/api/v1/silences/{made['id']}/expire", json={"by": "wang"})
        assert ended.json()["state"] == "expired"


async def test_amtool_adds_an_alert_and_ends_it(room: ControlRoom, tmp_path: Path) -> None:
    name = f"DiskFull{time.time_ns()}"
    words = ("alert", "add", name, "severity=critical", "instance=nas:9100", "--annotation", "summary=95 percent")
    for _ in range(2):
        code, written = await amtool(room, tmp_path, *words)
        assert code == 0, written
    (alert,) = await until_listed(room, tmp_path, name)
    assert alert["labels"] == {"alertname": name, "severity": "critical", "instance": "nas:9100"}
    assert alert["annotations"]["summary"] == "95 percent"
    ours = alert["annotations"]["fengsui_id"]
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        detail = (await http.get(f"/api/v1/alerts/{ours}")).json()["alert"]
        assert (detail["rule"], detail["alarm_class"], detail["level"]) == ("prometheus", "system", "critical")
        code, written = await amtool(room, tmp_path, *words, "--end", "2020-01-01T00:00:00-00:00")
        assert code != 0  # it would end before it began
        alerts = [{"labels": alert["labels"], "startsAt": alert["startsAt"], "endsAt": alert["startsAt"]}]
        assert (await http.post("/api/v2/alerts", json=alerts, headers=BEARER)).status_code == 200
        assert not (await http.get(f"/api/v1/alerts/{ours}")).json()["alert"]["active"]
    _, written = await amtool(room, tmp_path, "alert", "query", f"alertname={name}", "-o", "json")
    assert json.loads(written) == []


async def test_a_cause_inhibits_its_consequence(room: ControlRoom, tmp_path: Path) -> None:
    stamp = time.time_ns()
    zone = {"entity_kind": EntityKind.ZONE, "entity": "hotel/exit"}
    await room.alarm(f"cause-{stamp}", alarm_class=AlarmClass.HAZARD, hides=(f"effect-{stamp}",), **zone)
    (cause,) = await until_listed(room, tmp_path, f"cause-{stamp}")
    await room.alarm(f"effect-{stamp}", alarm_class=AlarmClass.HAZARD, **zone)
    (effect,) = await until_listed(room, tmp_path, f"effect-{stamp}", "--inhibited")
    assert effect["status"] == {"state": "suppressed", "silencedBy": [], "inhibitedBy": [cause["fingerprint"]]}


async def test_without_a_token_amtool_reads_an_open_console_and_changes_nothing(
    room: ControlRoom, tmp_path: Path
) -> None:
    rule, _ = await raised(room, tmp_path)
    code, written = await amtool(room, tmp_path, "alert", "query", rule, token=False)
    assert (code, rule in written) == (0, True)
    words = ("silence", "add", rule, "--author", "x", "--comment", "x")
    code, written = await amtool(room, tmp_path, *words, token=False)
    assert code != 0
    assert "401" in written


async def test_groups_receivers_and_status_are_told(room: ControlRoom, tmp_path: Path) -> None:
    rule, alert = await raised(room, tmp_path)
    async with httpx.AsyncClient(base_url=room.console.url, timeout=30) as http:
        groups = (await http.get("/api/v2/alerts/groups", params={"filter": f'alertname="{rule}"'})).json()
        assert [(one["labels"], len(one["alerts"])) for one in groups] == [({"unit": "hotel", "building": "east"}, 1)]
        assert {"name": "phone"} in (await http.get("/api/v2/receivers")).json()
        found = (await http.get("/api/v2/alerts", params={"receiver": "ph.*", "filter": f"alertname={rule}"})).json()
        assert [one["fingerprint"] for one in found] == [alert["fingerprint"]]
        status = (await http.get("/api/v2/status")).json()
        assert (status["cluster"]["status"], status["versionInfo"]["version"]) == ("disabled", "0.25.0")
        for bad in ("{", "a!b", 'a=~"("'):
            answer = await http.get("/api/v2/alerts", params={"filter": bad})
            assert answer.status_code == 400
            assert "bad filter" in answer.json()
    code, written = await amtool(room, tmp_path, "cluster", "show")
    assert (code, "disabled" in written) == (0, True)
    code, written = await amtool(room, tmp_path, "config", "show")
    assert (code, "Fengsui" in written) == (0, True)

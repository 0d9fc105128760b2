"""`fengsui watch`, `walk-test` and `commission` on a running site, as an installer types them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from tests.cli.handed_over_site import FIRE, HOSTILE, NORMAL, PASSWORD, Inn, inn
from tests.servers import CHROMIUM, require

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

ESCAPE = "\x1b"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Inn]:
    async with inn(tmp_path_factory.mktemp("inn")) as opened:
        yield opened


async def until(look: Callable[[], Awaitable[bool]], timeout_s: float = 40) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(timeout_s):
        while not await look():
            await asyncio.sleep(0.2)


async def test_watch_shows_points_in_words_and_no_escape_in_a_pipe(house: Inn) -> None:
    async def panel_answers() -> bool:
        return "Normal" in (await house.fengsui("watch", "inn/panel-2", "--once", "--lang", "en"))[1]

    await until(panel_answers)  # a busy machine may be too slow for the time-out of a line at its start
    code, out, err = await house.fengsui("watch", "inn", "--once")
    assert code == 0, err
    assert ESCAPE not in out + err
    for word in ("山间客栈", "大堂控制器", "1号点", "正常", "良好", "前台网关", "大堂感烟", "未知", "设备线路中断"):
        assert word in out
    english = await house.fengsui("watch", "inn/panel-2", "--once", "--lang", "en")
    assert "Point 1" in english[1]
    assert "Normal" in english[1]


async def test_watch_tells_each_change_once_and_ends_by_itself(house: Inn) -> None:
    watching = await house.start("watch", "panel-2", "--json", "--seconds", "30")
    assert watching.stdout is not None
    first = [json.loads(await watching.stdout.readline()) for _ in range(3)]
    assert {one["point"] for one in first} == {f"inn/panel-2/{name}" for name in ("state", "l1p01", "l1p02")}
    house.say(2, 2, 0b101)
    async with asyncio.timeout(25):
        changed = json.loads(await watching.stdout.readline())
        while not changed["known"] or changed["value"] != 5.0:  # a line that a busy machine makes late is told, too
            changed = json.loads(await watching.stdout.readline())
    assert changed["point"] == "inn/panel-2/l1p02"
    assert "故障" in changed["said"]
    house.say(2, 2, NORMAL)
    watching.send_signal(signal.SIGINT)
    assert await watching.wait() == 0


async def test_a_device_that_answers_no_more_is_unknown_with_the_reason(house: Inn) -> None:
    bank = house.banks.pop(2)

    async def lost() -> bool:
        return not any(one["known"] for one in (await house.points("panel-2")).values())

    try:
        await until(lost)
        found = await house.points("panel-2")
        assert {one["why"] for one in found.values()} == {"设备异常码"}
        assert {one["value"] for one in found.values()} == {None}
    finally:
        house.banks[2] = bank

    async def back() -> bool:
        return all(one["known"] for one in (await house.points("panel-2")).values())

    await until(back)


async def test_watch_of_what_is_not_there_says_what_is(house: Inn) -> None:
    code, _, err = await house.fengsui("watch", "panel-3", "--once")
    assert code == 1
    assert "panel-" in err
    missing = await house.fengsui("watch", "inn", "--once", "--state", str(house.state / "nowhere"))
    assert missing[0] == 3


async def test_a_silent_gateway_makes_everything_unknown_not_stale_values_that_look_fresh(house: Inn) -> None:
    pid = house.gateway_pid()
    os.kill(pid, signal.SIGSTOP)
    try:

        async def unknown() -> bool:
            points = await house.points("panel-1")
            return not any(one["known"] for one in points.values())

        await until(unknown)
        points = await house.points("panel-1")
        assert {one["value"] for one in points.values()} == {None}
        _, out, _ = await house.fengsui("watch", "panel-1", "--once")
        assert "已静默" in out
    finally:
        os.kill(pid, signal.SIGCONT)

    async def known() -> bool:
        return all(one["known"] for one in (await house.points("panel-1")).values())

    await until(known)


@pytest.mark.timeout(400)  # a dozen commands, one after the other
async def test_a_walk_test_from_begin_to_signature(house: Inn) -> None:
    looking = await house.start(
        "walk-test", "inn", "--device", "panel-1", "--by", "安装员李", "--minutes", "30", "--json"
    )
    assert looking.stdout is not None
    begun = json.loads(await looking.stdout.readline())
    assert (begun["event"], begun["total"], begun["alarmed"]) == ("running", 2, 0)

    house.say(1, 1, FIRE)
    seen = json.loads(await asyncio.wait_for(looking.stdout.readline(), 30))
    while seen["event"] != "alarmed":
        seen = json.loads(await asyncio.wait_for(looking.stdout.readline(), 30))
    assert (seen["point"], seen["rule"], seen["said"]["zh"]) == ("inn/panel-1/l1p01", "panel_fire", "火警")
    house.say(1, 1, NORMAL)
    looking.send_signal(signal.SIGINT)
    assert await looking.wait() == 0

    await check_marks(house)
    house.say(2, 1, FIRE)

    async def paged() -> bool:
        return house.pushes("panel-2") > 0

    await until(paged)
    assert house.pushes("panel-1") == 0
    house.say(2, 1, NORMAL)
    listed = (await house.fengsui("alerts", "list"))[1]
    assert "走动测试进行中：inn（panel-1），由 安装员李 进行" in listed
    assert "走动测试不推送" in listed

    other = await house.fengsui("walk-test", "inn", "--zone", "pumps", "--seconds", "1")
    assert (other[0], "范围不同" in other[2]) == (1, True)
    resumed = await house.fengsui("walk-test", "inn", "--seconds", "2")
    assert "已报警 1 / 2 个测点；有变化未报警 0；未见 0；手动正常 0，不正常 1" in resumed[1]
    assert "fengsui walk-test end inn" in resumed[2]

    async def over() -> bool:
        found = json.loads((await house.fengsui("alerts", "list", "--json"))[1])
        return all(not alert["active"] for alert in found if alert["walk_test"])

    await until(over)
    code, out, err = await house.fengsui("walk-test", "end", "inn", "--by", "安装员李", "--json")
    assert code == 0, err
    ended = json.loads(out)
    assert (ended["event"], ended["alarmed"], ended["hand_fails"], ended["unseen"]) == ("ended", 1, 1, 0)
    await check_signature(house, Path(ended["file"]))
    late = await house.fengsui("walk-test", "mark", "inn", "panel-1/l1p02", "--works")
    assert (late[0], "没有进行中的走动测试" in late[2]) == (1, True)
    again = json.loads((await house.fengsui("walk-test", "end", "inn", "--json"))[1])
    assert again == {"event": "kept", "file": ended["file"]}
    assert house.pushes("panel-1") == 0
    left = json.loads((await house.fengsui("alerts", "list", "--json"))[1])
    assert not [alert for alert in left if alert["walk_test"]]


async def check_marks(house: Inn) -> None:
    """A point is marked by hand twice, the later mark counts; outside the test nothing is."""
    mark = ("walk-test", "mark", "inn")
    first = await house.fengsui(*mark, "panel-1/l1p02", "--works", "--by", "安装员李", "--json")
    assert (json.loads(first[1])["event"], json.loads(first[1])["works"]) == ("marked", True)
    later = await house.fengsui(*mark, "panel-1/l1p02", "--fails", "--remark", "钥匙断了", "--by", "安装员李")
    assert (later[0], later[1].strip()) == (0, "inn/panel-1/l1p02: 手动：不正常 (安装员李)")
    outside = await house.fengsui(*mark, "panel-2/l1p01", "--works")
    junk = await house.fengsui(*mark, "panel-2", "--works")
    assert (outside[0], "不在测试范围内" in outside[2]) == (1, True)
    assert (junk[0], "point" in junk[2]) == (1, True)


async def check_signature(house: Inn, file: Path) -> None:
    """A result holds as it is, and not when a word was changed; it and its key are private."""
    check_result(house, file)
    assert (await house.fengsui("walk-test", "verify", str(file)))[0] == 0
    forged = forge(file)
    code, out, _ = await house.fengsui("walk-test", "verify", str(forged))
    assert (code, "改动过" in out) == (1, True)
    assert (await house.fengsui("walk-test", "verify", str(house.site / "site.yaml")))[0] == 1
    stranger = await house.fengsui("walk-test", "verify", str(file), "--state", str(house.site))
    assert stranger[0] == 3
    forged.unlink()


def check_result(house: Inn, file: Path) -> None:
    for private in (file, house.state / "secrets" / "walk-test.key"):
        assert private.stat().st_mode & 0o077 == 0
    document = json.loads(file.read_text())["document"]
    sights = {point["point"]: point["sight"] for point in document["points"]}
    assert sights == {"inn/panel-1/l1p01": "alarmed", "inn/panel-1/l1p02": "hand_fails"}
    by_hand = {point["point"]: [mark["works"] for mark in point["by_hand"]] for point in document["points"]}
    assert by_hand == {"inn/panel-1/l1p01": [], "inn/panel-1/l1p02": [True, False]}
    assert (document["by"], document["ended_by"], document["devices"]) == ("安装员李", "安装员李", ["panel-1"])


def forge(file: Path) -> Path:
    forged = file.with_name("forged.txt")
    forged.write_text(file.read_text().replace('"hand_fails"', '"alarmed"'))
    return forged


async def test_a_refused_walk_test_says_why(house: Inn) -> None:
    code, _, err = await house.fengsui("walk-test", "inn", "--zone", "moon")
    assert (code, "moon" in err) == (1, True)
    nothing = await house.fengsui("walk-test", "inn", "--zone", "pumps", "--class", "hazard")
    assert (nothing[0], "没有规则会报警的测点" in nothing[2]) == (1, True)
    nobody = await house.fengsui("walk-test", "end", "tower")
    assert (nobody[0], "tower" in nobody[2]) == (1, True)


async def test_the_report_as_html_and_pdf(house: Inn, tmp_path: Path) -> None:
    html, pdf = tmp_path / "inn.html", tmp_path / "inn.pdf"
    code, out, err = await house.fengsui(
        "commission",
        str(house.site),
        "--report",
        str(html),
        "--report",
        str(pdf),
        "--measure",
        "--by",
        "安装员李",
        "--json",
    )
    assert code == 4, err
    told = json.loads(out)
    matters = " ".join(one["zh"] for one in told["to_be_mended"])
    assert "线路 broker 不通" in matters
    assert "大堂感烟" in matters
    assert "走动测试手动检查不正常：inn/panel-1/l1p02" in matters
    text = html.read_text()
    assert PASSWORD not in text
    assert "channel-secret" not in text
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text
    for word in (
        "山间客栈",
        "Mountain inn",
        "panels",
        "password ••••",
        "签名有效",
        "安装员李",
        "1号点",
        "实测每轮",
        "手动不正常 1",
        "钥匙断了",
    ):
        assert word in text, word
    words = await printed("pdftotext", "-layout", str(pdf), "-")
    for word in ("消防物联网系统调试报告", "山间客栈", "调试单位", "安装员李", "签名有效"):
        assert word in words, word
    assert PASSWORD not in words
    for line in (await printed("pdffonts", str(pdf))).splitlines()[2:]:
        assert re.search(r"\byes yes yes\b", line), f"not embedded, not a subset, or without Unicode: {line}"
    await look_at(html)


async def printed(program: str, *words: str) -> str:
    """Return what a program of the PDF tools prints."""
    process = await asyncio.create_subprocess_exec(require(program), *words, stdout=asyncio.subprocess.PIPE)
    return (await process.communicate())[0].decode()


async def look_at(html: Path) -> None:
    """A browser asks nobody for anything, and a phone need not scroll sideways."""
    require("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = await (await browser.new_context(viewport={"width": 390, "height": 800})).new_page()
        asked: list[str] = []
        faults: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: faults.append(message.text))
        page.on("dialog", lambda dialog: faults.append(dialog.message))
        await page.goto(html.as_uri())
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        assert await page.locator("td.bad").count() > 0
        await browser.close()
    assert (asked, faults) == ([html.as_uri()], [])


async def test_the_report_of_a_site_that_does_not_run_says_so(house: Inn, tmp_path: Path) -> None:
    report = tmp_path / "off.html"
    code, out, _ = await house.fengsui(
        "commission", str(house.site), "--report", str(report), "--state", str(tmp_path / "none"), "--lang", "zh"
    )
    assert code == 4
    assert "站点未运行，没有当前值" in out
    assert "未运行" in report.read_text()
    refused = await house.fengsui("commission", str(house.site), "--report", str(tmp_path / "x.docx"))
    assert (refused[0], ".pdf" in refused[2]) == (1, True)

"""``fengsui notify``: a test message with and without a running site, and how channels do."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from alerts.channels_face import ChannelsFace
from alerts.process import run
from cli import notify_commands
from cli.check_command import Language
from cli.notify_mends import MENDS, mend_of
from cli.session import open_session
from cli.state import State
from domain.alarm import AlarmClass
from domain.errors import RefusedError
from tests.alerts.alerts_scene import SIGNING_KEY
from tests.alerts.mail_server import MailServer, mail_server
from tests.alerts.phone_server import answer, phone
from tests.alerts.test_alerts_process import until
from tests.servers import connected, embedded_server

GOOD = Path(__file__).parents[1] / "cli" / "broken_sites" / "good"


def write_site(folder: Path, channels: list[dict[str, Any]]) -> Path:
    """Write a small site whose two people have all channels."""
    site = folder / "site"
    shutil.copytree(GOOD, site)
    written = yaml.safe_load((site / "site.yaml").read_text("utf-8"))
    written["channels"] = channels
    for person in written["people"]:
        person |= {"channels": [channel["id"] for channel in channels], "email": f"{person['id']}@inn.example"}
    (site / "site.yaml").write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")
    return site


def mail(port: int, **more: Any) -> dict[str, Any]:
    """Return a mail channel as a site writes it."""
    return {
        "id": "mail", "kind": "smtp", "host": "127.0.0.1", "port": port, "security": "none", "sender": "f@fire.example"
    } | more  # fmt: skip


async def fengsui(folder: Path, *arguments: str) -> Result:
    """Run ``fengsui notify …`` for the site of a folder, in a thread of its own."""
    where = ["--site", str(folder / "site"), "--state", str(folder / "state")]
    runner = CliRunner(env={"COLUMNS": "250"})
    return await asyncio.to_thread(runner.invoke, notify_commands.app, [*arguments, *where])


@asynccontextmanager
async def site_running(folder: Path) -> AsyncIterator[ChannelsFace]:
    """Run nats-server and the alerts process in the site's own state folder, as `fengsui up` does."""
    session = open_session(folder / "site", folder / "state")
    async with embedded_server(session.state.folder()) as server, connected(server) as backbone:
        stop = asyncio.Event()
        task = asyncio.create_task(
            run(
                session.registry,
                backbone,
                database_url=session.state.alerts_url,
                answer_base_url="http://console.test",
                signing_key=SIGNING_KEY,
                stop=stop,
            )
        )
        face = ChannelsFace(backbone)

        async def answers() -> bool | None:
            try:
                return bool(await face.list())
            except Exception:  # noqa: BLE001  # not yet
                return None

        try:
            await until(answers)
            yield face
        finally:
            stop.set()
            await task


def audit(folder: Path) -> list[dict[str, Any]]:
    """Return what is on record of tests."""
    with sqlite3.connect(folder / "state" / "alerts" / "alerts.db") as connection:
        rows = connection.execute("SELECT actor, details FROM audit WHERE action = 'notify_test' ORDER BY number")
        found = [{"actor": actor, **json.loads(details)} for actor, details in rows]
    connection.close()
    return found


async def test_without_a_running_site_it_is_sent_from_the_folder(tmp_path: Path) -> None:
    async with mail_server() as server:
        write_site(tmp_path, [mail(server.port)])
        result = await fengsui(tmp_path, "test", "mail", "--person", "p-lin", "--by", "王值班")
    assert result.exit_code == 0, result.output
    assert "对方已接受" in result.output
    assert "queued as Q1" in result.output
    message = server.mails[0].message
    assert server.mails[0].recipients == ["p-lin@inn.example"]
    assert str(message["Subject"]).startswith("【测试】")
    body = message.get_body(("plain",))
    assert body is not None
    assert "这是烽燧的通知测试，不是报警" in body.get_content()
    assert "This is a test" in body.get_content()
    assert "/answer/" not in body.get_content()
    assert [(one["actor"], one["channel"], one["person"], one["outcome"]) for one in audit(tmp_path)] == [
        ("王值班", "mail", "p-lin", "accepted")
    ]


async def test_with_a_running_site_the_site_sends_it(tmp_path: Path) -> None:
    async with mail_server() as server:
        write_site(tmp_path, [mail(server.port)])
        async with site_running(tmp_path) as face:
            result = await fengsui(tmp_path, "test", "mail", "--by", "op", "--json")
            listed = await fengsui(tmp_path, "list", "--json")
            shown = await fengsui(tmp_path, "list", "--lang", "en")
            with pytest.raises(RefusedError, match="no channel"):
                await face.test("mial", by="op")
    assert result.exit_code == 0, result.output
    told = json.loads(result.output)
    assert (told["outcome"], told["person"], told["mend"], told["kind"]) == ("accepted", "p-chen", None, "smtp")
    (channel,) = json.loads(listed.output)
    expected = {"id": "mail", "kind": "smtp", "path": "internet", "per_minute": 60, "used": 1, "queued": 0, "people": 2}
    assert {name: channel[name] for name in expected} == expected
    assert channel["last_success_ns"] is not None
    assert "Mail" in shown.output
    assert "last error" in shown.output
    assert len(audit(tmp_path)) == 1


async def test_a_refusal_says_what_to_do(tmp_path: Path) -> None:
    script = MailServer(rcpt=lambda _a, _n: "550 5.1.1 user unknown")
    async with mail_server(script) as server:
        write_site(tmp_path, [mail(server.port)])
        zh = await fengsui(tmp_path, "test", "mail")
        en = await fengsui(tmp_path, "test", "mail", "--lang", "en")
        piped = await fengsui(tmp_path, "test", "mail", "--json", "--lang", "en")
    assert [one.exit_code for one in (zh, en, piped)] == [1, 1, 1]
    assert "被拒绝" in zh.output
    assert "核对 site.yaml 中此人的 email" in zh.output
    assert "look at 'email' of the person" in en.output
    assert "look at 'email' of the person" in json.loads(piped.output)["mend"]
    assert [one["outcome"] for one in audit(tmp_path)] == ["refused"] * 3


async def test_a_webhook_that_is_away_is_not_now(tmp_path: Path) -> None:
    async with phone(lambda _number: answer({}, "503 Unavailable")) as platform:
        write_site(tmp_path, [{"id": "hook", "kind": "webhook", "url": platform.url}])
        result = await fengsui(tmp_path, "test", "hook", "--lang", "en")
    assert result.exit_code == 1
    assert "a real message would be tried again" in result.output
    body = json.loads(platform.received[0].body)
    assert (body["test"], body["rule"], body["class"]) == (True, "notify_test", AlarmClass.SYSTEM.value)
    assert body["idempotency_key"] == platform.received[0].key


async def test_a_budget_that_is_used_up_is_not_overrun_by_tests(tmp_path: Path) -> None:
    async with phone() as platform:
        write_site(tmp_path, [{"id": "hook", "kind": "webhook", "url": platform.url, "per_minute": 3}])
        results = [await fengsui(tmp_path, "test", "hook") for _ in range(3)]
    assert [one.exit_code for one in results] == [0, 0, 1]
    assert "额度已用完" in results[2].output
    assert len(platform.received) == 2, "the third place is fire's"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("test", "mial"), 1, "no channel mial: mail"),
        (("test", "mail", "--person", "p-lim"), 1, "no person p-lim: p-chen, p-lin"),
        (("list",), 3, "does not answer"),
    ],
)
async def test_mistakes_are_told(tmp_path: Path, arguments: tuple[str, ...], code: int, words: str) -> None:
    write_site(tmp_path, [mail(9)])
    result = await fengsui(tmp_path, *arguments)
    assert (result.exit_code, words in result.output) == (code, True), result.output


async def test_web_push_without_a_subscribed_phone(tmp_path: Path) -> None:
    write_site(tmp_path, [{"id": "phones", "kind": "web_push", "contact": "mailto:d@fire.example"}])
    result = await fengsui(tmp_path, "test", "phones", "--lang", "en")
    assert result.exit_code == 1
    assert "press 'push to this phone'" in result.output
    assert len(State(tmp_path / "state").secret("vapid.key")) == 43


@pytest.mark.parametrize(
    ("kind", "reason", "words"),
    [
        ("smtp", "535 5.7.8 Authentication credentials invalid", "app password"),
        ("smtp", "li…@hotel.example: 451 4.7.1 greylisted, try again", "greylisting"),
        ("smtp", "li…@hotel.example: 550 5.1.1 no such user", "no such mailbox"),
        (
            "smtp",
            "mail.x:587 offers less than is asked for: SMTP STARTTLS extension not supported by server.",
            "port 465",
        ),
        ("smtp", "553 5.7.1 Sender address rejected: not owned by user", "sender is not accepted"),
        ("smtp", "mail.x:465: its certificate is not signed by the system's authorities: set ca_file (x)", "ca_file"),
        ("mqtt", "the broker says no: Not authorized (0x87)", "access list"),
        ("mqtt", "the broker refuses the connection: Bad user name or password (0x86)", "neither user nor password"),
        ("mqtt", "the broker refuses the connection: Unsupported protocol version (0x84)", "version: '3.1.1'"),
        ("dingtalk", "code 310000: sign not match", "security settings"),
        ("wecom", "code 93000: invalid webhook url", "removed from its group"),
        ("webhook", "HTTP 404", "look at 'url'"),
        ("webhook", "no answer within 5 s", "firewall"),
        ("webhook", "ConnectError: All connection attempts failed", "nobody listens"),
    ],
)
def test_common_refusals_have_a_mend(kind: str, reason: str, words: str) -> None:
    assert words in (mend_of(kind, reason, Language.EN) or "")
    assert mend_of(kind, reason, Language.ZH)


def test_a_refusal_that_nobody_knows_has_none() -> None:
    assert mend_of("webhook", "code 77: the moon is full", Language.EN) is None


def test_mends_are_in_both_languages() -> None:
    assert all(mend.zh and mend.en and mend.zh != mend.en for mend in MENDS)

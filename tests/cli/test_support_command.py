"""The support bundle: what is in it, what of a running site, and no secret anywhere."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.secrets_removed import REMOVED, without_secrets
from tests.gateway.gateway_place import site, until
from tests.gateway.gateway_sites import GATEWAY, SITE, UNIT, connection, device, gateway_document

LINE = connection("line", "modbus_tcp", {"host": "127.0.0.1"}, [device("p-1", "qdy30a_pressure", 1)])
GOOD = Path(__file__).parent / "broken_sites" / "good"
SECRET = "s3cret-of-this-installation"  # noqa: S105  # of this test


def contents(path: Path) -> dict[str, str]:
    with tarfile.open(path) as bundle:
        found = {}
        for member in bundle.getmembers():
            file = bundle.extractfile(member)
            assert file is not None
            found[member.name.removeprefix("support/")] = file.read().decode()
        return found


def bundle_of(folder: Path, state: Path, out: Path) -> dict[str, str]:
    done = CliRunner().invoke(app, ["support", str(folder), "--state", str(state), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert out.stat().st_mode & 0o077 == 0
    return contents(out)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    shutil.copytree(GOOD, tmp_path / "site")
    return tmp_path / "site"


def test_a_site_that_does_not_run_gives_its_files_logs_and_versions(good: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    for folder in ("secrets", "logs", "nats"):
        (state / folder).mkdir(parents=True)
    (state / "secrets" / "answer.key").write_text(SECRET)
    (state / "nats" / "users.json").write_text(json.dumps({"service": "pass-of-the-service"}))
    (state / "logs" / "rules.log").write_text(f"old {'x' * 300_000}\nkey {SECRET} with pass-of-the-service\n")
    (good / "extra.yaml").write_text(
        "channel: {secret: plain-words, url: 'https://robot.example/send?access_token=abc'}"
    )
    found = bundle_of(good, state, tmp_path / "out.tar.gz")
    assert {"versions.txt", "site/site.yaml", "logs/rules.log", "notes.txt"} <= set(found)
    assert "no status" in found["notes.txt"]
    assert "numpy " in found["versions.txt"]
    assert found["logs/rules.log"].endswith(f"key {REMOVED} with {REMOVED}\n")
    assert len(found["logs/rules.log"]) < 270_000
    together = "".join(found.values())
    for secret in (SECRET, "pass-of-the-service", "plain-words", "access_token=abc"):
        assert secret not in together


def test_a_site_that_is_refused_is_packed_with_the_reason(good: Path, tmp_path: Path) -> None:
    (good / "site.yaml").write_text("site: [")
    found = bundle_of(good, tmp_path / "state", tmp_path / "out.tar.gz")
    assert "the configuration is refused" in found["notes.txt"]
    assert found["site/site.yaml"] == "site: ["


def test_a_bundle_overwrites_nothing(good: Path, tmp_path: Path) -> None:
    (tmp_path / "out.tar.gz").write_text("mine")
    done = CliRunner().invoke(app, ["support", str(good), "--out", str(tmp_path / "out.tar.gz")])
    assert done.exit_code != 0
    assert (tmp_path / "out.tar.gz").read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("password: hunter2", f"password: {REMOVED}"),
        ("  token: '${NAME}'", "  token: '${NAME}'"),
        ("token: ${NAME:-fallback}", f"token: {REMOVED}"),
        ('{"api_key": "a\\"b", "port": 1}', f'{{"api_key": "{REMOVED}", "port": 1}}'),
        ("{id: x, secret: abc, url: y}", f"{{id: x, secret: {REMOVED}, url: y}}"),
        ("nats://user:word@10.0.0.1:4222", f"nats://{REMOVED}@10.0.0.1:4222"),
        ("https://oapi.example/robot?access_token=1&x=2 next", f"https://oapi.example/robot?{REMOVED} next"),
        ("Authorization: Bearer abc.def", f"Authorization: Bearer {REMOVED}"),
        ("url: tgram://12345:abcdef/chat", f"url: tgram://{REMOVED}"),
        (
            "url: https://open.feishu.cn/open-apis/bot/v2/hook/0a1b-2c3d",
            f"url: https://open.feishu.cn/open-apis/bot/v2/hook/{REMOVED}",
        ),
        ("key: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", f"key: {REMOVED}"),
        ("key: ${FENGSUI_KEY}", "key: ${FENGSUI_KEY}"),
        ("modbus key: hotel/pressure/pressure", "modbus key: hotel/pressure/pressure"),
        ("host: 10.0.0.1  # a token of thanks", "host: 10.0.0.1  # a token of thanks"),
    ],
)
def test_secrets_are_removed_and_their_names_stay(text: str, expected: str) -> None:
    assert without_secrets(text) == expected


async def test_of_a_running_site_the_bundle_has_status_and_metrics(tmp_path: Path) -> None:
    async with site(tmp_path) as place, place.gateway():

        async def shown() -> bool:
            return (await place.status()).get("http") is not None

        await until(shown)
        folder = tmp_path / "site"
        for name, data in (("site", SITE), ("gateways/gw", gateway_document(LINE).data)):
            file = folder / f"{name}.yaml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(data), "utf-8")
        out = tmp_path / "out.tar.gz"
        words = ["-m", "cli", "support", str(folder), "--state", str(tmp_path), "--out", str(out)]
        child = await asyncio.create_subprocess_exec(sys.executable, *words)
        assert await asyncio.wait_for(child.wait(), 60) == 0
    found = contents(out)
    key = f"gateway.{UNIT}.{GATEWAY}"
    assert json.loads(found[f"status/{key}.json"])["connections"]["line"]["polls"] >= 0
    assert "fengsui_gateway_uplink_up" in found[f"metrics/{key}.txt"]
    assert found["notes.txt"] == "\n"
    passwords = json.loads((tmp_path / "nats" / "users.json").read_text()).values()
    assert not [password for password in passwords if password in "".join(found.values())]

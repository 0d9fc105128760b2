"""docs/channels.md: every piece of it is a channel as it stands, and every kind has its section."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.site_files import load_registry
from domain.site.channels import ChannelKind
from tests.project.house import ROOT

GUIDE = (ROOT / "docs" / "channels.md").read_text("utf-8")
PIECES = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
GOOD = Path(__file__).parent / "broken_sites" / "good"
VARIABLE = re.compile(r"\$\{([A-Z_]+)\}")
SECRETS = {
    "FENGSUI_FEISHU_URL": "https://open.feishu.cn/open-apis/bot/v2/hook/x",
    "FENGSUI_APPRISE_URL": "json://host/x",
}


def channel_of(piece: str) -> dict[str, Any]:
    """Return the one channel of a piece."""
    (channel,) = yaml.safe_load(piece)["channels"]
    assert isinstance(channel, dict)
    return channel


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: channel_of(piece)["id"])
def test_a_piece_is_a_channel_as_it_stands(piece: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLE.findall(piece):
        monkeypatch.setenv(name, SECRETS.get(name, "a-secret-of-the-test"))
    site = tmp_path / "site"
    shutil.copytree(GOOD, site)
    head, _, tail = (site / "site.yaml").read_text("utf-8").partition("channels:\n  - id: phone")
    channel = channel_of(piece)["id"]
    people = head.replace(
        "channels: [phone]", f"channels: [{channel}]\n    phone: '13900000000'\n    email: a@inn.example"
    )
    rest = tail[tail.index("escalation:") :]
    (site / "site.yaml").write_text(f"{people}{piece}{rest}", "utf-8")
    registry = load_registry(site)
    assert [one.id for one in registry.site.channels] == [channel]
    assert "a-secret-of-the-test" not in repr(registry.site.channels)


def test_every_kind_has_a_piece() -> None:
    assert {channel_of(piece)["kind"] for piece in PIECES} == {kind.value for kind in ChannelKind}


def test_every_kind_says_what_accepted_means_its_budget_and_its_weakness() -> None:
    sections = [section for section in re.split(r"^## ", GUIDE, flags=re.MULTILINE) if "```yaml" in section]
    assert len(sections) == len(ChannelKind)
    for section in sections:
        for word in ("**Accepted**", "**Delivered**", "**Budget**", "**Weakness**"):
            assert word in section, f"{section.splitlines()[0]}: {word}"

"""Adopting a transmitter from the console: what is written where, and everything that is refused before it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.adopting import SiteAdopter
from cli.site_files import load_registry
from dashboards.console.installer.adoption import Wish
from domain.errors import RefusedError
from tests.dashboards.running_site import GATEWAY, SITE

WISH = Wish(
    host="inn/gw-access",
    connection="access",
    address="4711",
    unit="mill",
    id="utd-4711",
    zone="office",
    zh="磨坊附楼: 装置 #2",
    en="Annexe",
    profile="auto",
    by="赵安装",
)


def site(folder: Path, gateway: str = GATEWAY) -> Path:
    """Write the inn."""
    (folder / "gateways").mkdir(parents=True)
    (folder / "site.yaml").write_text(SITE.lstrip(), "utf-8")
    (folder / "gateways" / "gw-access.yaml").write_text(gateway.lstrip().replace("PORT", "5900"), "utf-8")
    return folder


def file_of(folder: Path) -> Path:
    return folder / "gateways" / "gw-access.yaml"


async def adopted(folder: Path, wish: Wish = WISH) -> str:
    """Adopt and return the file."""
    adopter = SiteAdopter(folder)
    proposal = await adopter.propose(wish)
    assert await adopter.write(wish, proposal.state) == proposal
    text = file_of(folder).read_text("utf-8")
    assert proposal.text in text
    assert text.splitlines()[proposal.line - 1] == proposal.text.splitlines()[0]
    return text


async def test_the_entry_stands_behind_the_last_one_and_a_persons_file_stays_as_it_was(tmp_path: Path) -> None:
    before = site(tmp_path / "site")
    lines = file_of(before).read_text("utf-8").splitlines()
    after = (await adopted(before)).splitlines()
    row = next(at for at, line in enumerate(after) if "由 赵安装 在控制台登记" in line)
    assert [*after[:row], *after[row + 7 :]] == lines
    assert after.index("      - id: utd-4711") < after.index("      # the annexe has none yet")
    registry = load_registry(before)
    settings = registry.transmitters["mill/utd-4711"].settings
    assert (settings.address, settings.zone, settings.labels.zh) == (4711, "office", "磨坊附楼: 装置 #2")
    assert settings.duty


async def test_the_first_transmitter_of_a_connection_brings_the_list_with_it(tmp_path: Path) -> None:
    alone = GATEWAY[: GATEWAY.index("    transmitters:")]
    for number, text in enumerate((alone, alone + "    transmitters: []\n", alone.rstrip())):
        folder = site(tmp_path / str(number), text)
        wish = replace(WISH, duty=False, peer="10.1.2.3", profile="fubei")
        written = await adopted(folder, wish)
        assert written.count("transmitters:") == 1
        settings = load_registry(folder).transmitters["mill/utd-4711"].settings
        assert (settings.duty, settings.peer, settings.profile) == (False, "10.1.2.3", "fubei")


async def test_line_ends_and_what_stands_behind_the_connection_stay(tmp_path: Path) -> None:
    folder = site(tmp_path / "site", GATEWAY + "http: null  # the last line\n")
    file_of(folder).write_bytes(file_of(folder).read_bytes().replace(b"\n", b"\r\n"))
    await adopted(folder)
    raw = file_of(folder).read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert raw.rstrip().endswith(b"# the last line")
    assert load_registry(folder).gateways["inn/gw-access"].http is None


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"id": "a b"}, "an id has letters"),
        ({"id": "x\n  - id: y"}, "an id has letters"),
        ({"zone": "null"}, "zone"),
        ({"zone": "moon"}, "moon"),
        ({"unit": "moon"}, "moon"),
        ({"address": "889"}, "889"),
        ({"address": "1\n2"}, "wrong form"),
        ({"id": "mill-utd"}, "mill-utd"),
        ({"zh": " "}, "both languages"),
        ({"zh": "${HOME}"}, "can't be written"),
        ({"zh": "a\x00b"}, "can't be written"),
        ({"profile": "nobody's"}, "no such device profile"),
        ({"host": "inn/other"}, "no gateway"),
        ({"connection": "other"}, "no such connection"),
    ],
)
async def test_what_the_check_would_refuse_is_refused_before_anything_is_written(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    folder = site(tmp_path / "site")
    before = file_of(folder).read_bytes()
    with pytest.raises(RefusedError) as refused:
        await SiteAdopter(folder).propose(replace(WISH, **changes))
    assert why in refused.value.reason
    assert " / " in refused.value.reason
    assert file_of(folder).read_bytes() == before


async def test_labels_and_names_can_be_nothing_but_words(tmp_path: Path) -> None:
    folder = site(tmp_path / "site")
    hostile = 'x", en: y}  - {id: evil # <script>'
    await adopted(folder, replace(WISH, zh=hostile, en="on: yes", by="a\nb: # c"))
    labels = load_registry(folder).transmitters["mill/utd-4711"].settings.labels
    assert labels.zh == " ".join(hostile.split())
    assert labels.en == "on: yes"
    assert len(load_registry(folder).transmitters) == 3


async def test_a_file_that_changed_meanwhile_is_looked_at_again(tmp_path: Path) -> None:
    folder = site(tmp_path / "site")
    adopter = SiteAdopter(folder)
    first, second = replace(WISH, id="one", address="1001"), replace(WISH, id="two", address="1002")
    proposals = [await adopter.propose(wish) for wish in (first, second)]
    done = await asyncio.gather(
        adopter.write(first, proposals[0].state), adopter.write(second, proposals[1].state), return_exceptions=True
    )
    assert sum(isinstance(one, RefusedError) for one in done) == 1
    again = await adopter.propose(second)
    await adopter.write(second, again.state)
    assert {"mill/one", "mill/two"} <= load_registry(folder).transmitters.keys()


async def test_a_list_on_one_line_is_left_to_a_person(tmp_path: Path) -> None:
    alone = GATEWAY[: GATEWAY.index("    transmitters:")]
    entry = "{id: a, unit: mill, address: 890, zone: office, labels: {zh: 甲, en: a}}"
    folder = site(tmp_path / "site", f"{alone}    transmitters: [{entry}]\n")
    with pytest.raises(RefusedError, match="adopt by hand"):
        await SiteAdopter(folder).propose(WISH)


async def test_a_folder_that_can_not_be_written_says_so(tmp_path: Path) -> None:
    folder = site(tmp_path / "site")
    adopter = SiteAdopter(folder)
    proposal = await adopter.propose(WISH)
    (folder / "gateways" / ".gw-access.yaml.new").mkdir()
    with pytest.raises(RefusedError, match="can't be written"):
        await adopter.write(WISH, proposal.state)


def test_profiles_have_names_and_the_first_lets_the_frames_decide(tmp_path: Path) -> None:
    profiles = SiteAdopter(tmp_path).profiles
    assert next(iter(profiles)) == "auto"
    assert profiles["dahua"].zh == "大华"

"""``fengsui ingest dead-letters`` against a running ingest process: listed with reason, tried again, dropped."""

from __future__ import annotations

import io
import json
from pathlib import Path

from rich.console import Console

from backbone.subjects import telemetry
from cli.check_command import Language
from cli.ingest_commands import letter_table
from tests.cli.gateway_desk import Desk
from tests.ingest.ingest_site import GATEWAY, UNIT, site
from tests.ingest.ingest_traffic import ingesting, status_when
from tests.servers import connected, embedded_server

HOSTILE = "[/][conceal]烟感\x1b[2J\u202e\x9b\n:fire:"


async def test_junk_is_listed_with_reason_and_evidence_and_dropped_by_its_id(tmp_path: Path) -> None:
    async with (
        embedded_server(tmp_path) as server,
        connected(server) as backbone,
        ingesting(site(), backbone, tmp_path / "data"),
    ):
        desk = Desk(tmp_path, backbone)
        await status_when(backbone, lambda seen: seen["lag_messages"] == 0)
        nothing = await desk.fengsui("ingest", "dead-letters", "--lang", "en")
        subject = telemetry(UNIT, "DDATA", GATEWAY, "pressure-1")
        for number in range(3):
            await backbone.publish(subject, b"\xff\xff\xff junk %d" % number, message_id=f"junk-{number}")
        await status_when(backbone, lambda seen: seen["dead_letters"] == {"bad_payload": 3})
        listed = await desk.fengsui("ingest", "dead-letters", "--json")
        table = await desk.fengsui("ingest", "dead-letters", "--lang", "zh")
        letters = json.loads(listed.stdout)["letters"]
        again = await desk.fengsui("ingest", "dead-letters", "retry", "--all", "--lang", "en")
        unclear = await desk.fengsui("ingest", "dead-letters", "drop")
        unknown = await desk.fengsui("ingest", "dead-letters", "drop", "zz")
        one = await desk.fengsui("ingest", "dead-letters", "drop", letters[0]["id"][:7], "--lang", "en")
        rest = await desk.fengsui("ingest", "dead-letters", "drop", "--all", "--lang", "zh")
        await status_when(backbone, lambda seen: seen["dead_letters"] == {})
    assert nothing.exit_code == 0, nothing.output
    assert "0 dead letters" in nothing.stdout
    assert listed.exit_code == table.exit_code == 1
    assert [bytes.fromhex(letter["evidence"])[-1:] for letter in letters] == [b"0", b"1", b"2"]
    assert "死信 3 条（bad_payload 3）" in table.stdout
    assert again.exit_code == 1
    assert "0 letters settled, 0 readings stored; 3 remain" in again.stdout
    assert (unclear.exit_code, unknown.exit_code) == (2, 1)
    assert "no dead letter" in unknown.stderr
    assert one.stdout == "1 letters dropped\n"
    assert rest.stdout == "已丢弃 2 条\n"


def test_what_strangers_sent_is_shown_as_it_is_and_never_obeyed() -> None:
    letter = {
        "id": "ab12", "parked_ns": 0, "kind": "bad_payload", "reason": HOSTILE, "evidence": HOSTILE,
        "stream": "TELEMETRY", "seq": 7, "subject": HOSTILE,
    }  # fmt: skip
    out = io.StringIO()
    Console(file=out, width=300, force_terminal=True, color_system=None).print(letter_table([letter], Language.EN))
    assert "[/][conceal]烟感" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()
    assert "\u202e" not in out.getvalue()

"""``fengsui store``: beside a running ingest, beside a stopped one, and what is refused."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from ingest.duckdb_backup import backup
from ingest.duckdb_compaction import maintain
from ingest.duckdb_store import DuckDbStore
from ingest.process import FILE_NAME
from ingest.store import Mark
from tests.ingest.compacting_store import DAY_NS, FOR_EVER
from tests.ingest.ingest_site import START_NS, load, site
from tests.ingest.ingest_traffic import ingesting, publish, status_when
from tests.servers import connected, embedded_server

pytestmark = pytest.mark.timeout(400)
"""Each test runs many commands or processes one after the other, on a machine that may be busy."""

SITE = site()
POINTS = len(SITE.points)
PATIENCE_S = 110.0


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    out: str
    err: str


async def store_command(state: Path, *arguments: str) -> Answer:
    """Run it in a process of its own: two may not have the file, which is what this is about."""
    environment = {name: value for name, value in os.environ.items() if name != "FENGSUI_LANG"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", "store", *arguments, "--state", str(state),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment | {"COLUMNS": "160"},
    )  # fmt: skip
    async with asyncio.timeout(PATIENCE_S):
        out, err = await process.communicate()
    return Answer(process.returncode or 0, out.decode(), err.decode())


def fill(state: Path) -> None:
    """Make a store of two days, one of them compacted."""
    store = DuckDbStore(SITE.points, state / "ingest" / FILE_NAME)
    for day in range(2):
        store.write(load(SITE, 50, day * 86_400), {"S": [Mark(day, day)]})
    maintain(store, START_NS + DAY_NS, FOR_EVER, force=True)
    store.close()


async def test_the_commands_of_a_stopped_store(tmp_path: Path) -> None:
    state = tmp_path / "state"
    fill(state)
    table = await store_command(state, "status", "--verify", "--lang", "en")
    assert table.code == 0, table.err
    assert "2027-01-15" in table.out
    assert "new readings" in table.out
    found = json.loads((await store_command(state, "status", "--json")).out)
    assert found["rows"] == 100 * POINTS
    made = await store_command(state, "backup", str(tmp_path / "backup"), "--json")
    assert json.loads(made.out)["rows"] == 100 * POINTS
    out = await store_command(
        state, "export", str(tmp_path / "out"), "--device", "pressure-1", "--from", "2027-01-16", "--format", "csv",
        "--lang", "en",
    )  # fmt: skip
    assert out.code == 0, out.err
    assert "exported 100 readings, 1 files" in out.out
    refused = await store_command(state, "restore", str(tmp_path / "backup"))
    assert refused.code == 1
    assert "--overwrite" in refused.err
    fresh = await store_command(tmp_path / "fresh", "restore", str(tmp_path / "backup"), "--lang", "zh")
    assert f"已恢复 {100 * POINTS} 条读数" in fresh.out.replace(",", "")
    again = json.loads((await store_command(tmp_path / "fresh", "status", "--json")).out)
    assert again["rows"] == found["rows"]
    assert again["partitions"][0] == found["partitions"][0]


async def test_while_ingest_runs_it_does_the_work(tmp_path: Path) -> None:
    fill(tmp_path)
    async with (
        embedded_server(tmp_path) as server,
        connected(server) as backbone,
        ingesting(SITE, backbone, tmp_path / "ingest"),
    ):
        rows = load(SITE, 20, 2 * 86_400)
        await publish(backbone, rows, "live")
        await status_when(backbone, lambda seen: seen["stored"] == len(rows))
        found = json.loads((await store_command(tmp_path, "status", "--verify", "--json")).out)
        assert found["rows"] == 120 * POINTS
        made = await store_command(tmp_path, "backup", str(tmp_path / "backup"), "--json")
        assert json.loads(made.out)["rows"] == 120 * POINTS, made.err
        assert (tmp_path / "backup" / "manifest.json").is_file()
        out = await store_command(tmp_path, "export", str(tmp_path / "out"), "--point", "level", "--json")
        assert json.loads(out.out)["rows"] == 4 * 120
    with duckdb.connect() as connection:
        files = str(tmp_path / "out" / "*.parquet")
        assert connection.execute("SELECT count(*) FROM read_parquet(?)", [files]).fetchall() == [(4 * 120,)]


async def test_while_ingest_runs_it_refuses_what_a_stopped_store_refuses(tmp_path: Path) -> None:
    fill(tmp_path)
    store = DuckDbStore(SITE.points, tmp_path / "ingest" / FILE_NAME)
    backup(store, tmp_path / "backup")
    store.close()
    async with embedded_server(tmp_path) as server, connected(server) as backbone:
        async with ingesting(SITE, backbone, tmp_path / "ingest"):
            await status_when(backbone, lambda seen: seen["lag_messages"] == 0)
            nobody = await store_command(tmp_path, "export", str(tmp_path / "out-2"), "--point", "nobody", "--json")
            assert nobody.code == 1
            assert "no point" in json.loads(nobody.out)["error"]
            compacted = await store_command(tmp_path, "compact", "--json")
            assert json.loads(compacted.out).keys() == {"days", "rows", "dropped_days", "dropped_rows"}
            refused = await store_command(tmp_path, "restore", str(tmp_path / "backup"), "--overwrite")
            assert refused.code == 1
            assert "open in another process" in refused.err
        assert list((tmp_path / "ingest" / "outbox").iterdir()) == []


async def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    missing = await store_command(tmp_path / "nowhere", "status", "--json")
    assert missing.code == 1
    assert "no embedded store" in json.loads(missing.out)["error"]
    fill(tmp_path)
    assert (await store_command(tmp_path, "export", str(tmp_path / "out"), "--from", "yesterday")).code == 2
    assert (await store_command(tmp_path, "restore", str(tmp_path))).code == 1


async def test_a_damaged_partition_is_shown(tmp_path: Path) -> None:
    fill(tmp_path)
    (part,) = (tmp_path / "ingest" / f"{FILE_NAME}.parts").glob("2027*.parquet")
    raw = bytearray(part.read_bytes())
    raw[len(raw) // 2] ^= 1
    part.write_bytes(raw)
    found = await store_command(tmp_path, "status", "--verify", "--lang", "zh")
    assert found.code == 1
    assert "已损坏并隔离：2027-01-15.1.parquet" in found.out


async def test_ingest_has_the_store_and_no_backbone_answers(tmp_path: Path) -> None:
    fill(tmp_path)
    holding = "import sys, duckdb; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", holding, str(tmp_path / "ingest" / FILE_NAME),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    answer = await store_command(tmp_path, "status", "--json")
    await holder.communicate(b"")
    assert answer.code == 3
    assert "backbone" in answer.err

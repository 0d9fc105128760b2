"""``fengsui audit``: on the database alone, through the running service, and against the anchors of the feed."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.engine import make_url
from typer.testing import CliRunner, Result

from alerts import audit
from alerts.audit_face import AuditFace
from alerts.audit_reading import database_url, reading
from alerts.schema import AuditEntry
from cli import audit_command
from cli.audit_anchors import anchor_of, read_anchors
from domain.errors import RefusedError, StoreError
from tests.alerts.alerts_scene import scene, transition
from tests.alerts.test_alerts_process import Running, running, until
from tests.alerts.test_audit_chain import history


def fengsui(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner(env={"COLUMNS": "250"}).invoke(audit_command.app, list(arguments))


async def recorded(folder: Path) -> Path:
    """Return a database file with a chain of 20 entries; nobody runs on it any more."""
    async with scene(folder) as bench:
        await history(bench)
    return folder / "alerts.db"


def tamper(path: Path, *statements: str) -> None:
    """Change a database as its owner can."""
    with sqlite3.connect(path) as connection:
        for name in ("audit_no_update", "audit_no_delete"):
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


async def test_a_whole_chain(tmp_path: Path) -> None:
    path = await recorded(tmp_path)
    told = await asyncio.to_thread(fengsui, "verify", "--database", str(path), "--lang", "en")
    assert (told.exit_code, "the chain is whole: 20 entries" in told.output) == (0, True)
    found = await asyncio.to_thread(fengsui, "verify", "--database", f"sqlite:///{path}", "--json")
    report = json.loads(found.stdout)
    assert (report["intact"], report["entries"], report["broken_at"]) == (True, 20, None)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("UPDATE audit SET actor = 'somebody' WHERE number = 3", "第 3 条"),
        ("DELETE FROM audit WHERE number = 5", "第 5 条"),
        ("UPDATE audit SET previous = hash WHERE number = 7", "第 7 条"),
    ],
)
async def test_a_broken_chain_is_an_exit_code_and_a_place(tmp_path: Path, statement: str, place: str) -> None:
    path = await recorded(tmp_path)
    tamper(path, statement)
    told = await asyncio.to_thread(fengsui, "verify", "--database", str(path))
    assert (told.exit_code, place in told.output) == (1, True)


async def test_show_tells_the_story_of_one_alert(tmp_path: Path) -> None:
    path = await recorded(tmp_path)
    with reading(database_url(str(path))) as session:
        alert = session.scalars(select(AuditEntry.alert_id).where(AuditEntry.alert_id.is_not(None))).first()
    assert alert is not None
    told = await asyncio.to_thread(fengsui, "show", alert[:10], "--database", str(path))
    for word in ("raised", "acknowledged", "值班员", "closed"):
        assert word in told.output
    rows = json.loads((await asyncio.to_thread(fengsui, "show", alert, "--database", str(path), "--json")).stdout)
    assert rows[0]["action"] == "raised"
    assert len(rows[0]["hash"]) == 64
    for wrong in ("zzz", "%", ""):
        assert (await asyncio.to_thread(fengsui, "show", wrong, "--database", str(path))).exit_code == 1


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("none.db", None, 1), ("text.db", b"this is no database" * 100, 3), ("empty.db", b"", 3)],
)
def test_what_is_no_record_is_told(tmp_path: Path, name: str, content: bytes | None, code: int) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    told = fengsui("verify", "--database", str(path))
    assert told.exit_code == code
    assert told.output.strip()


def test_addresses() -> None:
    with pytest.raises(RefusedError, match="no database URL"):
        database_url("://")
    assert database_url("postgresql+psycopg://h/x") == make_url("postgresql+psycopg://h/x")
    with pytest.raises(StoreError, match="can't be read"), reading(make_url("sqlite:////no/such/file.db")) as session:
        audit.verify(session)


async def test_looking_writes_nothing(tmp_path: Path) -> None:
    path = await recorded(tmp_path)
    before = path.read_bytes()
    with reading(database_url(str(path))) as session:
        assert audit.verify(session).intact
    assert path.read_bytes() == before


async def walked(bench: Running, anchors: dict[int, str]) -> audit.AuditReport:
    """Verify through the service."""
    async for piece in AuditFace(bench.backbone).walk(audit.GENESIS, anchors):
        last = piece
    return audit.AuditReport(last.number, last.head, last.broken_at, last.reason)


async def anchored(bench: Running, most: int) -> dict[int, str]:
    """Return the anchors when there are so many."""

    async def look() -> dict[int, str] | None:
        found = await read_anchors(bench.backbone, "ALERTS")
        return found if len(found) >= most else None

    return await until(look)


async def test_the_running_service_verifies_and_the_feed_anchors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.audit_face.MOST_LINKS", 3)
    async with running(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.alert(alert)
        for number in range(5):
            await bench.face.comment(alert, by="op", text=f"{number}")
        anchors = await anchored(bench, 6)
        report = await walked(bench, anchors)
        assert (report.intact, report.entries >= 6) == (True, True)
        newest = max(anchors)
        forged = await walked(bench, {**anchors, newest: "0" * 64})
        assert (forged.broken_at, "known elsewhere" in (forged.reason or "")) == (newest, True)
        cut = await walked(bench, {**anchors, report.entries + 50: "0" * 64})
        assert not cut.intact
        assert "missing here" in (cut.reason or "")
        with reading(database_url(str(tmp_path / "alerts.db"))) as session:  # beside the service
            assert audit.verify(session, anchors).intact


_TEXT = st.text(max_size=40)


@given(_TEXT, _TEXT, st.none() | _TEXT, _TEXT, st.integers(0, 2**62), st.integers(0, 2**62))
def test_what_is_hashed_is_the_canonical_form(  # noqa: PLR0917  # hypothesis gives them in order
    actor: str, action: str, alert_id: str | None, details: str, number: int, at_ns: int
) -> None:
    entry = AuditEntry(
        number=number, at_ns=at_ns, actor=actor, action=action, alert_id=alert_id, details=details, previous="p"
    )
    names = ("number", "at_ns", "actor", "action", "alert_id", "details")
    content = audit.canonical({name: getattr(entry, name) for name in names})
    assert audit.digest(entry) == hashlib.sha256(f"p{content}".encode()).hexdigest()


_VALUE = st.none() | st.text(max_size=70) | st.integers() | st.lists(st.none())
_EVENTS = st.dictionaries(st.sampled_from(["auditnumber", "audithash"]), _VALUE)


@given(st.binary(max_size=200) | _EVENTS.map(lambda event: json.dumps(event).encode()))
def test_any_message_is_an_anchor_or_none(message: bytes) -> None:
    found = anchor_of(message)
    assert found is None or (found[0] >= 0 and len(found[1]) == 64)

"""The audit chain: every kind of tampering is found at its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

from alerts import actions, audit
from alerts.migrations import guards
from alerts.schema import AuditEntry
from domain.alarm import TransitionKind
from tests.alerts.alerts_scene import Scene, scene, transition


async def history(scene: Scene) -> None:
    """Let enough happen for some entries."""
    for number in range(4):
        rule = f"rule-{number}"
        alert = await scene.say(transition(rule))
        scene.clock.advance(1)
        await scene.do(alert, lambda desk, record: actions.acknowledge(desk, record, "值班员"))
        await scene.say(transition(rule, TransitionKind.CLEARED))


async def as_the_owner(scene: Scene, tamper: Callable[[Session], object]) -> None:
    """Tamper as nobody but the owner of the database can: without its guards."""

    def work(session: Session) -> None:
        guards.remove(session.connection())
        tamper(session)

    await scene.office.database.write(work)


def forge(session: Session, number: int) -> None:
    """Insert an entry that somebody made up behind the end, with a hash that fits its own content."""
    entry = session.get_one(AuditEntry, number)
    copy = AuditEntry(
        number=900,
        at_ns=entry.at_ns,
        actor="somebody",
        action=entry.action,
        alert_id=entry.alert_id,
        details=entry.details,
        previous=entry.hash,
    )
    copy.hash = audit.digest(copy)
    session.add(copy)


TAMPERINGS: list[tuple[Callable[[Session], object], int, str]] = [
    (lambda s: s.execute(update(AuditEntry).where(AuditEntry.number == 3).values(actor="somebody")), 3, "was changed"),
    (lambda s: s.execute(update(AuditEntry).where(AuditEntry.number == 3).values(at_ns=1)), 3, "was changed"),
    (lambda s: s.execute(update(AuditEntry).where(AuditEntry.number == 3).values(details="{}")), 3, "was changed"),
    (lambda s: s.execute(delete(AuditEntry).where(AuditEntry.number == 5)), 5, "is missing"),
    (lambda s: s.execute(delete(AuditEntry).where(AuditEntry.number == 1)), 1, "is missing"),
    (lambda s: forge(s, 4), 21, "is missing"),
    (lambda s: s.execute(text("UPDATE audit SET previous = hash WHERE number = 7")), 7, "does not follow"),
]


@pytest.mark.parametrize(("tamper", "number", "reason"), TAMPERINGS)
async def test_tampering_is_found_at_its_place(
    tmp_path: Path, tamper: Callable[[Session], object], number: int, reason: str
) -> None:
    async with scene(tmp_path) as bench:
        await history(bench)
        before = await bench.office.database.read(audit.verify)
        assert (before.intact, before.entries) == (True, 20)
        await as_the_owner(bench, tamper)
        after = await bench.office.database.read(audit.verify)
        assert (after.intact, after.broken_at) == (False, number)
        assert reason in (after.reason or "")


async def test_a_chain_cut_off_at_its_end_is_found_by_an_anchor(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await history(bench)
        number, newest = await bench.office.database.read(audit.head)
        await as_the_owner(
            bench, lambda session: session.execute(delete(AuditEntry).where(AuditEntry.number > number - 3))
        )
        blind = await bench.office.database.read(audit.verify)
        anchored = await bench.office.database.read(lambda session: audit.verify(session, {number: newest}))
        assert blind.intact
        assert not anchored.intact
        assert f"up to {number}" in (anchored.reason or "")


async def test_a_chain_written_anew_is_found_by_an_anchor(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        await history(bench)
        report = await bench.office.database.read(lambda session: audit.verify(session, {2: "0" * 64}))
        assert report.broken_at == 2


async def test_an_empty_chain_holds(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        report = await bench.office.database.read(audit.verify)
        assert (report.intact, report.entries, report.head) == (True, 0, audit.GENESIS)

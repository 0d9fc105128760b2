"""How fast the audit chain is verified: ``python -m benchmarks.audit [ENTRIES]`` (1,000,000 by default).

The chain is like that of a running site: about 300 bytes of details an entry, four entries an alert.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import create_engine, insert
from sqlalchemy.orm import Session

from alerts import audit
from alerts.audit_reading import database_url, reading
from alerts.database import migrate
from alerts.schema import AuditEntry
from domain.ids import stable_id

PAGE = 10_000
DETAILS = {
    "transition": "0" * 32,
    "input_seq": 123_456_789,
    "event_time_ns": 1_800_000_000_000_000_000,
    "log_time_ns": 1_800_000_000_000_000_000,
    "level": "warning",
    "reason": "您单位东楼1楼安全出口处停放1辆电动自行车且违规充电",
}


def fill(path: Path, entries: int) -> None:
    """Write a chain of ``entries`` links."""
    engine = create_engine(f"sqlite:///{path}")
    migrate(engine)
    number, head, details = 0, audit.GENESIS, audit.canonical(DETAILS)
    while number < entries:
        page = []
        for _ in range(min(PAGE, entries - number)):
            number += 1
            link = AuditEntry(
                number=number,
                at_ns=1_800_000_000_000_000_000 + number,
                actor="system",
                action="raised",
                alert_id=stable_id("alert", number // 4),
                details=details,
                previous=head,
            )
            head = audit.digest(link)
            page.append({column.name: getattr(link, column.name) for column in AuditEntry.__table__.columns})
            page[-1]["hash"] = head
        with Session(engine) as session, session.begin():
            session.execute(insert(AuditEntry), page)
    engine.dispose()


def main(entries: int) -> None:
    """Fill, verify, print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "alerts.db"
        fill(path, entries)
        begun, worked = time.perf_counter(), time.process_time()
        with reading(database_url(str(path))) as session:
            report = audit.verify(session)
        took_s, cpu_s = time.perf_counter() - begun, time.process_time() - worked
        rate = report.entries / took_s
        print(
            f"{report.entries} entries, intact={report.intact}: {took_s:.1f} s ({cpu_s:.1f} s of a core), {rate:,.0f}/s"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)

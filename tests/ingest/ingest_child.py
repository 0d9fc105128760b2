"""The ingest process by itself, to be killed: ``ingest_child.py URL USER PASSWORD FOLDER [before|after]``.

With the fifth argument it kills itself at the worst moments: just before, or just after, the third
commit, in neither case having told the stream.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from backbone import durable
from backbone.client import Backbone
from backbone.credentials import Credentials
from domain.batch import ReadingBatch
from domain.site.registry import Registry
from ingest import process
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark, Store, Written
from tests.ingest.ingest_site import site

durable.ACK_WAIT_S = 2.0  # so that the test needn't wait half a minute for what a killed process had in hand

LAST_COMMIT = 3


class DyingStore(DuckDbStore):
    """The real store, in a process that dies around its third commit that has readings."""

    when = ""
    commits = 0

    def write(self, rows: ReadingBatch, marks: Mapping[str, Sequence[Mark]]) -> Written:
        """Write; die before or after."""
        self.commits += len(rows) > 0
        if self.when == "before" and self.commits == LAST_COMMIT:
            os.kill(os.getpid(), signal.SIGKILL)
        written = super().write(rows, marks)
        if self.when == "after" and self.commits == LAST_COMMIT:
            os.kill(os.getpid(), signal.SIGKILL)
        return written


def open_dying_store(registry: Registry, data_dir: Path) -> Store:
    """Stand in for `process.open_store`."""
    return DyingStore(registry.points, data_dir / process.FILE_NAME)


async def main(url: str, user: str, password: str, folder: str, when: str = "") -> None:
    """Run until SIGTERM, or the end."""
    if when:
        DyingStore.when = when
        process.open_store = open_dying_store
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with await Backbone.connect(url, credentials=Credentials(user, password), name="ingest") as backbone:
        await process.run(site(), backbone, data_dir=Path(folder), stop=stop)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

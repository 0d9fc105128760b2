"""A store that is compacted, and killed around one step: ``compaction_child.py PATH STEP before|after``."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ingest import duckdb_compaction as compaction
from ingest.duckdb_store import DuckDbStore
from ingest.store import Mark
from tests.ingest.compacting_store import DAY_NS
from tests.ingest.ingest_site import START_NS, load, site

STEPS = ("new_hot", "_note_points", "rows_of", "examine", "publish", "add_newest", "replace_part", "describe")
"""Functions of the compaction, in the order in which they are called."""
METHODS = ("fold", "forget")


def fatal(step: Callable[..., Any], when: str) -> Callable[..., Any]:
    """Return a step around which this process dies."""

    def dying(*arguments: Any, **options: Any) -> Any:
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = step(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)
        return done

    return dying


def main(path: str, step: str, when: str) -> None:
    """Store three days and compact them, store late readings, and die in the second compaction."""
    registry = site()
    store = DuckDbStore(registry.points, Path(path))
    store.write(load(registry, 50), {"S": [Mark(1, 1)]})
    store.write(load(registry, 50, 86_400), {"S": [Mark(2, 2)]})
    compaction.maintain(store, START_NS + 2 * DAY_NS, 365, force=True)
    store.write(load(registry, 100), {"S": [Mark(3, 3)]})
    store.write(load(registry, 50, 2 * 86_400), {"S": [Mark(4, 4)]})
    if step in METHODS:
        setattr(DuckDbStore, step, fatal(getattr(DuckDbStore, step), when))
    else:
        setattr(compaction, step, fatal(getattr(compaction, step), when))
    compaction.maintain(store, START_NS + 2 * DAY_NS, 1 if step == "forget" else 365, force=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

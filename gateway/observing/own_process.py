"""What the system knows of this process: memory, files, processor time. Linux only; elsewhere NaN."""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessFigures:
    """Resident memory in bytes, open files, processor time in s since the process began."""

    memory: float
    open_files: float
    cpu_s: float


def own_figures() -> ProcessFigures:
    """Return the figures now: two small reads of ``/proc``, about 50 µs."""
    try:
        memory = float(int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE_BYTES)
        files = float(len(os.listdir("/proc/self/fd")))  # noqa: PTH208  # names are enough, and there may be 10,000
    except (OSError, ValueError, IndexError):
        memory = files = math.nan
    return ProcessFigures(memory=memory, open_files=files, cpu_s=time.process_time())

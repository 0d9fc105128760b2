"""A serial cable: two ports of the system, each carrying what is written into the other."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 512


@contextmanager
def serial_cable() -> Iterator[tuple[str, str]]:
    """Lay one inside a running event loop; gives the names of its two ports."""
    loop = asyncio.get_running_loop()
    ends = [pty.openpty(), pty.openpty()]
    for _, port in ends:
        tty.setraw(port)
    (first, _), (second, _) = ends
    loop.add_reader(first, lambda: os.write(second, os.read(first, CHUNK)))
    loop.add_reader(second, lambda: os.write(first, os.read(second, CHUNK)))
    try:
        yield os.ttyname(ends[0][1]), os.ttyname(ends[1][1])
    finally:
        for master, port in ends:
            loop.remove_reader(master)
            os.close(master)
            os.close(port)

"""What lives long is left out of full collections, and what is garbage is found all the same."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from pathlib import Path

from gateway.garbage import FULL, long_lived


class Ring:
    """Something that only a collection can free."""

    def __init__(self) -> None:
        self.itself = self


def test_survivors_are_left_out_and_all_is_as_before_in_the_end() -> None:
    before = gc.get_threshold(), gc.get_freeze_count(), len(gc.callbacks)
    with long_lived():
        gc.collect(FULL)
        assert gc.get_freeze_count() > 1000
    assert (gc.get_threshold(), gc.get_freeze_count(), len(gc.callbacks)) == before


def test_garbage_that_is_young_is_freed() -> None:
    with long_lived():
        gc.collect(FULL)
        ring = weakref.ref(Ring())
        gc.collect(FULL)
        assert ring() is None


RING = """
import gc, weakref
from gateway.garbage import FULL, LEAST, long_lived

class Ring:
    def __init__(self):
        self.itself = self

with long_lived():
    ring = Ring()
    seen = weakref.ref(ring)
    gc.collect(FULL)
    del ring
    gc.collect(FULL)
    assert seen() is not None
    kept = []
    for _ in range(8):  # twice what was there is passed somewhere on the way
        kept += [[] for _ in range(LEAST)]
        gc.collect(FULL)
    assert seen() is None
"""
"""Run in a process of its own: how much must be added depends on what is there, and a test run has millions."""


def test_a_ring_that_was_left_out_is_freed_when_much_has_been_added() -> None:
    subprocess.run([sys.executable, "-c", RING], check=True, cwd=Path(__file__).parents[2])

"""What lives long is left out of full collections, and what is garbage is found all the same."""

from __future__ import annotations

import gc
import weakref

from gateway import garbage
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


def test_a_ring_that_was_left_out_is_freed_when_much_has_been_added() -> None:
    with long_lived():
        ring = Ring()
        seen = weakref.ref(ring)
        gc.collect(FULL)
        del ring
        gc.collect(FULL)
        assert seen() is not None
        kept: list[list[None]] = []
        for _ in range(8):  # twice what was there is passed somewhere on the way
            kept += [[] for _ in range(garbage.LEAST)]
            gc.collect(FULL)
        assert seen() is None

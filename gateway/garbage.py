"""Garbage collection for a process with much that stays: the loop must not stand still while all of it is looked at.

Ten thousand transmitters are about a million objects. Python looks at all of them in a full collection, which
took 0.6 s, and starts one whenever a quarter as many again were made: every few seconds in a storm. Nearly all of
them live as long as the process.

| when | what happens |
|---|---|
| after a full collection | what survived is left out of the next ones (`gc.freeze`) |
| twice as much was left out as after the last look at everything | the next full collection looks at everything again |

So what is left out by mistake (a ring of objects that dies late) can at most double what is there, and a process
that does not grow never stands still. Reference counting, which frees nearly everything, is not touched.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping

YOUNG, MIDDLE, OLD = 2_000, 10, 50
"""Objects made before the youngest are looked at, such looks before a larger one, and those before a full one;
measured: a look at the 20,000 objects of the second kind takes 2 ms."""

FULL = 2
"""Number of the oldest generation."""

LEAST = 100_000
"""Objects below which looking at everything takes some ten milliseconds: not worth leaving anything out."""


class Survivors:
    """Leaves out of full collections what survived one; see the module."""

    def __init__(self) -> None:
        """Nothing is left out yet."""
        self._limit = 2 * LEAST
        self._whole = True
        """Tells whether the collection that runs, or comes next, looks at everything."""

    def __call__(self, phase: str, info: Mapping[str, int]) -> None:
        """Hear that a collection starts or stops (`gc.callbacks`)."""
        if info["generation"] != FULL:
            return
        if phase == "start":
            self._whole = gc.get_freeze_count() > self._limit
            if self._whole:
                gc.unfreeze()
            return
        gc.freeze()
        if self._whole:
            self._limit = 2 * max(LEAST, gc.get_freeze_count())


@contextlib.contextmanager
def long_lived() -> Iterator[None]:
    """Collect as a process needs that lives long and holds much; everything is as before in the end."""
    before, survivors = gc.get_threshold(), Survivors()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    gc.callbacks.append(survivors)
    try:
        yield
    finally:
        gc.callbacks.remove(survivors)
        gc.set_threshold(*before)
        gc.unfreeze()

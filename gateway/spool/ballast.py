"""A file that holds disk space, to be given up when the disk is full: removing rows needs some room, too."""

from __future__ import annotations

from pathlib import Path

BALLAST_BYTES = 2**20


class Ballast:
    """The ballast beside a spool's file."""

    def __init__(self, spool: Path) -> None:
        """Name it after the spool; nothing is written yet."""
        self._path = spool.with_name(spool.name + ".ballast")

    def hold(self) -> None:
        """Take the space, where there is any; without ballast a full disk is met a little earlier."""
        if self._path.exists():
            return
        try:
            self._path.write_bytes(bytes(BALLAST_BYTES))
        except OSError:  # half of one would fill the disk
            self._path.unlink(missing_ok=True)

    def give_up(self) -> None:
        """Give the space back."""
        self._path.unlink(missing_ok=True)

"""What a gateway keeps on disk of its configuration: the centre's bundle, the last good one, what was rolled back.

    <state>/config/remote.json      the bundle that the centre gave, while it is in force
    <state>/config/good.json        the files of the last configuration that ran without harm
    <state>/config/rejected.json    the version that was put back, and why: it is not taken again by itself

So a gateway that starts without a backbone runs what it ran before, and one whose site folder was broken
meanwhile runs the last good configuration and says so. Texts are kept as they were written: ``${NAME}`` stays.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backbone.credentials import write_private
from domain.errors import ConfigurationError
from gateway.reload.bundle import Bundle, BundleError, check_files
from gateway.reload.configuration import Configuration, Load, Source

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A version that was put back, and why."""

    version: str
    reason: str


class Kept:
    """The folder of one gateway."""

    def __init__(self, folder: Path) -> None:
        """Keep files in ``folder``, which is made private when something is first written."""
        self._folder = folder

    def bundle(self) -> Bundle | None:
        """Return the centre's bundle that is in force, None without one or when its file is damaged."""
        text = self._read("remote.json")
        try:
            return None if text is None else Bundle.decode(text.encode())
        except BundleError as error:
            log.error("the kept bundle can't be used: %s", error)  # noqa: TRY400  # the text is for a person
            return None

    def keep_bundle(self, bundle: Bundle | None) -> None:
        """Keep a bundle over restarts; None when the word goes back to the local folder."""
        self._write("remote.json", None if bundle is None else bundle.encode().decode())

    def rejected(self) -> Rejected | None:
        """Return what was put back last, and not replaced by something good since."""
        found = self._object("rejected.json")
        return None if found is None else Rejected(str(found.get("version")), str(found.get("reason")))

    def reject(self, candidate: Configuration, reason: str) -> None:
        """Remember that a version did harm."""
        document = {"version": candidate.version, "reason": reason}
        self._write("rejected.json", json.dumps(document, ensure_ascii=False))

    def approve(self, running: Configuration) -> None:
        """Remember a configuration that runs without harm."""
        document = {
            "version": running.version, "files": dict(running.files), "source": running.source,
            "revision": running.revision, "by": running.by,
        }  # fmt: skip
        self._write("good.json", json.dumps(document, ensure_ascii=False))
        self._write("rejected.json", None)

    def good(self, load: Load) -> Configuration | None:
        """Return the last configuration that ran without harm; None without one, or when it can't be read any more."""
        found = self._object("good.json")
        if found is None:
            return None
        try:
            check_files(found.get("files"))
            made = load(found["files"])
        except (ConfigurationError, BundleError) as error:
            log.error("the last good configuration can't be used:\n%s", error)  # noqa: TRY400  # for a person
            return None
        source: Source = "remote" if found.get("source") == "remote" else "local"
        revision = found.get("revision")
        return replace(
            made, source=source, revision=revision if isinstance(revision, int) else 0, by=str(found.get("by", ""))
        )

    def _object(self, name: str) -> Mapping[str, Any] | None:
        text = self._read(name)
        try:
            found = None if text is None else json.loads(text)
        except ValueError:
            log.error("%s is damaged, and passed over", self._folder / name)  # noqa: TRY400  # for a person
            return None
        return found if isinstance(found, dict) else None

    def _read(self, name: str) -> str | None:
        try:
            return (self._folder / name).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def _write(self, name: str, text: str | None) -> None:
        """Replace or remove a file; a full disk is told, and is no reason to stop reading devices."""
        try:
            if text is None:
                (self._folder / name).unlink(missing_ok=True)
                return
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._folder / name, text)
        except OSError as error:
            log.error("%s not kept: %s", self._folder / name, error)  # noqa: TRY400  # the text is for a person

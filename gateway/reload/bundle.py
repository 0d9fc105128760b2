"""A gateway's configuration as the centre hands it over: a few texts, with who, when and a digest.

    {"format": 1, "by": "li", "time_ns": 1800…, "note": "…", "sha256": "…", "files": {"site.yaml": "…", …}}
    {"format": 1, "by": "li", "time_ns": 1800…, "withdrawn": true}

The second form gives the word back to the local folder. The digest is over the files, and finds what was cut or
mixed up on the way; who may write is a matter of the backbone's permissions (see ``docs/decisions``).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.errors import WireError

MOST_BYTES = 512 * 1024
"""Largest bundle, encoded: half of what a message of the backbone may have."""

MOST_FILES = 200
MOST_WORD, MOST_NOTE = 64, 500

NAME = re.compile(r"site\.yaml|(gateways|profiles)/[A-Za-z0-9_-]{1,64}\.yaml")
"""Names that a file may have: nothing else is ever written to a disk."""


class BundleError(WireError):
    """Bytes that are no bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """Files by name, empty when ``withdrawn``; ``revision`` is the number the store gave it, 0 before that."""

    files: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    time_ns: int = 0
    note: str = ""
    revision: int = 0
    withdrawn: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 over names and texts."""
        return digest_of(self.files)

    def encode(self) -> bytes:
        """Return the bytes to store; raises BundleError when they are too many."""
        told: dict[str, Any] = {
            "format": 1, "by": self.by[:MOST_WORD], "time_ns": self.time_ns, "note": self.note[:MOST_NOTE],
            "revision": self.revision,
        }  # fmt: skip
        told |= {"withdrawn": True} if self.withdrawn else {"sha256": self.digest, "files": dict(self.files)}
        data = json.dumps(told, ensure_ascii=False).encode()
        if len(data) > MOST_BYTES:
            raise BundleError(f"a bundle of {len(data)} bytes; at most {MOST_BYTES}")
        return data

    @classmethod
    def decode(cls, data: bytes, revision: int | None = None) -> Bundle:
        """Read what `encode` wrote; raises BundleError for anything else."""
        if len(data) > MOST_BYTES:
            raise BundleError(f"a bundle of {len(data)} bytes; at most {MOST_BYTES}", data)
        try:
            told = json.loads(data)
            files = told.get("files", {})
            made = cls(
                files=files, by=str(told["by"])[:MOST_WORD], time_ns=int(told["time_ns"]),
                note=str(told.get("note", ""))[:MOST_NOTE], withdrawn=told.get("withdrawn") is True,
                revision=int(told.get("revision", 0)) if revision is None else revision,
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BundleError("no bundle of ours", data) from error
        if told.get("format") != 1:
            raise BundleError(f"a bundle of format {str(told.get('format'))[:20]}; this release reads 1", data)
        if not made.withdrawn:
            check_files(files)
            if told.get("sha256") != made.digest:
                raise BundleError("the files of the bundle are not those that were sent: its digest differs")
        return made


def check_files(files: Any) -> None:
    """Refuse what is no mapping of file names to texts; raises BundleError."""
    if not isinstance(files, dict) or not files or len(files) > MOST_FILES:
        raise BundleError(f"a bundle has 1 to {MOST_FILES} files")
    for name, text in files.items():
        if not NAME.fullmatch(name) or not isinstance(text, str):
            raise BundleError(
                f"'{name[:80]}' is no file of a bundle: site.yaml, gateways/<id>.yaml, profiles/<id>.yaml"
            )
        if any("\ud800" <= one <= "\udfff" for one in text):
            raise BundleError(f"'{name}' has half a character")


def digest_of(files: Mapping[str, str]) -> str:
    """Return the SHA-256 of names and texts, in the order of the names."""
    text = json.dumps(dict(sorted(files.items())), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

"""A site's own rules as one entry of KV ``rulesets``: the files, with version, who and when.

| key | meaning |
|---|---|
| ``candidate`` | what somebody wants to try or apply; nobody runs it |
| ``current`` | what every rules process runs; deleted: the site's folder counts |
| ``previous`` | what ran before, for a way back |

Zlib-compressed JSON; a site with four thousand rules fits into a message. `decode` takes bytes from outside.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from domain.errors import WireError

CANDIDATE, CURRENT, PREVIOUS = "candidate", "current", "previous"
MOST_BYTES = 16 * 2**20
"""Of the JSON: ten thousand rules of 1,600 bytes."""
MOST_FILES = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesBundle:
    """Files by name, ``pressure_low.yaml``; ``version`` is that of the whole set, the library's rules included.

    ``folder`` says that this is no bundle of files but the site's own folder, wherever the process finds it.
    """

    version: str
    by: str
    time_ns: int
    note: str
    files: Mapping[str, str]
    folder: bool = False

    def encode(self) -> bytes:
        """Return the entry."""
        return zlib.compress(json.dumps(asdict(self), ensure_ascii=False).encode(), 6)

    @classmethod
    def decode(cls, data: bytes) -> RulesBundle:
        """Read an entry; raises WireError for anything that `encode` did not make."""
        try:
            inflate = zlib.decompressobj()
            text = inflate.decompress(data, MOST_BYTES)
            if inflate.unconsumed_tail:
                raise WireError(f"a bundle of rules is larger than {MOST_BYTES} bytes", data)
            body = json.loads(text)
            files = {str(name): str(content) for name, content in dict(body["files"]).items()}
            if len(files) > MOST_FILES or any("/" in name or name.startswith(".") for name in files):
                raise WireError("a bundle of rules has too many files, or files in other folders", data)
            return cls(
                version=str(body["version"]),
                by=str(body["by"]),
                time_ns=int(body["time_ns"]),
                note=str(body["note"]),
                files=files,
                folder=bool(body["folder"]),
            )
        except (zlib.error, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            if isinstance(error, WireError):
                raise
            raise WireError(f"a bundle of rules can't be read: {error!r}", data) from error

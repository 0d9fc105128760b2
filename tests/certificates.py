"""Certificates made while a test runs, by the openssl command: an authority, and what it signs."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.servers import require


@dataclass(frozen=True)
class Pair:
    """A certificate and its key."""

    cert: Path
    key: Path


class Authority:
    """Signs certificates for ``localhost`` and 127.0.0.1, and for clients."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._openssl = require("openssl")
        self.cert, self._key = folder / f"{name}.pem", folder / f"{name}.key"
        self._run("req", "-x509", *self._new_key(self._key), "-subj", f"/CN={name}", "-days", "2", "-out", self.cert)

    def signed(self, name: str, *, days: int = 2, host: str = "localhost") -> Pair:
        """Return a new pair; with ``days=-1`` it expired yesterday."""
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        request = self._folder / f"{name}.csr"
        names = f"subjectAltName=DNS:{host}" + (",IP:127.0.0.1" if host == "localhost" else "")
        self._run("req", *self._new_key(pair.key), "-subj", f"/CN={name}", "-addext", names, "-out", request)
        self._run(
            "x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self._key, "-CAcreateserial",
            "-days", str(days), "-copy_extensions", "copy", "-out", pair.cert,
        )  # fmt: skip
        return pair

    @staticmethod
    def _new_key(path: Path) -> list[str | Path]:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path]

    def _run(self, *arguments: str | Path) -> None:
        subprocess.run([self._openssl, *map(str, arguments)], check=True, capture_output=True, timeout=60)

"""Signed documents: JSON with an HMAC-SHA256 by a key of this installation, made at its first use (mode 0600).

What the signature proves: whoever holds the key (this installation) made the document, and nobody changed a character
since. It is no third party's seal: keep the state folder, or its key ``secrets/walk-test.key``, as long as the papers.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.state import State
from domain.errors import LinkError, WireError

KEY = "walk-test.key"
ALGORITHM = "HMAC-SHA256"
MOST_BYTES = 64 * 2**20


def sign(document: Mapping[str, Any], state: State) -> dict[str, Any]:
    """Return ``document`` with its signature."""
    key = state.secret(KEY).encode()
    return {
        "document": dict(document),
        "signature": {"algorithm": ALGORITHM, "key_id": key_id(key), "value": _value(document, key)},
    }


def verify(signed: Mapping[str, Any], state: State) -> str | None:
    """Return None when the signature holds, else why not, Chinese first; raises LinkError without the key."""
    path = state.root / "secrets" / KEY
    if not path.exists():
        raise LinkError(f"没有签名密钥 / there is no signing key: {path}")
    key = path.read_text().strip().encode()
    signature = signed["signature"]
    if signature.get("algorithm") != ALGORITHM:
        return f"签名算法不是 {ALGORITHM} / not signed by {ALGORITHM}"
    if signature.get("key_id") != key_id(key):
        return "由另一套系统签名 / signed by another installation's key"
    if not hmac.compare_digest(str(signature.get("value", "")), _value(signed["document"], key)):
        return "内容被改动过 / the content was changed after it was signed"
    return None


def read_signed(path: Path) -> dict[str, Any]:
    """Read a signed document; raises WireError for a file that is none."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WireError(f"{path}: {path.stat().st_size} bytes; at most {MOST_BYTES}")
        signed = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise WireError(f"{path}: 不是签名文件 / no signed document: {error}") from error
    if not isinstance(signed, dict) or not all(
        isinstance(signed.get(part), dict) for part in ("document", "signature")
    ):
        raise WireError(f"{path}: 不是签名文件 / no signed document")
    return signed


def write_signed(signed: Mapping[str, Any], path: Path) -> None:
    """Write a signed document, whole or not at all, readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(signed, ensure_ascii=False, indent=1) + "\n")
    draft.chmod(0o600)
    os.replace(draft, path)  # noqa: PTH105  # atomic, which Path.rename promises on POSIX only


def key_id(key: bytes) -> str:
    """Return by which name a key is known: the beginning of its hash."""
    return hashlib.sha256(key).hexdigest()[:16]


def _value(document: Mapping[str, Any], key: bytes) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()

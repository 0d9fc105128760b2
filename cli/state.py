"""The state folder: everything that a running site keeps, in one private place.

    var/<site>/
      nats/       the embedded server: ports.json, users.json, jetstream/
      gateway/    one spool per gateway
      ingest/     the embedded store
      alerts/     the record (SQLite)
      site.json   which site folder runs here
      walk-tests/ signed results of walk tests
      secrets/    signing keys, API token, passwords of the first accounts, VAPID key of Web Push: made at first start
      logs/       one file per process

`fengsui backup` is a copy of this folder while nothing runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from backbone.credentials import write_private
from domain.accounts import UserRole
from domain.errors import RefusedError

VARIABLE = "FENGSUI_STATE"
DEFAULT_ROOT = Path("var")
DATABASE_VARIABLE = "FENGSUI_DATABASE_URL"
DATABASE_FILE_VARIABLE = "FENGSUI_DATABASE_URL_FILE"
SECRET_BYTES = 32
SITE_NOTE = "site.json"
VAPID_KEY = "vapid.key"
"""Web Push's private key: 32 random bytes in base64url are one of P-256 (one of 4 billion is none)."""


@dataclass(frozen=True, slots=True)
class State:
    """A state folder; subfolders are made, private, when first asked for."""

    root: Path

    def folder(self, *parts: str) -> Path:
        """Return a subfolder, made if missing, readable by its owner only."""
        path = self.root.joinpath(*parts)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        return path

    @property
    def nats(self) -> Path:
        """Folder of the embedded server."""
        return self.root / "nats"

    @property
    def alerts_url(self) -> str:
        """Address of the record: a SQLite file here, unless the environment names a database.

        ``FENGSUI_DATABASE_URL`` is the address; ``FENGSUI_DATABASE_URL_FILE`` a file that holds it, as it may hold a
        password. Raises RefusedError when that file can't be read.
        """
        written = os.environ.get(DATABASE_FILE_VARIABLE)
        if written:
            return _written(Path(written))
        return os.environ.get(DATABASE_VARIABLE) or f"sqlite:///{self.folder('alerts').resolve() / 'alerts.db'}"

    def note_site(self, site: Path) -> None:
        """Note which site runs here, for commands that talk to it."""
        (self.folder() / SITE_NOTE).write_text(json.dumps({"site": str(site.resolve())}) + "\n")

    def noted_site(self) -> Path | None:
        """Return the folder of the site that runs or ran here; None when nobody noted it, or it is gone."""
        try:
            site = Path(json.loads((self.root / SITE_NOTE).read_text())["site"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return site if (site / "site.yaml").is_file() else None

    def secret(self, name: str) -> str:
        """Return a secret of this installation, made at the first call."""
        path = self.folder("secrets") / name
        if not path.exists():
            mine = path.with_name(f"{os.getpid()}-{name}")
            write_private(mine, secrets.token_urlsafe(SECRET_BYTES))
            with contextlib.suppress(FileExistsError):  # another process was first: its secret is the one
                os.link(mine, path)
            mine.unlink()
        return path.read_text().strip()

    def first_passwords(self) -> dict[UserRole, str]:
        """Return the passwords of the accounts that the first start makes (``<account>.password``).

        They count until somebody changes them, and are never read again once there is an account. A supervisor is among
        them because a fire is shelved by two persons, and one of them has to be allowed to. An installation from
        before there was one has accounts, and gets no file of one that it has not. Its own is made first, so that no
        start that was broken off looks like such an installation.
        """
        secrets_folder = self.folder("secrets")
        first = [UserRole.SUPERVISOR, UserRole.ADMIN, UserRole.OPERATOR]
        if (secrets_folder / _file(UserRole.ADMIN)).exists() and not (secrets_folder / _file(first[0])).exists():
            first = first[1:]
        return {role: self.secret(_file(role)) for role in first}


def _file(role: UserRole) -> str:
    return f"{role.value}.password"


def _written(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(
            f"{DATABASE_FILE_VARIABLE} names {path}, which can't be read: put the address of the database into it"
        ) from error


def state_for(site_id: str, chosen: Path | None = None) -> State:
    """Return the state folder: the chosen one, ``FENGSUI_STATE``, or ``var/<site>``."""
    named = os.environ.get(VARIABLE)
    return State(chosen or (Path(named) if named else DEFAULT_ROOT / site_id))


def latest_state() -> State | None:
    """Return the state folder that ran last here, for commands that talk to a running site."""
    named = os.environ.get(VARIABLE)
    if named:
        return State(Path(named))
    found = sorted(DEFAULT_ROOT.glob("*/nats/ports.json"), key=lambda path: path.stat().st_mtime)
    return State(found[-1].parent.parent) if found else None

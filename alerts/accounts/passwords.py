"""Passwords: how they are hashed, and which are refused.

| parameter | value | source |
|---|---|---|
| algorithm | argon2id, version 1.3 | RFC 9106 |
| memory, passes | 64 MiB, 3 | RFC 9106 section 4, second recommended option |
| lanes | 1 | the option says 4; of two cores a sign-in must leave one to fires (OWASP's least: 19 MiB, 2, 1) |
| salt, hash | 16, 32 bytes | RFC 9106 section 3.1 |
| shortest password | 12 characters | assumption between NIST SP 800-63B's 8 and its fourth revision's 15 |

A hash takes some 0.17 s of one core. It runs in one thread of its own, one at a time, without the interpreter's lock,
and never on the thread that writes the record: a fire never waits for a password. Hashes carry their parameters:
where these are raised, a password is hashed anew at its next use.
"""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import LinkError, RefusedError

MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 1
LEAST_PASSWORD = 12
LEAST_DIFFERENT = 5
MOST_WAITING = 16
"""Passwords that stand in line; more are sent away, so that a flood of sign-ins costs one core and little memory."""

T = TypeVar("T")


class BusyError(LinkError):
    """Too many passwords stand in line; try again."""


class Passwords:
    """Hashes and compares, one at a time, away from everything else."""

    def __init__(self) -> None:
        """Start no thread yet."""
        self._hasher = PasswordHasher(PASSES, MEMORY_KIB, LANES, hash_len=32, salt_len=16)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="passwords")
        self._waiting = 0
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        """Return the hash of a new password."""
        return await self._run(lambda: self._hasher.hash(_plain(password)))

    async def right(self, password: str, known: str | None) -> bool:
        """Tell whether a password is the one of a hash; without a hash it takes as long, and is wrong."""
        return await self._run(lambda: self._right(password, known))

    def is_old(self, known: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(known)

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _right(self, password: str, known: str | None) -> bool:
        if self._nobody is None:
            self._nobody = self._hasher.hash("nobody's password")
        try:
            matches = self._hasher.verify(known or self._nobody, _plain(password))
        except (VerificationError, InvalidHashError):
            return False
        return matches and known is not None

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= MOST_WAITING:
            raise BusyError("登录请求过多，请稍后再试 / too many people sign in at once: try again")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        finally:
            self._waiting -= 1


def check_new(password: str, *names: str) -> None:
    """Raise RefusedError for a password that is too short, too plain, or the person's own name."""
    plain = _plain(password)
    if len(plain) < LEAST_PASSWORD:
        raise RefusedError(f"口令至少 {LEAST_PASSWORD} 个字符 / a password has at least {LEAST_PASSWORD} characters")
    if len(set(plain)) < LEAST_DIFFERENT:
        raise RefusedError(
            f"口令至少要有 {LEAST_DIFFERENT} 个不同的字符 / a password needs {LEAST_DIFFERENT} different characters"
        )
    if any(name and len(plain.replace(name, "")) < LEAST_PASSWORD // 2 for name in map(_plain, names)):
        raise RefusedError("口令不能是账号或姓名 / a password is not the account's own name")


def _plain(password: str) -> str:
    """Return the one form of a text that keyboards write in several (NIST SP 800-63B: NFKC)."""
    return unicodedata.normalize("NFKC", password)

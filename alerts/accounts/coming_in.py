"""Signing in: count the try, compare the password away from the writer, begin a session, write it down.

What stands in the audit of a failure is the account, when there is one, and the address; never what was typed as a
name: people type their password there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from alerts.accounts import sessions, vouching
from alerts.accounts.passwords import BusyError, Passwords, check_new
from alerts.accounts.principals import of_session, of_user
from alerts.accounts.tries import Tries, keys_of
from alerts.accounts.users import set_password
from alerts.accounts_face import (
    Outcome,
    OwnPasswordRequest,
    PrincipalView,
    SignInReply,
    SignInRequest,
    VouchHereRequest,
    VouchReply,
    VouchRequest,
)
from alerts.desk import Desk
from alerts.office import Office
from alerts.schema import User
from domain.errors import RefusedError

NO_SESSION = "请重新登录 / sign in again: this session is over"


LOOKED_AT = frozenset({Outcome.IN, Outcome.WRONG})
"""Of a password that was compared; others came too early or found a long line."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """What became of looking at a password; ``known_hash`` is what it was compared with."""

    outcome: Outcome
    keys: list[str]
    known_hash: str | None = None
    wait_s: float = 0.0


class Entrance:
    """Where people come in."""

    def __init__(self, office: Office, passwords: Passwords) -> None:
        """Let people into ``office``."""
        self._office = office
        self._passwords = passwords
        self._tries = Tries()

    async def sign_in(self, request: SignInRequest) -> SignInReply:
        """Try a password."""
        tried = await self._try(request)
        found = await self._begin(request, tried.known_hash) if tried.outcome is Outcome.IN else None
        if found is None:
            if tried.outcome in LOOKED_AT:
                await self._office.change(lambda desk: _failed(desk, request))
            return SignInReply(outcome=tried.outcome if tried.wait_s else Outcome.WRONG, wait_s=tried.wait_s)
        self._tries.forgive(tried.keys)
        if tried.known_hash is not None and self._passwords.is_old(tried.known_hash):
            await self._hash_anew(request, tried.known_hash)
        return SignInReply(outcome=Outcome.IN, principal=found)

    async def vouch(self, request: VouchRequest) -> VouchReply:
        """Try the password of a second person, who vouches for one act; no session begins.

        Raises RefusedError where the password is right and the person is the first one, or may not do it.
        """
        tried = await self._try(request)
        if tried.outcome is not Outcome.IN:
            if tried.outcome in LOOKED_AT:
                await self._office.change(lambda desk: _failed(desk, request))
            return VouchReply(outcome=tried.outcome, wait_s=tried.wait_s)
        second, refusal = await self._office.change(lambda desk: vouching.vouch(desk, request, tried.known_hash))
        self._tries.forgive(tried.keys)
        if refusal:
            raise RefusedError(refusal)
        return VouchReply(outcome=Outcome.IN if second else Outcome.WRONG, second=second)

    async def vouch_here(self, request: VouchHereRequest) -> VouchReply:
        """Take the word of a second person who is signed in; raises RefusedError where they are not, or may not."""
        second, refusal = await self._office.change(lambda desk: vouching.vouch_here(desk, request))
        if second is None:
            raise RefusedError(refusal or NO_SESSION)
        return VouchReply(outcome=Outcome.IN, second=second)

    async def _try(self, request: SignInRequest | VouchRequest) -> _Tried:
        """Look at a password, unless it comes too early; it counts as wrong until somebody forgives."""
        now_ns = self._office.clock.now_ns()
        known_hash, is_known = await self._office.database.read(
            lambda session: (
                _hash(session.get(User, request.user)),
                sessions.is_known(session, request.user, request.address, now_ns),
            )
        )
        keys = keys_of(request.user, request.address, known=is_known)
        wait_s = self._tries.wait_s(keys, now_ns)
        if wait_s > 0:
            return _Tried(Outcome.WAIT, keys, wait_s=wait_s)
        self._tries.count(keys, now_ns)
        try:
            right = await self._passwords.right(request.password, known_hash)
        except BusyError:
            return _Tried(Outcome.BUSY, keys, wait_s=1.0)
        return _Tried(Outcome.IN if right else Outcome.WRONG, keys, known_hash)

    async def change_password(self, request: OwnPasswordRequest) -> None:
        """Take a person's new password, who knows the old one; raises RefusedError."""
        now_ns = self._office.clock.now_ns()
        registry = self._office.directory.registry
        found = await self._office.database.read(lambda session: of_session(session, registry, request.key, now_ns))
        if found is None:
            raise RefusedError(NO_SESSION)
        who = found[0]
        known_hash = await self._office.database.read(lambda session: _hash(session.get(User, who.id)))
        keys = [f"change {who.id}"]
        if self._tries.wait_s(keys, now_ns) > 0:
            raise RefusedError("尝试次数过多，请稍后再试 / too many wrong tries: wait a moment")
        self._tries.count(keys, now_ns)
        if not await self._passwords.right(request.old, known_hash):
            raise RefusedError("原口令不正确 / the old password is wrong")
        self._tries.forgive(keys)
        if request.new == request.old:
            raise RefusedError("新口令与原口令相同 / the new password is the old one")
        check_new(request.new, who.id, who.name, who.name_en)
        new_hash = await self._passwords.hash(request.new)
        await self._office.change(
            lambda desk: set_password(desk, who.id, new_hash, by=who.name, must_change=False, keep=request.key)
        )

    def waits_s(self, users: Sequence[str]) -> dict[str, float]:
        """Return how long the next try of each account has to wait, wherever it comes from."""
        return self._tries.waits_s(users, self._office.clock.now_ns())

    def unlock(self, user: str) -> None:
        """Forget the wrong passwords that were tried for an account."""
        self._tries.forget(user)

    async def _begin(self, request: SignInRequest, known_hash: str | None) -> PrincipalView | None:
        """Begin a session, unless the account changed while its password was looked at."""

        def work(desk: Desk) -> PrincipalView | None:
            user = desk.session.get(User, request.user)
            if user is None or user.disabled_ns is not None or user.password_hash != known_hash:
                return None
            if request.ends is not None:
                sessions.end_key(desk, request.ends, user.name, "signed in anew")
            found = sessions.begin(desk, user, key=request.key, address=request.address, agent=request.agent)
            return of_user(user, desk.directory.registry, found)

        return await self._office.change(work)

    async def _hash_anew(self, request: SignInRequest, known_hash: str) -> None:
        new_hash = await self._passwords.hash(request.password)

        def work(desk: Desk) -> None:
            user = desk.session.get(User, request.user)
            if user is not None and user.password_hash == known_hash:
                user.password_hash = new_hash

        await self._office.change(work)


def _hash(user: User | None) -> str | None:
    return None if user is None or user.disabled_ns is not None else user.password_hash


def _failed(desk: Desk, request: SignInRequest | VouchRequest) -> None:
    user = desk.session.get(User, request.user)
    desk.write(None, "sign_in_failed", user=user.id if user is not None else None, address=request.address)

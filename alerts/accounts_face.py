"""`svc.accounts.*` as other processes see it: who comes in, accounts, tokens, sessions, and a typed client.

No secret that stays good travels on the bus: sessions and tokens are named by their ``key``, the SHA-256 of 256 random
bits that only the browser or the program has. A password travels once, at sign-in or when it is set.
"""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum
from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from alerts.actions_face import Second
from alerts.face import Model, Who
from alerts.silences_face import SeenSilence
from backbone.client import Backbone
from domain.accounts import Right, UserRole
from domain.ids import Token

MOST_PASSWORD = 200
"""Characters: a bound of what is hashed, and no bound for a person."""

MOST_NAMED = 500
MOST_LISTED = 1000
TOKEN_PREFIX = "fst_"  # noqa: S105  # how a token begins, so that scanners of leaked secrets know one
SECRET_BYTES = 32
SLOW_S = 30.0
"""How long a client waits for what a password must be hashed for: others may stand in line before it."""

Key = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
UserId = Token
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Password = Annotated[str, StringConstraints(max_length=MOST_PASSWORD)]
"""Fields of it are ``repr=False`` and stand in a `Secretive`."""
RowId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,32}$")]
Tokens = Annotated[tuple[Token, ...], Field(max_length=MOST_NAMED)]


class Subject(StrEnum):
    """Where the service answers."""

    SIGN_IN = "svc.accounts.sign_in"
    SIGN_OUT = "svc.accounts.sign_out"
    RESOLVE = "svc.accounts.resolve"
    VOUCH = "svc.accounts.vouch"
    VOUCH_HERE = "svc.accounts.vouch.here"
    OWN_PASSWORD = "svc.accounts.own_password"  # noqa: S105  # a subject
    USERS = "svc.accounts.users"
    USER_ADD = "svc.accounts.user.add"
    USER_CHANGE = "svc.accounts.user.change"
    USER_PASSWORD = "svc.accounts.user.password"  # noqa: S105  # a subject
    USER_UNLOCK = "svc.accounts.user.unlock"
    TOKENS = "svc.accounts.tokens"
    TOKEN_CREATE = "svc.accounts.token.create"  # noqa: S105  # a subject
    TOKEN_REVOKE = "svc.accounts.token.revoke"  # noqa: S105  # a subject
    SESSIONS = "svc.accounts.sessions"
    SESSION_END = "svc.accounts.session.end"


class Outcome(StrEnum):
    """What became of signing in."""

    IN = "in"
    WRONG = "wrong"
    WAIT = "wait"
    BUSY = "busy"


class Secretive(Model):
    """Base of what holds a password: what is wrong with a request is told without its values."""

    model_config = ConfigDict(hide_input_in_errors=True)


class Empty(Model):
    """Nothing to say."""


class ScopeFields(Model):
    """Where: everywhere, or these units and the units of these areas."""

    everywhere: bool = False
    units: Tokens = ()
    areas: Tokens = ()


class SignInRequest(Secretive):
    """Who wants to come in. ``key`` is of the session that begins; ``ends`` of one that the browser had before."""

    user: str = Field(max_length=64)
    password: Password = Field(repr=False)
    key: Key
    ends: Key | None = None
    address: str = Field(default="", max_length=64)
    agent: str = Field(default="", max_length=200)


class PrincipalView(Model):
    """Who somebody is, and what they may. ``units`` None: everywhere. ``session`` is the short id that lists show."""

    kind: str
    id: str
    name: str
    name_en: str
    person: str | None
    roles: tuple[UserRole, ...]
    rights: tuple[Right, ...]
    units: tuple[str, ...] | None
    must_change: bool
    session: str | None
    ends_ns: int | None


class SignInReply(Model):
    """``wait_s`` is set when too many tries failed; ``principal`` when it worked."""

    outcome: Outcome
    wait_s: float = 0.0
    principal: PrincipalView | None = None


class VouchFields(Secretive):
    """For what a second person vouches.

    ``beside`` is the name in the record of the first, ``beside_account`` their account where they are signed in;
    ``right`` is what the act needs, in ``unit`` where it is of one. ``silence`` is the one that they confirm, as they
    saw it: the first is whoever the record says made it.
    """

    right: Right
    beside: Who
    beside_account: Token | None = None
    silence: SeenSilence | None = None
    unit: Token | None = None
    address: str = Field(default="", max_length=64)


class VouchRequest(VouchFields):
    """A second person, who stands beside the first and vouches for one act with their own password."""

    user: str = Field(max_length=64)
    password: Password = Field(repr=False)


class VouchHereRequest(VouchFields):
    """A second person at their own desk, who vouches with the session that they have."""

    key: Key


class VouchReply(Model):
    """``second`` is who vouched, for one deed, when ``outcome`` is in; no session has begun."""

    outcome: Outcome
    wait_s: float = 0.0
    second: Second | None = None


class ResolveRequest(Model):
    """Whose session or token this is."""

    key: Key
    token: bool = False


class KeyRequest(Secretive):
    """Of a session."""

    key: Key


class OwnPasswordRequest(KeyRequest):
    """A person's new password, with the old one."""

    old: Password = Field(repr=False)
    new: Password = Field(repr=False)


class UserAddRequest(ScopeFields, Secretive):
    """A new account. Without a password nobody can sign in to it yet."""

    id: UserId
    name: Name
    name_en: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] = ""
    person: Token | None = None
    roles: Annotated[tuple[UserRole, ...], Field(min_length=1, max_length=len(UserRole))]
    password: Password | None = Field(default=None, repr=False)
    must_change: bool = True
    by: Who


class UserChangeRequest(Model):
    """What changes of an account; None leaves it. ``scope`` replaces all of it; ``person`` "" unlinks."""

    id: UserId
    name: Name | None = None
    name_en: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] | None = None
    person: Token | Annotated[str, StringConstraints(max_length=0)] | None = None
    roles: Annotated[tuple[UserRole, ...], Field(min_length=1, max_length=len(UserRole))] | None = None
    scope: ScopeFields | None = None
    disabled: bool | None = None
    by: Who


class UserPasswordRequest(Secretive):
    """A password set by an administrator; the person's sessions end."""

    id: UserId
    password: Password = Field(repr=False)
    must_change: bool = True
    by: Who


class UserUnlockRequest(Model):
    """Whose wrong passwords are forgotten."""

    id: UserId
    by: Who


class TokenCreateRequest(ScopeFields):
    """A new token, which the asker made; ``lasts_s`` None: until revoked."""

    key: Key
    name: Name
    roles: Annotated[tuple[UserRole, ...], Field(max_length=len(UserRole))] = ()
    rights: Annotated[tuple[Right, ...], Field(max_length=len(Right))] = ()
    lasts_s: float | None = Field(default=None, ge=60, le=10 * 366 * 86_400.0, allow_inf_nan=False)
    by: Who


class EndRequest(Model):
    """Which token or session ends, by whom."""

    id: RowId
    by: Who


class SessionsRequest(Model):
    """Whose; None: all."""

    user: UserId | None = None


class UserView(ScopeFields):
    """An account without its password."""

    id: str
    name: str
    name_en: str
    person: str | None
    roles: tuple[UserRole, ...]
    has_password: bool
    must_change: bool
    disabled_ns: int | None
    created_ns: int
    created_by: str
    password_ns: int | None
    sessions: int = Field(description="that run now")
    wait_s: float = Field(default=0.0, description="until the next try to sign in is looked at, after wrong ones")


class TokenView(ScopeFields):
    """A token without itself."""

    id: str
    name: str
    roles: tuple[UserRole, ...]
    rights: tuple[Right, ...]
    created_ns: int
    created_by: str
    expires_ns: int | None
    last_used_ns: int | None
    revoked_ns: int | None
    revoked_by: str | None


class SessionView(Model):
    """A session that runs; ``id`` is a name for it and opens nothing."""

    id: str
    user: str
    address: str
    agent: str
    created_ns: int
    seen_ns: int
    idle_s: int
    ends_ns: int


def key_of(secret: str) -> str:
    """Return the key of a session's or token's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def new_secret() -> str:
    """Return 256 random bits, base64url."""
    return secrets.token_urlsafe(SECRET_BYTES)


class AccountsFace:
    """Typed client. Raises RefusedError with the reason, LinkError when nobody answers."""

    def __init__(self, backbone: Backbone) -> None:
        """Ask over ``backbone``."""
        self._backbone = backbone

    async def sign_in(self, request: SignInRequest) -> SignInReply:
        """Try a password; a session begins where it is right."""
        return SignInReply.model_validate(await self._ask(Subject.SIGN_IN, request, SLOW_S))

    async def sign_out(self, key: str) -> None:
        """End a session; one that is over already is no error."""
        await self._ask(Subject.SIGN_OUT, KeyRequest(key=key))

    async def resolve(self, key: str, *, token: bool = False) -> PrincipalView | None:
        """Return who has a session (or token); None when it is none, has ended, or its person may not come in."""
        found = (await self._ask(Subject.RESOLVE, ResolveRequest(key=key, token=token)))["principal"]
        return None if found is None else PrincipalView.model_validate(found)

    async def vouch(self, request: VouchRequest) -> VouchReply:
        """Try the password of a second person; raises RefusedError where it is right and they may not vouch."""
        return VouchReply.model_validate(await self._ask(Subject.VOUCH, request, SLOW_S))

    async def vouch_here(self, request: VouchHereRequest) -> VouchReply:
        """Let whoever has a session vouch; raises RefusedError where it is over, or they may not."""
        return VouchReply.model_validate(await self._ask(Subject.VOUCH_HERE, request))

    async def own_password(self, key: str, *, old: str, new: str) -> None:
        """Change the password of a session's person; their other sessions end."""
        await self._ask(Subject.OWN_PASSWORD, OwnPasswordRequest(key=key, old=old, new=new), SLOW_S)

    async def users(self) -> tuple[UserView, ...]:
        """Return all accounts, by id."""
        return tuple(UserView.model_validate(one) for one in (await self._ask(Subject.USERS, Empty()))["users"])

    async def add_user(self, request: UserAddRequest) -> UserView:
        """Make an account."""
        return UserView.model_validate((await self._ask(Subject.USER_ADD, request, SLOW_S))["user"])

    async def change_user(self, request: UserChangeRequest) -> UserView:
        """Change an account."""
        return UserView.model_validate((await self._ask(Subject.USER_CHANGE, request))["user"])

    async def set_password(self, request: UserPasswordRequest) -> UserView:
        """Set somebody's password."""
        return UserView.model_validate((await self._ask(Subject.USER_PASSWORD, request, SLOW_S))["user"])

    async def unlock(self, user_id: str, *, by: str) -> UserView:
        """Forget the wrong passwords that were tried for an account, from anywhere."""
        request = UserUnlockRequest(id=user_id, by=by)
        return UserView.model_validate((await self._ask(Subject.USER_UNLOCK, request))["user"])

    async def tokens(self) -> tuple[TokenView, ...]:
        """Return all tokens, newest first."""
        return tuple(TokenView.model_validate(one) for one in (await self._ask(Subject.TOKENS, Empty()))["tokens"])

    async def create_token(self, **wanted: Any) -> tuple[TokenView, str]:
        """Make a token (fields of `TokenCreateRequest` without ``key``); returns it with its secret, once."""
        secret = TOKEN_PREFIX + new_secret()
        reply = await self._ask(Subject.TOKEN_CREATE, TokenCreateRequest(key=key_of(secret), **wanted))
        return TokenView.model_validate(reply["token"]), secret

    async def revoke_token(self, token_id: str, *, by: str) -> TokenView:
        """End a token at once."""
        return TokenView.model_validate(
            (await self._ask(Subject.TOKEN_REVOKE, EndRequest(id=token_id, by=by)))["token"]
        )

    async def sessions(self, user: str | None = None) -> tuple[SessionView, ...]:
        """Return the sessions that run, newest first."""
        reply = await self._ask(Subject.SESSIONS, SessionsRequest(user=user))
        return tuple(SessionView.model_validate(one) for one in reply["sessions"])

    async def end_session(self, session_id: str, *, by: str) -> None:
        """End somebody's session at once."""
        await self._ask(Subject.SESSION_END, EndRequest(id=session_id, by=by))

    async def _ask(self, subject: Subject, request: Model, timeout_s: float = 5.0) -> Any:
        body = request.model_dump(mode="json", exclude_none=True)
        return await self._backbone.request(subject.value, body, timeout_s=timeout_s)

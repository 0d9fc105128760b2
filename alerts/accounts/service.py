"""`svc.accounts.*`: requests from other processes, one handler a subject.

Only our own services have a user of the backbone that may ask here: who is asked trusts ``by``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from alerts import accounts_face as face
from alerts.accounts import api_tokens, principals, sessions, users
from alerts.accounts.coming_in import Entrance
from alerts.accounts.passwords import Passwords, check_new
from alerts.accounts_face import PrincipalView, Subject
from alerts.desk import Desk
from alerts.office import Office
from alerts.schema import ApiToken, User, UserSession
from backbone.client import Backbone
from domain.accounts import UserRole
from domain.clock import NS_PER_S

Reply = dict[str, Any]

AT_ONCE = 8
"""Questions that wait for a password together; the line behind them is `alerts.accounts.passwords.MOST_WAITING`."""

SLOW = frozenset(
    {
        Subject.SIGN_IN,
        Subject.VOUCH,
        Subject.OWN_PASSWORD,
        Subject.USER_ADD,
        Subject.USER_PASSWORD,
        Subject.RESOLVE,
    }
)


class AccountsService:
    """Handlers over an office."""

    def __init__(self, office: Office) -> None:
        """Serve ``office``."""
        self._office = office
        self._passwords = Passwords()
        self._entrance = Entrance(office, self._passwords)

    async def serve(self, backbone: Backbone) -> None:
        """Answer until the connection closes."""
        handlers: dict[Subject, Callable[[Reply], Awaitable[Reply]]] = {
            Subject.SIGN_IN: self.sign_in,
            Subject.SIGN_OUT: self.sign_out,
            Subject.RESOLVE: self.resolve,
            Subject.VOUCH: self.vouch,
            Subject.VOUCH_HERE: self.vouch_here,
            Subject.OWN_PASSWORD: self.own_password,
            Subject.USERS: self.users,
            Subject.USER_ADD: self.add_user,
            Subject.USER_CHANGE: self.change_user,
            Subject.USER_PASSWORD: self.set_password,
            Subject.USER_UNLOCK: self.unlock,
            Subject.TOKENS: self.tokens,
            Subject.TOKEN_CREATE: self.create_token,
            Subject.TOKEN_REVOKE: self.revoke_token,
            Subject.SESSIONS: self.sessions,
            Subject.SESSION_END: self.end_session,
        }
        for subject, handler in handlers.items():
            await backbone.serve(subject.value, handler, at_once=AT_ONCE if subject in SLOW else 1)

    def close(self) -> None:
        """Let the thread of passwords end."""
        self._passwords.close()

    async def make_first(self, passwords: Mapping[UserRole, str]) -> None:
        """Make one account a role, named like it, where there is no account at all: the first start."""
        if await self._office.database.read(lambda session: session.query(User).first() is not None):
            return
        hashes = {role: await self._passwords.hash(password) for role, password in passwords.items()}

        def work(desk: Desk) -> None:
            if desk.session.query(User).first() is None:
                for role, password_hash in hashes.items():
                    users.add(desk, _first(role), password_hash)

        await self._office.change(work)

    async def sign_in(self, body: Reply) -> Reply:
        """Try a password."""
        return (await self._entrance.sign_in(face.SignInRequest.model_validate(body))).model_dump(mode="json")

    async def sign_out(self, body: Reply) -> Reply:
        """End a session."""
        key = face.KeyRequest.model_validate(body).key
        await self._office.change(lambda desk: sessions.end_key(desk, key, None, "signed out"))
        return {}

    async def resolve(self, body: Reply) -> Reply:
        """Say who has a session or a token, and note that it was seen."""
        request = face.ResolveRequest.model_validate(body)
        now_ns, registry = self._office.clock.now_ns(), self._office.directory.registry

        def work(session: Session) -> tuple[PrincipalView, UserSession | ApiToken] | None:
            if request.token:
                return principals.of_token(session, registry, request.key, now_ns)
            return principals.of_session(session, registry, request.key, now_ns)

        found = await self._office.database.read(work)
        if found is None:
            return {"principal": None}
        who, row = found
        seen_ns = row.seen_ns if isinstance(row, UserSession) else row.last_used_ns or 0
        if now_ns - seen_ns >= principals.TOUCH_S * NS_PER_S:
            await self._office.change(lambda desk: _touch(desk, type(row), row.id))
        return {"principal": who.model_dump(mode="json")}

    async def vouch(self, body: Reply) -> Reply:
        """Try the password of a second person."""
        return (await self._entrance.vouch(face.VouchRequest.model_validate(body))).model_dump(mode="json")

    async def vouch_here(self, body: Reply) -> Reply:
        """Take the word of a second person who is signed in."""
        return (await self._entrance.vouch_here(face.VouchHereRequest.model_validate(body))).model_dump(mode="json")

    async def own_password(self, body: Reply) -> Reply:
        """Change one's own password."""
        await self._entrance.change_password(face.OwnPasswordRequest.model_validate(body))
        return {}

    async def users(self, body: Reply) -> Reply:
        """List accounts."""
        face.Empty.model_validate(body)
        now_ns = self._office.clock.now_ns()
        found = await self._office.database.read(lambda session: users.listed(session, now_ns))
        waits = self._entrance.waits_s([one.id for one in found])
        return {"users": [{**one.model_dump(mode="json"), "wait_s": waits[one.id]} for one in found]}

    async def add_user(self, body: Reply) -> Reply:
        """Make an account."""
        request = face.UserAddRequest.model_validate(body)
        password_hash = None
        if request.password is not None:
            check_new(request.password, request.id, request.name, request.name_en)
            password_hash = await self._passwords.hash(request.password)
        return await self._changed(lambda desk: users.add(desk, request, password_hash))

    async def change_user(self, body: Reply) -> Reply:
        """Change an account."""
        request = face.UserChangeRequest.model_validate(body)
        return await self._changed(lambda desk: users.change(desk, request))

    async def set_password(self, body: Reply) -> Reply:
        """Set somebody's password."""
        request = face.UserPasswordRequest.model_validate(body)
        user = await self._office.database.read(lambda session: users.user_of(session, request.id))
        check_new(request.password, user.id, user.name, user.name_en)
        new_hash = await self._passwords.hash(request.password)
        return await self._changed(
            lambda desk: users.set_password(desk, request.id, new_hash, by=request.by, must_change=request.must_change)
        )

    async def unlock(self, body: Reply) -> Reply:
        """Forget the wrong passwords of an account."""
        request = face.UserUnlockRequest.model_validate(body)

        def work(desk: Desk) -> User:
            user = users.user_of(desk.session, request.id)
            desk.write(None, "user_unlocked", actor=request.by, user=user.id)
            return user

        reply = await self._changed(work)
        self._entrance.unlock(request.id)
        return reply

    async def tokens(self, body: Reply) -> Reply:
        """List tokens."""
        face.Empty.model_validate(body)
        found = await self._office.database.read(api_tokens.listed)
        return {"tokens": [one.model_dump(mode="json") for one in found]}

    async def create_token(self, body: Reply) -> Reply:
        """Make a token."""
        request = face.TokenCreateRequest.model_validate(body)
        token = await self._office.change(lambda desk: api_tokens.create(desk, request))
        return {"token": api_tokens.view(token).model_dump(mode="json")}

    async def revoke_token(self, body: Reply) -> Reply:
        """End a token."""
        request = face.EndRequest.model_validate(body)
        token = await self._office.change(lambda desk: api_tokens.revoke(desk, request.id, request.by))
        return {"token": api_tokens.view(token).model_dump(mode="json")}

    async def sessions(self, body: Reply) -> Reply:
        """List sessions that run."""
        request = face.SessionsRequest.model_validate(body)
        now_ns = self._office.clock.now_ns()
        found = await self._office.database.read(lambda session: sessions.running(session, now_ns, request.user))
        return {"sessions": [_session(one).model_dump(mode="json") for one in found[: face.MOST_LISTED]]}

    async def end_session(self, body: Reply) -> Reply:
        """End somebody's session."""
        request = face.EndRequest.model_validate(body)
        await self._office.change(lambda desk: sessions.end_id(desk, request.id, request.by))
        return {}

    async def _changed(self, work: Callable[[Desk], User]) -> Reply:
        def both(desk: Desk) -> Reply:
            user = work(desk)
            running = len(sessions.running(desk.session, desk.now_ns, user.id))
            return {"user": users.view(user, running).model_dump(mode="json")}

        return await self._office.change(both)


def _touch(desk: Desk, kind: type[UserSession | ApiToken], row_id: str) -> None:
    row = desk.session.get(kind, row_id)
    if isinstance(row, UserSession):
        row.seen_ns = desk.now_ns
    elif isinstance(row, ApiToken):
        row.last_used_ns = desk.now_ns


def _session(found: UserSession) -> face.SessionView:
    return face.SessionView(
        id=found.id,
        user=found.user_id,
        address=found.address,
        agent=found.agent,
        created_ns=found.created_ns,
        seen_ns=found.seen_ns,
        idle_s=found.idle_s,
        ends_ns=found.ends_ns,
    )


def _first(role: UserRole) -> face.UserAddRequest:
    names = {
        UserRole.ADMIN: ("管理员", "Administrator"),
        UserRole.OPERATOR: ("值班员", "Operator"),
        UserRole.SUPERVISOR: ("监督人员", "Supervisor"),
    }
    zh, en = names.get(role, (role.value, role.value))
    return face.UserAddRequest(
        id=role.value, name=zh, name_en=en, roles=(role,), everywhere=True, must_change=False, by="system"
    )

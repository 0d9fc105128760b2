"""Who asks: a signed-in person, a program with a token, or the open console of a demo.

| kind | who | rights | its name in the record |
|---|---|---|---|
| user | a person who signed in | of their roles | the account's name, always |
| token | a program | of the token | the person it names, with the token's name behind; or the token's |
| bootstrap | whoever can read the installation's own API token | all | as the request says |
| console | anybody at an open console, on loopback | of an operator; over HTTP it only reads | as typed there |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request

from alerts.accounts_face import PrincipalView
from domain.accounts import RIGHTS, Right, UserRole
from domain.errors import RefusedError

MOST_NAME = 64
"""Characters of a name in the record (`alerts.face.Who`)."""


class Kind(StrEnum):
    """How somebody showed who they are."""

    USER = "user"
    TOKEN = "token"  # noqa: S105  # a kind
    BOOTSTRAP = "bootstrap"
    CONSOLE = "console"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Somebody with rights. ``units`` None: everywhere. ``ends_ns``: when this session or token ends by itself.

    ``person``: who they are among the people of the site, to whom messages go.
    """

    kind: Kind
    id: str
    name: str
    name_en: str = ""
    roles: frozenset[UserRole] = frozenset()
    rights: frozenset[Right] = frozenset()
    units: frozenset[str] | None = None
    must_change: bool = False
    ends_ns: int | None = None
    session: str | None = None
    """The short id of their session, as lists have it."""
    person: str | None = None

    def may(self, right: Right) -> bool:
        """Tell whether a right is theirs; accounts are kept by those who see everything only."""
        return right in self.rights and (right is not Right.ADMINISTER or self.units is None)

    def sees(self, unit: str) -> bool:
        """Tell whether a unit is within their scope."""
        return self.units is None or unit in self.units

    @property
    def key(self) -> str:
        """What tells them from everybody else."""
        return f"{self.kind.value}:{self.id}"

    @property
    def account(self) -> str | None:
        """The id of their account, where they are signed in: what takes two persons goes by it, not by names."""
        return self.id if self.kind is Kind.USER else None

    def acts_as(self, given: str | None = None) -> str:
        """Return the name that goes into the record; ``given`` is whom the request names (see the module's table).

        Raises RefusedError where the record has no room for both: of a name that was cut nobody could tell any more
        that the second person is the first one.
        """
        if self.kind is Kind.USER:
            return self.name
        if self.kind is Kind.TOKEN and given and given != self.name:
            both = f"{given} ({self.name})"
            if len(both) > MOST_NAME:
                raise RefusedError(
                    f"by 与令牌名“{self.name}”合计过长：最多 {MOST_NAME} 个字符 / by is too long with the token's name "
                    f"'{self.name}' behind it: {MOST_NAME} characters at most"
                )
            return both
        return given or self.name


CONSOLE = Principal(
    kind=Kind.CONSOLE,
    id="console",
    name="console",
    roles=frozenset({UserRole.OPERATOR}),
    rights=RIGHTS[UserRole.OPERATOR],
)

BOOTSTRAP = Principal(kind=Kind.BOOTSTRAP, id="api", name="api", rights=frozenset(Right))


def of_view(view: PrincipalView) -> Principal:
    """Return whom the alerts service told of."""
    return Principal(
        kind=Kind(view.kind),
        id=view.id,
        name=view.name,
        name_en=view.name_en,
        roles=frozenset(view.roles),
        rights=frozenset(view.rights),
        units=None if view.units is None else frozenset(view.units),
        must_change=view.must_change,
        ends_ns=view.ends_ns,
        session=view.session,
        person=view.person,
    )


def asking(request: Request) -> Principal:
    """Return who asks, whom a dependency `Context.principal` before this one has let in."""
    who: Principal = request.state.principal
    return who


Asking = Annotated[Principal, Depends(asking)]
"""A route's parameter for who asks; the route or its router needs ``Depends(context.principal(right))``, too."""

"""Who did something, where it takes two: compared by account, and by name only where nobody is known by one.

| the one | the other | they are one person where |
|---|---|---|
| signed in | signed in | it is one account, or both accounts name the same person of the site |
| signed in | a name only | the name is the account's (id, name, English name, person), or another's of this person |
| a name only | a name only | both are written alike, or are names of one account, or of accounts of one person |

Names of two accounts may be alike, and an account may get another name: neither makes two people one, or one two. A
name alone comes from a program, a command, an open console, a link in a message, or a row from before accounts were
written down; whoever writes a name may write another, so the rule by names keeps out mistakes and not liars.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from alerts.life_cycle import spelling
from alerts.schema import User


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody as the record has them: their name, and the id of their account where they were signed in."""

    name: str
    account: str | None = None


def same_actor(session: Session, one: Actor, other: Actor) -> bool:
    """Tell whether two are one person, as the module's table has it."""
    here, there = (_account(session, actor) for actor in (one, other))
    if here is not None and there is not None:
        return here.id == there.id or (here.person is not None and here.person == there.person)
    if here is not None:
        return is_named(session, here, other.name)
    if there is not None:
        return is_named(session, there, one.name)
    if _spellings(one.name) & _spellings(other.name):
        return True
    return bool(_whose(session, one.name) & _whose(session, other.name))


def is_named(session: Session, user: User, name: str) -> bool:
    """Tell whether a name is one of this account's, or of another account of the person behind it."""
    accounts = [user]
    if user.person is not None:
        accounts += session.scalars(select(User).where(User.person == user.person, User.id != user.id)).all()
    return any(_spellings(name) & _names(one) for one in accounts)


def account_named(session: Session, name: str) -> str | None:
    """Return the account that a name is of, where somebody is named by another; names of accounts are unique."""
    return session.scalar(select(User.id).where(User.name == name))


def _account(session: Session, actor: Actor) -> User | None:
    return None if actor.account is None else session.get(User, actor.account)


def _spellings(name: str) -> set[str]:
    """Return whose name it may be: whom a program speaks for stands in the record as ``name (token)``.

    Both may have brackets of their own, so whatever stands before one may be the name.
    """
    parts = name.split(" (")
    return {spelling(" (".join(parts[:count])) for count in range(1, len(parts) + 1)}


def _names(user: User) -> set[str]:
    return {spelling(mine) for mine in (user.id, user.name, user.name_en, user.person) if mine}


def _whose(session: Session, name: str) -> set[tuple[str, str]]:
    """Return the accounts, and the people of the site behind them, that a name may mean."""
    meant = _spellings(name)
    users = [user for user in session.scalars(select(User)) if meant & _names(user)]
    people = {("person", user.person) for user in users if user.person is not None}
    return people | {("account", user.id) for user in users}

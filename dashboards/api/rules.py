"""``/api/v1/rules``: the rules that run, in words, and one of them on this site. A skin over `rules.face`.

| route | answer |
|---|---|
| `GET /api/v1/rules` | all rules in words, and how their alarms stand; also while no rules process lives |
| `GET /api/v1/rules/{rule}` | one of them, with its plan and its file: 503 while the rules process is away |

How alarms stand, and the plan with its points, are of the whole site: they are left out for who has a scope.
"""

from __future__ import annotations

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from dashboards.api.context import Context
from dashboards.api.errors import declared
from dashboards.api.principal import Asking
from domain.accounts import Right
from domain.errors import RefusedError
from domain.ids import Token
from rules.cards_face import RuleCard
from rules.trials_face import Explained

NOT_FOUND = 404


class Standing(BaseModel):
    """How many alarms a rule keeps an eye on, how many are raised, how many can't be told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    entities: int
    alarm: int
    unknown: int
    last_ns: int


class RuleRow(BaseModel):
    """A rule of the list; ``standing`` None: it watches nothing, or who asks has a scope."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rule: RuleCard
    standing: Standing | None


class RuleList(BaseModel):
    """All rules; ``version`` of the set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    rules: tuple[RuleRow, ...]


class RuleDetail(RuleRow):
    """A rule on this site; ``plan`` None: who asks has a scope."""

    plan: Explained | None


def rules_router(context: Context) -> APIRouter:
    """Return the routes."""
    router = APIRouter(prefix="/api/v1/rules", tags=["rules"], responses=declared(404))
    reads = [Depends(context.principal(Right.READ))]

    def row(card: RuleCard, *, everywhere: bool) -> RuleRow:
        state = context.board.rule_book.states.get(card.name) if everywhere else None
        standing = None
        if state is not None:
            standing = Standing(
                entities=state.entities, alarm=state.alarm, unknown=state.unknown, last_ns=state.last_ns
            )
        return RuleRow(rule=card, standing=standing)

    @router.get("", dependencies=reads)
    async def rules(who: Asking) -> RuleList:
        """Return what runs, or ran last."""
        catalogue = context.board.rule_book.catalogue
        cards = context.board.rules.values()
        rows = tuple(row(card, everywhere=who.units is None) for card in cards)
        return RuleList(version=catalogue.version if catalogue else "", rules=rows)

    @router.get("/{rule}", dependencies=reads)
    async def one(rule: Token, who: Asking) -> RuleDetail:
        """Return a rule, what it reads on this site, and its file."""
        card = context.board.rules.get(rule)
        if card is None:
            raise RefusedError(f"没有规则 {rule} / no such rule: {rule}", code=NOT_FOUND)
        everywhere = who.units is None
        plan = await context.link.rules.explain(rule) if everywhere else None
        found = row(card, everywhere=everywhere)
        return RuleDetail(rule=found.rule, standing=found.standing, plan=plan)

    return router

"""Laws of the record on random courses of transitions, actions and time, against a slow and obvious model.

The model knows one alert as a handful of plain facts, and says what must be true of the record after each step. What
it does not know (ladders, messages, the text of refusals) is tested elsewhere.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from alerts import actions, audit, maintenance, shelving
from alerts.accounts.vouchers import Vouched
from alerts.audit import AuditWriter
from alerts.database import migrate
from alerts.desk import Desk
from alerts.directory import Directory
from alerts.maintenance_face import BeginRequest
from alerts.maintenance_service import new_window
from alerts.schema import Alert, AuditEntry, FeedEvent, LadderStep, MaintenanceWindow, StepKind, StepState
from alerts.timers import escalate
from alerts.transitions import apply
from domain.accounts import Right
from domain.alarm import AlarmClass, Level, TransitionKind
from domain.alert import Confirmation, SuppressionKind
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site.escalation import MOST_S
from tests.alerts.alerts_scene import fire, hotel, transition

START_NS = 1_800_000_000_000_000_000
HOUR_NS = 3600 * NS_PER_S
PEOPLE = st.sampled_from(["op", "op", "p-lin", "p-lin", "System"])
MATTERS = st.sampled_from(["fire", "hazard", "fault", "latched"])
KINDS = st.sampled_from([*TransitionKind, TransitionKind.RAISED, TransitionKind.CLEARED])
WHICH = st.integers(0, 1)
LEVELS_UP = list(Level)
LEVELS = st.sampled_from(LEVELS_UP)
Act = Callable[[Desk, Alert], None]
REOPEN_S = {"hazard": 900, "fault": 600, "latched": 600, "fire": 0}

_template: Path | None = None


def template() -> Path:
    """Return a migrated, empty database to copy: a migration for each course would take all the time."""
    global _template  # noqa: PLW0603  # made once a session
    if _template is None:
        _template = Path(tempfile.mkdtemp(prefix="fengsui-laws-")) / "empty.db"
        engine = create_engine(f"sqlite:///{_template}")
        migrate(engine)
        engine.dispose()
    return _template


@dataclass
class Model:
    """What must be true of the newest record of one matter."""

    id: str
    raised_ns: int
    active: bool = True
    unknown: bool = False
    level: Level = Level.WARNING
    acknowledged_by: str | None = None
    owner: str | None = None
    confirmed: Confirmation | None = None
    reset: bool = False
    shelved_until_ns: int | None = None
    window: str | None = None
    rechecked: bool = False
    closed_ns: int | None = None
    reopened: int = 0
    previous: str | None = None


def say(matter: str, kind: TransitionKind, level: Level) -> Any:
    """Return a transition of a matter."""
    if matter == "fire":
        return fire(kind, rule="fire", latched=False)  # a fire is latched whatever its rule says
    alarm_class = AlarmClass.HAZARD if matter == "hazard" else AlarmClass.FAULT
    return transition(matter, kind, alarm_class=alarm_class, latched=matter == "latched", level=level)


LADDER = [{"steps": [{"after_s": 0, "to": ["responsible"]}], "acknowledged_within_s": MOST_S}]
"""Acknowledgements hold longer than a course lasts: what lapses is a matter of tests/alerts/test_unanswered.py."""


def _kinds(session: Session, alert: Alert) -> set[StepKind]:
    """Return what the pending timers of an alert are for."""
    pending = select(LadderStep.kind).where(LadderStep.alert_id == alert.id, LadderStep.state == StepState.PENDING)
    return set(session.scalars(pending))


class Record(RuleBasedStateMachine):
    """One database, one clock, four matters."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="fengsui-laws-"))
        shutil.copy(template(), self.folder / "alerts.db")
        self.engine: Engine = create_engine(f"sqlite:///{self.folder / 'alerts.db'}")
        self.directory = Directory(hotel(escalation=LADDER))
        self.now_ns = START_NS
        self.models: dict[str, Model] = {}
        self.windows: dict[str, tuple[bool, int, int]] = {}
        self.seq = 0
        self.matters: list[str] = []

    def teardown(self) -> None:
        """Remove the database."""
        self.engine.dispose()
        shutil.rmtree(self.folder)

    @initialize(matters=st.lists(MATTERS, min_size=2, max_size=2, unique=True))
    def begin(self, matters: list[str]) -> None:
        """Begin with two matters: more would meet too seldom in one course."""
        self.matters = matters
        for which in range(len(matters)):
            self.told(which, TransitionKind.RAISED, Level.NOTICE)

    @rule(which=WHICH, kind=KINDS, level=LEVELS)
    def told(self, which: int, kind: TransitionKind, level: Level) -> None:
        """Telemetry says something."""
        matter = self.matters[which]
        self.seq += 1
        change = say(matter, kind, level)
        self._work(lambda desk: apply(desk, [(self.seq, change)]))
        self._model_told(matter, kind, change.level, change.id)

    @rule(which=WHICH, by=PEOPLE)
    def acknowledge(self, which: int, by: str) -> None:
        """Somebody takes it on."""
        matter = self.matters[which]
        model = self.models.get(matter)
        legal = by != "System" and model is not None and model.closed_ns is None and model.acknowledged_by is None
        owner = model.owner or by if model is not None else by
        act: Act = lambda desk, alert: actions.acknowledge(desk, alert, by)  # noqa: E731
        self._act(matter, act, legal=legal, acknowledged_by=by, owner=owner)

    @rule(which=WHICH, by=PEOPLE, finding=st.sampled_from(list(Confirmation)), cause=st.sampled_from(["", "steam"]))
    def confirm(self, which: int, by: str, finding: Confirmation, cause: str) -> None:
        """Somebody finds out."""
        matter = self.matters[which]
        model = self.models.get(matter)
        legal = (
            by != "System"
            and model is not None
            and model.closed_ns is None
            and model.acknowledged_by is not None
            and model.confirmed is not finding
            and (finding is not Confirmation.FALSE or cause != "")
        )
        act: Act = lambda desk, alert: actions.confirm(desk, alert, by, finding, cause=cause)  # noqa: E731
        self._act(matter, act, legal=legal, confirmed=finding)

    @rule(which=WHICH, by=PEOPLE)
    def reset(self, which: int, by: str) -> None:
        """Somebody lets it go."""
        matter = self.matters[which]
        model = self.models.get(matter)
        legal = (
            by != "System"
            and matter in {"fire", "latched"}
            and model is not None
            and model.closed_ns is None
            and not (model.active or model.unknown or model.reset)
            and model.acknowledged_by is not None
        )
        self._act(matter, lambda desk, alert: actions.reset(desk, alert, by), legal=legal, reset=True)

    @rule(which=WHICH, second=st.sampled_from([None, "op", "s-wang"]), hours=st.sampled_from([0, 1, 8, 9, 168, 169]))
    def shelve(self, which: int, second: str | None, hours: int) -> None:
        """The operator silences it."""
        matter = self.matters[which]
        model = self.models.get(matter)
        until_ns = self.now_ns + hours * HOUR_NS
        most = 8 if matter == "fire" else 168
        legal = (
            model is not None
            and model.closed_ns is None
            and model.shelved_until_ns is None
            and 0 < hours <= most
            and second != "op"
            and (matter != "fire" or second is not None)
        )
        act: Act = lambda desk, alert: shelving.shelve(  # noqa: E731
            desk, alert, "op", "dust", until_ns=until_ns, second_by=second
        )
        self._act(matter, act, legal=legal, shelved_until_ns=until_ns)

    @rule(which=WHICH, second=st.sampled_from([None, "op", "s-wang"]), hours=st.sampled_from([0, 1, 8, 9, 168, 169]))
    def extend(self, which: int, second: str | None, hours: int) -> None:
        """The operator puts off the end of that."""
        matter = self.matters[which]
        model = self.models.get(matter)
        until_ns = self.now_ns + hours * HOUR_NS
        most = 8 if matter == "fire" else 168
        legal = (
            model is not None
            and model.closed_ns is None
            and model.shelved_until_ns is not None
            and until_ns > model.shelved_until_ns
            and 0 < hours <= most
            and second != "op"
            and (matter != "fire" or second is not None)
        )
        act: Act = lambda desk, alert: shelving.extend(  # noqa: E731
            desk, alert, "op", "still dust", until_ns=until_ns, second_by=second
        )
        self._act(matter, act, legal=legal, shelved_until_ns=until_ns)

    @rule(which=WHICH)
    def over(self, which: int) -> None:
        """The usual end: taken on, gone, let go; each as far as it may be."""
        self.acknowledge(which, "op")
        self.told(which, TransitionKind.CLEARED, Level.NOTICE)
        self.reset(which, "p-lin")

    @rule(which=WHICH)
    def unshelve(self, which: int) -> None:
        """The operator ends that."""
        matter = self.matters[which]
        model = self.models.get(matter)
        legal = model is not None and model.shelved_until_ns is not None
        act: Act = lambda desk, alert: shelving.unshelve(desk, alert, "op")  # noqa: E731
        self._act(matter, act, legal=legal, shelved_until_ns=None)

    @rule(which=WHICH, to=st.sampled_from(["op", "p-chen", " "]))
    def assign(self, which: int, to: str) -> None:
        """Somebody else is responsible."""
        matter = self.matters[which]
        model = self.models.get(matter)
        legal = model is not None and model.closed_ns is None and to.strip() != "" and model.owner != to
        self._act(matter, lambda desk, alert: actions.assign(desk, alert, "op", to), legal=legal, owner=to)

    @rule(which=WHICH, by=PEOPLE)
    def recheck(self, which: int, by: str) -> None:
        """Somebody goes to see."""
        matter = self.matters[which]
        model = self.models.get(matter)
        legal = (
            by != "System"
            and model is not None
            and not (model.active or model.unknown or model.rechecked)
            and model.acknowledged_by is not None
            and (matter != "hazard" or by not in {model.acknowledged_by, model.owner})
        )
        self._act(matter, lambda desk, alert: actions.recheck(desk, alert, by), legal=legal, rechecked=True)

    @rule(second=st.sampled_from([None, "s-wang"]), hours=st.sampled_from([1, 8]))
    def plan_window(self, second: str | None, hours: int) -> None:
        """Somebody plans maintenance of the whole hotel, from now on."""
        until_ns = self.now_ns + hours * HOUR_NS

        def plan(desk: Desk) -> str:
            agreed = None
            if second is not None:
                agreed = desk.vouchers.give(Vouched(second, "op", Right.SHELVE_FIRE, None), desk.now_ns)
            asked = BeginRequest(unit="hotel", by="op", reason="service", until_ns=until_ns, second=agreed)
            return maintenance.plan(desk, new_window(desk, asked)).id

        made = self._work(plan)
        self.windows.setdefault(str(made), (second is not None, self.now_ns, until_ns))

    @rule(seconds=st.sampled_from([1, 300, 599, 600, 899, 3600, 8 * 3600, 86_400]))
    def wait(self, seconds: int) -> None:
        """Time passes, and timers run."""
        self.now_ns += seconds * NS_PER_S
        self._work(escalate)
        for name, (_, _, until_ns) in list(self.windows.items()):
            if until_ns <= self.now_ns:
                del self.windows[name]
        for matter, model in self.models.items():
            if model.shelved_until_ns is not None and model.shelved_until_ns <= self.now_ns:
                model.shelved_until_ns = None
            if model.closed_ns is None and model.window is not None and model.window not in self.windows:
                model.window = self._window(matter)
                self._close(model, matter)

    @invariant()
    def the_record_is_as_the_model_says(self) -> None:
        """Compare every fact of every matter."""
        with Session(self.engine) as session:
            for matter, model in self.models.items():
                alert = session.get_one(Alert, model.id)
                found = Model(
                    id=alert.id,
                    raised_ns=alert.raised_at_ns,
                    active=alert.active,
                    unknown=alert.data_unknown,
                    level=alert.level,
                    acknowledged_by=alert.acknowledged_by,
                    owner=alert.owner,
                    confirmed=alert.confirmed,
                    reset=alert.reset_at_ns is not None,
                    shelved_until_ns=alert.shelved_until_ns,
                    window=alert.suppressed_by if alert.suppressed_kind is SuppressionKind.MAINTENANCE else None,
                    rechecked=alert.rechecked_at_ns is not None,
                    closed_ns=alert.closed_at_ns,
                    reopened=alert.reopened,
                    previous=alert.previous_id,
                )
                differ = [one.name for one in fields(Model) if getattr(found, one.name) != getattr(model, one.name)]
                assert not differ, (matter, found, model)

    @invariant()
    def no_fire_is_closed_without_a_reset(self) -> None:
        """Look at every fire that ever was."""
        with Session(self.engine) as session:
            closed = select(Alert).where(Alert.alarm_class == AlarmClass.FIRE, Alert.closed_at_ns.is_not(None))
            for alert in session.scalars(closed):
                assert alert.reset_at_ns is not None
                assert not alert.active
                assert not alert.data_unknown

    @invariant()
    def nothing_rings_that_is_silenced_or_answered(self) -> None:
        """A ladder with a timer belongs to what still needs somebody."""
        with Session(self.engine) as session:
            for alert in session.scalars(select(Alert).where(Alert.next_escalation_ns.is_not(None))):
                assert alert.closed_at_ns is None
                if alert.acknowledged_at_ns is not None:  # only the clock of the acknowledgement itself runs
                    assert (alert.confirmed, _kinds(session, alert)) == (None, {StepKind.LAPSE})
                assert alert.shelved_until_ns is None
                assert alert.suppressed_by is None

    @invariant()
    def the_chain_holds(self) -> None:
        """Verify the audit, and that every feed event has its entry."""
        with Session(self.engine) as session:
            report = audit.verify(session)
            assert report.intact, report.reason
            entries = session.scalar(select(func.count()).select_from(AuditEntry))
            assert (session.scalar(select(func.count()).select_from(FeedEvent)) or 0) <= (entries or 0)

    def _work(self, work: Callable[[Desk], Any]) -> Any:
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            return work(Desk(session, self.directory, AuditWriter(session), self.now_ns))

    def _act(self, matter: str, act: Act, *, legal: bool, **changes: Any) -> None:
        """Do something that makes ``changes``; an illegal action must be refused, and change nothing at all."""
        model = self.models.get(matter)
        if model is None:
            return
        before = self._entries()
        try:
            self._work(lambda desk: act(desk, desk.alert(model.id)))
        except RefusedError as error:
            assert not legal, error.reason
            assert " / " in error.reason
            assert self._entries() == before
            return
        assert legal, (matter, model)
        for name, value in changes.items():
            setattr(model, name, value)
        self._close(model, matter)

    def _model_told(self, matter: str, kind: TransitionKind, level: Level, name: str) -> None:
        model = self.models.get(matter)
        if model is None or model.closed_ns is not None:
            if kind is TransitionKind.RAISED:
                self._model_raised(matter, model, level, name)
            return
        rises = LEVELS_UP.index(level) > LEVELS_UP.index(model.level)
        if kind is TransitionKind.RAISED:
            model.level = level
            if not model.active:
                self._model_back(matter, model)
            if rises and level is Level.CRITICAL:
                model.shelved_until_ns = None
        elif kind is TransitionKind.LEVEL:
            model.level = level
            if rises and level is Level.CRITICAL:
                model.shelved_until_ns = None
        elif kind is TransitionKind.CLEARED:
            if model.active:
                model.active = model.unknown = False
        else:
            model.unknown = kind is TransitionKind.UNKNOWN
        self._close(model, matter)

    def _model_raised(self, matter: str, before: Model | None, level: Level, name: str) -> None:
        """A new record, or the closed one goes on."""
        since_ns = self.now_ns - (before.closed_ns or 0) if before is not None else 0
        history = before is not None and (before.confirmed is not None or before.rechecked)
        if before is not None and not history and since_ns < REOPEN_S[matter] * NS_PER_S:
            before.closed_ns, before.level = None, level
            before.reopened += 1
            self._model_back(matter, before)
            return
        previous = before.id if before is not None else None
        self.models[matter] = Model(id=name, raised_ns=self.now_ns, level=level, previous=previous)
        self.models[matter].window = self._window(matter)

    def _model_back(self, matter: str, model: Model) -> None:
        """Active again: what people said does not count for it."""
        model.active, model.unknown, model.reset, model.rechecked = True, False, False, False
        model.acknowledged_by = model.owner = None
        model.window = self._window(matter)
        if matter == "fire":
            model.shelved_until_ns = None

    def _close(self, model: Model, matter: str) -> None:
        """Close what has nothing left to do."""
        began_ns = self.windows[model.window][1] if model.window in self.windows else None
        answered = model.acknowledged_by is not None or (began_ns is not None and model.raised_ns >= began_ns)
        released = matter not in {"fire", "latched"} or model.reset
        if model.closed_ns is None and answered and released and not model.active and not model.unknown:
            model.closed_ns, model.shelved_until_ns = self.now_ns, None

    def _entries(self) -> int:
        with Session(self.engine) as session:
            return session.scalar(select(func.count()).select_from(AuditEntry)) or 0

    def _window(self, matter: str) -> str | None:
        """Return the window that covers a matter now: the one that ends last."""
        fitting = [
            (until_ns, name)
            for name, (fires, _, until_ns) in self.windows.items()
            if until_ns > self.now_ns and (matter != "fire" or fires)
        ]
        with Session(self.engine) as session:
            running = select(MaintenanceWindow.id).where(
                MaintenanceWindow.ended_ns.is_(None), MaintenanceWindow.until_ns > self.now_ns
            )
            assert {name for _, name in fitting} <= set(session.scalars(running))
        last = max((until_ns for until_ns, _ in fitting), default=None)
        names = [name for until_ns, name in fitting if until_ns == last]
        if len(names) < 2:
            return names[0] if names else None
        with Session(self.engine) as session:  # which of two that end together is no matter of the law
            alert = session.get(Alert, self.models[matter].id)
            return alert.suppressed_by if alert is not None and alert.suppressed_by in names else names[0]


TestRecord = Record.TestCase
TestRecord.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)

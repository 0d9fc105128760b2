"""Words of the administration: rows of its tables, ids that people write, times, and how often one may ask."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.accounts_face import MOST_NAMED, SessionView, TokenView, UserView
from alerts.channels_face import ChannelView
from alerts.labelled_face import AuditEntryView
from dashboards.api.allowance import MOST_KEPT, Allowance, Allowances
from dashboards.api.way_back import ours, sign_in_at
from dashboards.console import moments
from dashboards.console.admin.duty import person_row, roster_row
from dashboards.console.admin.rows import (
    Wording,
    agent_text,
    audit_row,
    channel_row,
    session_row,
    token_row,
    user_row,
)
from dashboards.console.admin.scope_form import ids_in
from dashboards.console.audited import action_text
from dashboards.console.components import Cell
from dashboards.console.texts import Language
from domain.accounts import Right, UserRole
from domain.clock import NS_PER_S
from domain.errors import RefusedError
from domain.site import Roster
from tests.dashboards.premises import HOSTILE, premises

ZONE = ZoneInfo("Asia/Shanghai")
NOW_NS = 1_795_870_000 * NS_PER_S
WORDS = Wording(Language.EN, premises(), ZONE, NOW_NS)

USER = UserView(
    everywhere=True,
    id="li",
    name="李值班",
    name_en="Li",
    person=None,
    roles=(UserRole.OPERATOR, UserRole.ADMIN),
    has_password=True,
    must_change=False,
    disabled_ns=None,
    created_ns=NOW_NS,
    created_by="admin",
    password_ns=NOW_NS,
    sessions=2,
)
TOKEN = TokenView(
    units=("hotel", "a", "b", "c", "d"),
    id="t1",
    name=HOSTILE[:64],
    roles=(),
    rights=(Right.READ,),
    created_ns=NOW_NS,
    created_by="李值班",
    expires_ns=None,
    last_used_ns=None,
    revoked_ns=None,
    revoked_by=None,
)
CHANNEL = ChannelView(
    id="phone",
    kind="webhook",
    path="internet",
    per_minute=60,
    used=3,
    used_fire=1,
    queued=2,
    sending=1,
    dead=0,
    people=2,
    last_success_ns=None,
    last_error=None,
    last_error_ns=None,
)


def words_of(cell: object) -> object:
    return cell.words if isinstance(cell, Cell) else cell


@pytest.mark.parametrize(
    ("changes", "state", "look"),
    [
        ({}, "In use", ""),
        ({"must_change": True}, "In use, password to be changed", ""),
        ({"has_password": False}, "No password: can't sign in", "caution"),
        ({"wait_s": 31.6}, "Too many wrong passwords: 32 s to wait", "caution"),
        ({"disabled_ns": NOW_NS, "wait_s": 5.0}, "Disabled", "soft"),
    ],
)
def test_an_account_says_whether_its_person_can_come_in(changes: dict[str, object], state: str, look: str) -> None:
    row = user_row(USER.model_copy(update=changes), WORDS)
    cell = row["cells"]["state"]
    assert (cell.words, cell.look) == (state, look)
    unlock = next(button for button in row["buttons"] if button["action"] == "unlock")
    assert unlock["on"] is ("wait_s" in changes)
    action = "enable" if "disabled_ns" in changes else "disable"
    assert [button["action"] for button in row["buttons"]] == ["edit", "password", "unlock", action]


def test_a_scope_names_the_first_few_and_counts_the_rest() -> None:
    cells = token_row(TOKEN, WORDS)["cells"]
    assert cells["scope"] == "Minjiang Hotel, a, b and 2 more"
    assert cells["name"] == HOSTILE[:64]
    assert user_row(USER, WORDS)["cells"]["scope"] == "Everywhere"


@pytest.mark.parametrize(
    ("changes", "state", "on"),
    [
        ({}, "until revoked", True),
        ({"expires_ns": NOW_NS + NS_PER_S}, "until 2026-11-28 ", True),
        ({"expires_ns": NOW_NS}, "expired 2026-11-28 ", False),
        ({"revoked_ns": NOW_NS, "revoked_by": "管理员"}, "revoked 2026-11-28 ", False),
    ],
)
def test_a_token_says_until_when_it_counts(changes: dict[str, object], state: str, *, on: bool) -> None:
    row = token_row(TOKEN.model_copy(update=changes), WORDS)
    assert row["cells"]["state"].words.startswith(state)
    assert row["buttons"][0]["on"] is on


def test_ones_own_session_is_marked() -> None:
    session = SessionView(
        id="s1", user="li", address="::1", agent="x", created_ns=1, seen_ns=2, idle_s=3, ends_ns=NOW_NS
    )
    assert session_row(session, {"li": "Li"}, "s1", WORDS)["cells"]["user"] == Cell("Li (li)", mark="★")
    assert session_row(session, {}, None, WORDS)["cells"]["user"] == Cell("li (li)")


@pytest.mark.parametrize(
    ("agent", "short"),
    [
        (
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
            "Chrome/140.0 · X11",
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox/140.0 · Windows NT 10.0",
        ),
        ("python-httpx/0.28.1", "python-httpx/0.28.1"),
        ("", ""),
    ],
)
def test_a_browser_is_named_in_short(agent: str, short: str) -> None:
    assert agent_text(agent) == short


@given(st.text(max_size=300))
def test_whatever_a_browser_calls_itself_is_short(agent: str) -> None:
    assert len(agent_text(agent)) <= 80


@pytest.mark.parametrize(
    ("success", "error", "look"),
    [(None, None, "unknown"), (5, None, ""), (5, 4, ""), (4, 5, "caution"), (None, 1, "caution")],
)
def test_a_channel_is_as_its_last_try_and_untried_is_unknown(success: int | None, error: int | None, look: str) -> None:
    channel = CHANNEL.model_copy(update={"last_success_ns": success, "last_error_ns": error, "last_error": "why"})
    row = channel_row(channel, WORDS, may_test=True)
    assert row["cells"]["state"].look == look
    assert (row["cells"]["kind"], row["cells"]["waiting"], row["cells"]["budget"]) == ("Webhook", 3, "3 / 60")


def test_an_entry_of_the_audit_leads_to_its_alert_and_keeps_markup_as_text() -> None:
    entry = AuditEntryView(
        number=7,
        at_ns=NOW_NS,
        actor="system",
        action="raised",
        details={"text": HOSTILE},
        hash="ab" * 32,
        alert_id="f" * 32,
    )
    cells = audit_row(entry, WORDS)["cells"]
    assert (cells["who"], cells["what"], cells["alert"].go) == ("System", "Raised", f"/alarm/{'f' * 32}")
    assert HOSTILE in cells["details"]
    assert cells["hash"] == "ab" * 6


@pytest.mark.parametrize(
    ("action", "details", "words"),
    [
        ("acknowledged", {}, "Acknowledged"),
        ("token_revoked", {}, "token revoked"),
        ("told", {}, "Told"),
        ("brand_new", {}, "brand_new"),
        ("receipt", {"outcome": "accepted"}, "Accepted by the platform"),
        ("receipt", {"outcome": "answered"}, "Answered by the person"),
        ("receipt", {"outcome": "unheard of"}, "Receipt"),
    ],
)
def test_an_action_is_named_as_the_glossary_or_the_catalogue_does(
    action: str, details: dict[str, str], words: str
) -> None:
    assert action_text(action, details, Language.EN) == words


def test_people_show_their_channels_and_neither_number_nor_address() -> None:
    person = WORDS.registry.people["p-chen"]
    shown = person_row(person.model_copy(update={"phone": "13800000000", "email": "chen@example.org"}), WORDS)
    assert shown["cells"]["channels"] == "phone"
    assert "13800000000" not in str(shown)
    assert "example.org" not in str(shown)
    silent = person_row(person.model_copy(update={"channels": ()}), WORDS)
    assert words_of(silent["cells"]["channels"]) == "No channel"


@pytest.mark.parametrize(
    ("given", "found"),
    [("a, b;c，d、e\nf  a", ("a", "b", "c", "d", "e", "f")), ("", ()), (["x", "x", "y"], ("x", "y")), (None, ())],
)
def test_ids_are_chosen_or_written(given: object, found: tuple[str, ...]) -> None:
    assert ids_in(given) == found
    assert len(ids_in(" ".join(map(str, range(5000))))) == MOST_NAMED


def test_a_time_is_of_the_sites_wall_clock() -> None:
    assert (
        moments.given("2026-11-28T20:00", ZONE)
        == round(datetime(2026, 11, 28, 12, tzinfo=ZoneInfo("UTC")).timestamp()) * NS_PER_S
    )
    assert moments.given("", ZONE) is None
    assert moments.given(None, ZONE) is None
    with pytest.raises(RefusedError, match="not a time"):
        moments.given("soon", ZONE)


@given(st.text(max_size=60))
def test_whatever_is_written_for_a_time_is_one_or_is_refused(given: str) -> None:
    try:
        found = moments.given(given, ZONE)
    except RefusedError:
        return
    assert found is None or found >= 0


def test_an_allowance_is_spent_and_comes_back() -> None:
    one = Allowance(3, 2, 0.0)
    assert [one.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert [one.take(0.5), one.take(0.5)] == [True, False]
    assert one.take(0.1) is False  # a clock that goes back gives nothing
    many = Allowances(1, 0.0)
    assert (many.take("a", 0.0), many.take("a", 0.0), many.take("b", 0.0)) == (True, False, True)
    for number in range(MOST_KEPT):
        many.take(str(number), 0.0)
    assert many.take("a", 0.0), "who asked longest ago is forgotten"


@pytest.mark.parametrize(
    "address",
    ["/", "/admin/audit?x=1", "/devices/hotel/p1?span=900&at=2026-01-01T00:00", "/?class=fire", "/overview/%E9%85%92"],
)
def test_a_page_of_ours_is_come_back_to(address: str) -> None:
    assert ours(address) == address


@given(st.text(max_size=80))
def test_whatever_is_asked_for_leads_to_ours_or_to_the_first_page(address: str) -> None:
    found = ours(address)
    assert found.startswith("/")
    assert not found.startswith(("//", "/\\"))
    assert found in ("/", address.removesuffix("?"))
    assert sign_in_at(address).startswith("/login")


def test_a_roster_says_who_is_on_duty_who_comes_next_and_that_nobody_is() -> None:
    shifts = [
        {"id": "day", "from": "08:00", "to": "20:00", "people": ["p-chen"]},
        {"id": "night", "from": "20:00", "to": "08:00", "people": ["s-wang"]},
    ]
    labels = {"zh": "值班", "en": "Watch"}
    both = Roster.model_validate({"id": "both", "labels": labels, "shifts": shifts})
    row = roster_row(both, WORDS)["cells"]
    assert row["roster"] == "Watch"
    assert {words_of(row["now"]), words_of(row["next"])} == {"Mr Chen", "Officer Wang"}
    only = Roster.model_validate({"id": "only", "labels": labels, "shifts": shifts[:1]})
    halves = roster_row(only, WORDS)["cells"]
    assert Cell("Nobody", mark="?", look="unknown") in (halves["now"], halves["next"])

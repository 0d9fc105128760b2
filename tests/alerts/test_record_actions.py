"""What else people do: a cause for what is false, somebody responsible, evidence, re-check, and reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from alerts import actions, actions_face, face
from alerts.desk import Desk
from alerts.links import Claims, expiry, make_token
from alerts.schema import Alert, Notification
from alerts.service import AlertsService
from domain.alarm import TransitionKind
from domain.errors import RefusedError
from tests.alerts.alerts_scene import SIGNING_KEY, Scene, scene, transition
from tests.alerts.told_story import story

HASH = "0" * 64


def service(bench: Scene) -> AlertsService:
    """Return the handlers over a bench."""
    return AlertsService(bench.office, SIGNING_KEY)


def acknowledge(desk: Desk, alert: Alert) -> None:
    """Let Mr Chen take it on."""
    actions.acknowledge(desk, alert, "p-chen")


async def test_a_false_alarm_needs_its_cause_and_keeps_it(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.do(alert, acknowledge)
        asked = {"id": alert, "by": "op", "finding": "false"}
        with pytest.raises(RefusedError, match="needs its cause"):
            await service(bench).confirm(asked)
        found = (await service(bench).confirm({**asked, "cause": "steam"}))["alert"]
        assert (found["false_cause"], found["comments"]) == ("steam", 0)
        real = (await service(bench).confirm({"id": alert, "by": "op", "finding": "real"}))["alert"]
        assert (real["confirmed"], real["false_cause"]) == ("real", None)
        text = (await service(bench).confirm({**asked, "text": "dust"}))["alert"]
        assert (text["false_cause"], text["comments"]) == ("dust", 1)


async def test_a_person_who_answers_false_alarm_without_a_note_is_a_receipt_only(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        claims = await claims_of(bench, alert)
        record = await bench.office.change(lambda desk: actions.answer(desk, claims, face.Answer.FALSE_ALARM, " "))
        assert (record.acknowledged_by, record.confirmed, record.false_cause) == ("p-chen", None, None)


async def test_assigning_is_no_acknowledgement_and_stays_when_somebody_else_takes_it_on(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        view = (await service(bench).assign({"id": alert, "by": "op", "to": "p-lin"}))["alert"]
        assert (view["owner"], view["acknowledged_at_ns"]) == ("p-lin", None)
        await bench.do(alert, acknowledge)
        assert (await bench.alert(alert)).owner == "p-lin"
        with pytest.raises(RefusedError, match="theirs already"):
            await service(bench).assign({"id": alert, "by": "op", "to": "P-LIN"})


async def test_evidence_is_an_address_with_a_hash_and_may_come_after_the_end(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.do(alert, acknowledge)
        await bench.say(transition(kind=TransitionKind.CLEARED))
        body = {"id": alert, "by": "p-lin", "url": "https://f/1.jpg", "sha256": HASH, "media_type": "image/jpeg"}
        assert (await service(bench).attach({**body, "note": "after"}))["alert"]["attachments"] == 1
        with pytest.raises(RefusedError, match="attached already"):
            await service(bench).attach(body)
        (kept,) = (await service(bench).get({"id": alert}))["attachments"]
        assert (kept["url"], kept["sha256"], kept["note"], kept["by"]) == ("https://f/1.jpg", HASH, "after", "p-lin")


async def test_no_more_than_enough_evidence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST_ATTACHMENTS", 2)
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        for number in range(2):
            await bench.do(
                alert,
                lambda desk, record, n=number: actions.attach(  # type: ignore[misc]
                    desk, record, "op", url=f"http://f/{n}", sha256=HASH, media_type="a/b"
                ),
            )
        with pytest.raises(RefusedError, match="2 attachments at most"):
            await bench.do(
                alert,
                lambda desk, record: actions.attach(
                    desk, record, "op", url="http://f/9", sha256=HASH, media_type="a/b"
                ),
            )


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "file:///etc/passwd"},
        {"url": "ftp://x/y"},
        {"url": "https://user:secret@host/x"},
        {"url": "http://host/a b"},
        {"url": "http://host/\n"},
        {"url": f"http://host/{'a' * 2000}"},
        {"sha256": "0" * 63},
        {"sha256": "G" * 64},
        {"media_type": "image"},
        {"media_type": "text/html; charset=x"},
        {"note": "a" * 2001},
    ],
)
def test_evidence_that_is_none_is_refused(wrong: dict[str, Any]) -> None:
    good = {"id": "a", "by": "op", "url": "https://host/x.jpg", "sha256": HASH, "media_type": "image/jpeg"}
    actions_face.AttachRequest.model_validate(good)
    with pytest.raises(ValueError, match="validation error"):
        actions_face.AttachRequest.model_validate({**good, **wrong})


async def test_a_hazard_is_rechecked_by_somebody_else_once_it_is_gone(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition())
        await bench.do(alert, acknowledge)
        with pytest.raises(RefusedError, match="not normal"):
            await service(bench).recheck({"id": alert, "by": "p-lin"})
        await bench.say(transition(kind=TransitionKind.CLEARED))
        with pytest.raises(RefusedError, match="another person"):
            await service(bench).recheck({"id": alert, "by": "p-chen"})
        view = (await service(bench).recheck({"id": alert, "by": "p-lin", "note": "it is gone"}))["alert"]
        assert (view["rechecked_by"], view["rechecked_at_ns"]) == ("p-lin", bench.clock.now_ns())
        assert (await story(bench, alert))[-1] == ("rechecked", None)


async def claims_of(bench: Scene, alert: str) -> Claims:
    """Return the claims of the first notification of an alert."""
    query = select(Notification).where(Notification.alert_id == alert)
    notice = await bench.office.database.read(lambda session: session.scalars(query).first())
    assert notice is not None
    return Claims(alert=alert, person=notice.person, notification=notice.id, expires_ns=expiry(notice.created_ns))


async def test_reading_is_a_fact_of_the_first_time_and_answering_is_reading(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert, other = await bench.say(transition()), await bench.say(transition("other"))
        token = make_token(await claims_of(bench, alert), SIGNING_KEY)
        bench.clock.advance(5)
        await service(bench).read({"token": token})
        first = bench.clock.now_ns()
        bench.clock.advance(5)
        await service(bench).read({"token": token})
        (notice,) = (await service(bench).get({"id": alert}))["notifications"]
        assert (notice["read_at_ns"], notice["answered_at_ns"]) == (first, None)
        assert (await story(bench, alert)).count(("receipt", "read")) == 1
        claims = await claims_of(bench, other)
        await bench.office.change(lambda desk: actions.answer(desk, claims, face.Answer.RECEIVED, ""))
        (notice,) = (await service(bench).get({"id": other}))["notifications"]
        assert notice["read_at_ns"] == notice["answered_at_ns"] == bench.clock.now_ns()
        with pytest.raises(RefusedError):
            await service(bench).read({"token": "forged.token"})


async def test_what_raised_it_is_kept(tmp_path: Path) -> None:
    async with scene(tmp_path) as bench:
        alert = await bench.say(transition(input_seq=77, log_time_ns=5, delay_ns=9, values={"power": 350.0}))
        view = (await service(bench).get({"id": alert}))["alert"]
        assert (view["input_seq"], view["log_time_ns"], view["delay_ns"]) == (77, 5, 9)
        assert (view["values"], view["rule_version"]) == ({"power": 350.0}, "1")


REQUESTS = [
    actions_face.ShelveRequest,
    actions_face.AssignRequest,
    actions_face.AttachRequest,
    actions_face.RecheckRequest,
    actions_face.ReadRequest,
    actions_face.ConfirmRequest,
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = [
    "id",
    "by",
    "to",
    "reason",
    "until_ns",
    "second",
    "url",
    "sha256",
    "media_type",
    "note",
    "token",
    "finding",
]


@given(st.sampled_from(REQUESTS), st.dictionaries(st.sampled_from(_FIELDS), _JSON))
def test_any_request_is_read_or_refused(model: type[actions_face.Model], body: dict[str, object]) -> None:
    try:
        request = model.model_validate(body)
    except ValueError:
        return
    request.model_dump_json().encode()  # what is let in can be written down

"""The glossary holds every word that a screen may show: enums, profiles, panel bits."""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path

import pytest

import domain
from cli.site_files import BUILT_IN_PROFILES
from cli.yaml_documents import read_document
from domain.accounts import Right, UserRole
from domain.alarm import AlarmClass, EntityKind, Level, TransitionKind, Truth
from domain.alert import AlertEvent, Confirmation, SuppressionKind
from domain.glossary import LANGUAGES, Term, id_of, label, label_of, terms
from domain.ids import is_token
from domain.measurements import Measurement
from domain.points import PointKind
from domain.quality import Reason
from domain.quantity import Quantity
from domain.site import ChannelKind, Role, StoreKind, TransportSecurity, Turn, ZoneKind
from domain.site.hours import Day

ENUMS: tuple[type[Enum], ...] = (
    AlarmClass,
    AlertEvent,
    ChannelKind,
    Confirmation,
    Day,
    EntityKind,
    Level,
    Measurement,
    PointKind,
    Quantity,
    Reason,
    Right,
    Role,
    StoreKind,
    SuppressionKind,
    TransitionKind,
    TransportSecurity,
    Truth,
    UserRole,
    Turn,
    ZoneKind,
)
MEMBERS: list[Enum] = [member for enum in ENUMS for member in enum]
PROFILES = sorted(BUILT_IN_PROFILES.glob("*.yaml"))


@pytest.mark.parametrize("member", MEMBERS, ids=str)
def test_every_enum_member_has_a_label_in_both_languages(member: Enum) -> None:
    assert re.search(r"[A-Za-z]", label_of(member, "en"))
    assert label_of(member, "zh") == terms()[id_of(member)].zh


def test_no_enum_of_the_domain_is_left_out() -> None:
    folder = Path(domain.__file__).parent
    form = re.compile(r"^class (\w+)\(\w*Enum\)", re.MULTILINE)
    defined = {name for path in folder.rglob("*.py") for name in form.findall(path.read_text(encoding="utf-8"))}
    assert defined == {enum.__name__ for enum in ENUMS}


def test_no_group_of_an_enum_has_words_that_the_enum_lacks() -> None:
    groups = {id_of(member).split(".")[0] for member in MEMBERS}
    spare = {term for term in terms() if term.split(".")[0] in groups} - {id_of(member) for member in MEMBERS}
    assert not spare


@pytest.mark.parametrize("term", terms().values(), ids=lambda term: term.id)
def test_a_term_is_complete(term: Term) -> None:
    assert all(is_token(part) for part in term.id.split("."))
    assert term.en
    assert term.zh
    assert term.source
    assert [term.of(language) for language in LANGUAGES] == [term.zh, term.en]
    if term.zh.replace(" ", "") != term.en.replace(" ", ""):  # names such as InfluxDB are the same everywhere
        assert re.search(r"[一-鿿]", term.zh)


def test_ids_are_unique_and_at_least_eighty() -> None:
    lines = Path(domain.__file__).with_name("glossary.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "id,en,zh,source,note"
    assert len(terms()) == len(lines) - 1 >= 80


def test_labels_of_one_group_can_be_told_apart() -> None:
    for language in LANGUAGES:
        seen: dict[tuple[str, str], str] = {}
        for term in terms().values():
            other = seen.setdefault((term.id.split(".")[0], term.of(language)), term.id)
            assert other == term.id


def test_an_unknown_term_is_an_error_not_a_blank() -> None:
    with pytest.raises(KeyError):
        label("alarm_class.flood", "zh")


def test_fire_reads_as_a_control_room_writes_it() -> None:
    assert label("alarm_class.fire", "zh") == "火警"
    assert label_of(AlarmClass.FIRE, "en") == "Fire"
    assert label_of(Reason.TIMEOUT, "zh") == "读取超时"


@pytest.mark.parametrize("path", PROFILES, ids=lambda path: path.stem)
def test_device_kinds_of_built_in_profiles_have_a_label(path: Path) -> None:
    kind = read_document(path).value(("kind",))
    assert f"device_kind.{kind}" in terms()

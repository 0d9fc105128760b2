"""What an installer types at a transmitter: understood, or refused with what to type instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.errors import UnknownNameError
from simulators.faults import TRANSMITTER_FAULTS, Fault, FaultKind
from simulators.gb26875.buttons import Push
from simulators.gb26875.presses import Press
from simulators.gb26875.typed import WORDS, Help, Mend, Quit, Strike, Wait, parse


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("fire 1", Push(press=Press.FIRE, component="1")),
        ("  FAULT c42-10-2  # a comment", Push(press=Press.FAULT, component="c42-10-2")),
        ("restore smoke-1", Push(press=Press.RESTORE, component="smoke-1")),
        ("measure 2 5 350.5", Push(press=Press.MEASURE, component="2", analog=5, value=350.5)),
        ("measure 2 3 -12", Push(press=Press.MEASURE, component="2", analog=3, value=-12.0)),
        ("answer", Push(press=Press.ANSWER)),
        ("answer 7", Push(press=Press.ANSWER, operator=7)),
        ("alarm", Push(press=Press.MANUAL_ALARM)),
        ("mains fault", Push(press=Press.MAINS_FAULT)),
        ("backup back", Push(press=Press.BACKUP_BACK)),
        ("cut", Strike(Fault(kind=FaultKind.CUT))),
        ("cut 20", Strike(Fault(kind=FaultKind.CUT), 20.0)),
        ("clock -600", Strike(Fault(kind=FaultKind.CLOCK, off_s=-600.0))),
        ("mend", Mend()),
        ("wait 2.5", Wait(2.5)),
        ("help", Help()),
        ("quit", Quit()),
        ("", None),
        ("# nothing", None),
    ],
)
def test_a_line_is_understood(line: str, meaning: object) -> None:
    assert parse(line) == meaning


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fier 1", "did you mean 'fire'"),
        ("fire", "type fire N, such as fire 1"),
        ("mains", "type 'mains fault' or 'mains back'"),
        ("measure 1 5", "measure 1 5 350"),
        ("measure 1 999 5", "from 1 to 255"),
        ("answer 300", "from 0 to 255"),
        ("cut soon", "cut SECONDS"),
        ("wait", "such as wait 5"),
        ("clock nan", "such as clock -600"),
    ],
)
def test_what_means_nothing_is_refused_with_the_mend(line: str, words: str) -> None:
    with pytest.raises(UnknownNameError, match=words):
        parse(line)


def test_every_fault_of_a_transmitter_can_be_typed() -> None:
    typed = [parse(f"{word} 5") for word in WORDS if word not in ("measure", "mains", "backup", "line")]
    assert {one.fault.kind for one in typed if isinstance(one, Strike)} == TRANSMITTER_FAULTS


@given(st.text(max_size=60))
def test_any_text_is_a_meaning_or_one_error(line: str) -> None:
    try:
        parse(line)
    except UnknownNameError as error:
        assert error.mend

"""Whose name a request puts into the record, and that no name of a person is ever cut."""

from __future__ import annotations

import pytest

from dashboards.api.principal import MOST_NAME, Kind, Principal
from domain.errors import RefusedError


def test_a_program_is_named_behind_whom_it_speaks_for_and_no_name_is_cut() -> None:
    token = Principal(kind=Kind.TOKEN, id="t", name="bridge")
    longest = "w" * (MOST_NAME - len(" (bridge)"))
    assert token.acts_as() == token.acts_as("bridge") == "bridge"
    assert token.acts_as(longest) == f"{longest} (bridge)"
    with pytest.raises(RefusedError, match="too long"):
        token.acts_as(longest + "w")
    with pytest.raises(RefusedError, match="too long"):
        Principal(kind=Kind.TOKEN, id="t", name="b" * MOST_NAME).acts_as("wang")
    assert Principal(kind=Kind.USER, id="u", name="王").acts_as("w" * MOST_NAME) == "王"

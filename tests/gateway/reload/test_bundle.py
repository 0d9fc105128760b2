"""Bundles: what was written comes back, anything else is refused and writes no file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ConfigurationError
from gateway.reload.bundle import MOST_BYTES, Bundle, BundleError
from gateway.reload.configuration import Configuration
from gateway.reload.kept import Kept
from tests.gateway.gateway_sites import connection, registry_of

FILES = {"site.yaml": "site: 测试", "gateways/gw-east.yaml": "gateway: gw-east"}
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
names = st.sampled_from(["site.yaml", "gateways/a.yaml", "profiles/b-2.yaml"])


@given(st.dictionaries(names, words, min_size=1), words, words, st.integers(0, 2**62))
def test_a_bundle_comes_back_as_it_was(files: dict[str, str], by: str, note: str, time_ns: int) -> None:
    sent = Bundle(files=files, by=by, note=note, time_ns=time_ns)
    assert Bundle.decode(sent.encode(), 7) == Bundle(files=files, by=by, note=note, time_ns=time_ns, revision=7)


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | words | st.integers(), st.lists).map(lambda x: json.dumps(x).encode())
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(BundleError):
        Bundle.decode(data)


@pytest.mark.parametrize(
    "files",
    [
        {}, {"../site.yaml": ""}, {"/etc/passwd": ""}, {"gateways/../x.yaml": ""}, {"gateways/a.yml": ""},
        {"site.yaml\n": ""}, {"site.yaml": 5}, {"site.yaml": "\ud800"}, [],
        {f"gateways/{n}.yaml": "" for n in range(201)},
    ],
)  # fmt: skip
def test_only_plain_names_with_text_are_files(files: object) -> None:
    data = {"format": 1, "by": "", "time_ns": 0, "sha256": "", "files": files}
    with pytest.raises(BundleError):
        Bundle.decode(json.dumps(data).encode())


def test_a_cut_or_mixed_bundle_and_one_of_another_format_are_refused() -> None:
    told = json.loads(Bundle(files=FILES).encode())
    for change in ({"files": {**FILES, "site.yaml": "site: other"}}, {"sha256": "0" * 64}, {"format": 2}):
        with pytest.raises(BundleError):
            Bundle.decode(json.dumps({**told, **change}).encode())


def test_a_bundle_has_a_limit_both_ways() -> None:
    with pytest.raises(BundleError, match="at most"):
        Bundle(files={"site.yaml": "x" * MOST_BYTES}).encode()
    with pytest.raises(BundleError, match="at most"):
        Bundle.decode(b" " * (MOST_BYTES + 1))


def test_what_is_kept_is_private_survives_and_is_passed_over_when_damaged(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "config")
    assert (kept.bundle(), kept.rejected()) == (None, None)
    kept.keep_bundle(Bundle(files=FILES, by="li", revision=3))
    assert Kept(tmp_path / "config").bundle() == Bundle(files=FILES, by="li", revision=3)
    assert (tmp_path / "config" / "remote.json").stat().st_mode & 0o077 == 0
    (tmp_path / "config" / "remote.json").write_bytes(b"\xff{")
    assert kept.bundle() is None
    kept.keep_bundle(None)
    assert not (tmp_path / "config" / "remote.json").exists()


def test_the_last_good_one_is_made_again_and_ends_a_rejection(tmp_path: Path) -> None:
    registry = registry_of(connection("a", "modbus_tcp", {"host": "h"}, []))
    good = Configuration(registry=registry, version="v1", files=FILES, source="remote", revision=4, by="li")
    kept = Kept(tmp_path)
    kept.reject(good, "why")
    rejected = kept.rejected()
    assert rejected is not None
    assert (rejected.version, rejected.reason) == ("v1", "why")
    kept.approve(good)
    assert kept.rejected() is None

    def load(files: object) -> Configuration:
        assert files == FILES
        return Configuration(registry=registry, version="v1", files=FILES)

    def refuse(_: object) -> Configuration:
        raise ConfigurationError([])

    assert kept.good(load) == good
    assert kept.good(refuse) is None
    (tmp_path / "good.json").write_text('{"files": {"../x": ""}}')
    assert kept.good(load) is None

"""Published frames of GB/T 26875.3-2011 (`vectors.json` names the source of each): read, written again, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.connectors.gb26875.objects import ComponentState, Heartbeat, decode_unit
from gateway.connectors.gb26875.profile import HeartbeatKind, address_text
from gateway.connectors.gb26875.profiles import STANDARD, profile_named
from gateway.connectors.gb26875.protocol import Decoder, Received, Rejected
from gateway.connectors.gb26875.wire_json import frame_document, frame_from_document

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("vectors.json").read_text("utf-8"))
BY_ID = {vector["id"]: vector for vector in VECTORS}
REFUSED = {
    "FM-01": "length",
    "SF-NEG-checksum": "checksum",
    "SF-NEG-tail": "end",
    "DG-03": "checksum",
    "HB-01": "checksum",
    "LK-NEG-1": "length",
    "LK-NEG-2": "end",
}
GOOD = [vector for vector in VECTORS if vector["id"] not in {*REFUSED, "FX-NEG"}]


def of_class(*classes: str) -> list[Any]:
    return [pytest.param(vector, id=vector["id"]) for vector in VECTORS if vector["class"] in classes]


def one_frame(vector: dict[str, Any]) -> Received:
    (event,) = Decoder().feed(bytes.fromhex(vector["hex"]))
    assert isinstance(event, Received)
    return event


def expected_document(vector: dict[str, Any]) -> dict[str, Any]:
    """The expectation in the form of a document: no length, descriptions as text."""
    expected = vector["expected"]
    objects = [{k: v for k, v in one.items() if k != "desc_bytes"} for one in expected.get("objects", [])]
    return {"type": None, "count": None, **{k: v for k, v in expected.items() if k != "len"}, "objects": objects}


@pytest.mark.parametrize("vector", of_class("standard"))
def test_a_standard_frame_says_what_was_published_about_it(vector: dict[str, Any]) -> None:
    document = frame_document(one_frame(vector), STANDARD)
    assert document.pop("ok") is True
    for item in document["objects"]:
        if item.pop("raw", None):
            assert item.pop("text") == ""
    assert document == expected_document(vector)


@pytest.mark.parametrize("vector", of_class("standard"))
def test_a_standard_frame_is_written_to_the_same_bytes(vector: dict[str, Any]) -> None:
    event = one_frame(vector)
    assert event.frame.encode() == bytes.fromhex(vector["hex"]) == event.raw
    document = json.loads(json.dumps(frame_document(event, STANDARD)))
    assert frame_from_document(document, STANDARD).encode() == event.raw


@pytest.mark.parametrize("name", REFUSED)
def test_a_frame_with_a_wrong_check_is_refused_for_its_reason(name: str) -> None:
    first = Decoder().feed(bytes.fromhex(BY_ID[name]["hex"]))[0]
    assert isinstance(first, Rejected)
    assert first.error == REFUSED[name]


def test_nineteen_bytes_are_no_frame_and_never_become_one() -> None:
    decoder = Decoder()
    assert decoder.feed(bytes.fromhex(BY_ID["FX-NEG"]["hex"])) == []
    half = decoder.drop_half()
    assert half is not None
    assert (half.error, half.size) == ("half", 19)


def test_a_frame_with_a_wrong_checksum_still_says_whom_to_deny() -> None:
    (event,) = Decoder().feed(bytes.fromhex(BY_ID["SF-NEG-checksum"]["hex"]))
    assert isinstance(event, Rejected)
    assert event.frame is not None
    expected = BY_ID["SF-NEG-checksum"]["expected"]["objects"][0]
    (item,) = decode_unit(event.frame, STANDARD).objects
    assert isinstance(item, ComponentState)
    assert (item.text, item.text_flawed) == (expected["desc"], False)
    assert (item.component.hex(), item.state) == (expected["comp_addr_raw"], expected["state"])


@pytest.mark.parametrize("vector", of_class("vendor_heartbeat"))
def test_one_byte_of_application_data_is_a_heartbeat(vector: dict[str, Any]) -> None:
    event = one_frame(vector)
    (item,) = decode_unit(event.frame, STANDARD).objects
    assert item == Heartbeat(HeartbeatKind.ONE_BYTE, b"\x16")
    assert event.frame.version == (16, 0)
    assert event.frame.destination.hex() == vector["expected"]["dst_raw"]


def test_the_platform_address_of_dg_01_is_an_ipv4_address_and_a_port() -> None:
    destination = one_frame(BY_ID["DG-01"]).frame.destination
    assert address_text(destination, profile_named("fanhai_sanjiang")) == "192.168.1.4:7533"


def test_all_published_frames_in_one_stream_are_found_between_the_refused_ones() -> None:
    stream = b"".join(bytes.fromhex(vector["hex"]) for vector in VECTORS)
    found = [event.raw.hex() for event in Decoder().feed(stream) if isinstance(event, Received)]
    assert found == [vector["hex"] for vector in GOOD]


def test_every_vector_has_its_source_and_is_looked_at() -> None:
    assert all(vector["source"] for vector in VECTORS)
    assert {vector["id"] for vector in GOOD} | set(REFUSED) | {"FX-NEG"} == set(BY_ID)
    assert len(VECTORS) == 28

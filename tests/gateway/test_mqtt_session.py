"""What the MQTT connector asks of a broker, 3.1.1 and 5: a session that is kept, a window, TLS with certificates."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from domain.errors import LinkError
from gateway.connectors.mqtt_json.connector import MOST_TOGETHER, SESSION_EXPIRY_S, MqttJsonConnector
from tests.certificates import Authority, Pair
from tests.gateway.gateway_sites import HeldSink, ListSink, connection, device, registry_of, wiring_of
from tests.gateway.mqtt_cable import CONNECT, PUBACK, PUBLISH, RECEIVE_MAXIMUM, SESSION_EXPIRY, cable_to, read_connect
from tests.gateway.test_mqtt_json_connector import make, publisher, running, smoke, until
from tests.servers import connected, embedded_server, mosquitto

VERSIONS = ["3.1.1", "5"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_session_is_kept_and_has_no_will(tmp_path: Path, version: str) -> None:
    async with mosquitto(tmp_path) as port, cable_to(port) as cable:
        async with running(make(cable.port, version=version), ListSink()):
            pass
        said = read_connect(cable.to_broker.of(CONNECT)[0])
    assert (said.level, said.is_clean, said.has_will) == (5 if version == "5" else 4, False, False)
    kept = {SESSION_EXPIRY: SESSION_EXPIRY_S, RECEIVE_MAXIMUM: MOST_TOGETHER}
    assert said.properties == (kept if version == "5" else {})


async def test_receive_maximum_of_v5_bounds_what_comes_before_a_commit_and_acks_follow_it(tmp_path: Path) -> None:
    held, start, count = HeldSink(), int(time.time() * 1000), MOST_TOGETHER + 500
    async with (
        mosquitto(tmp_path, "max_inflight_messages 0", "max_queued_messages 0") as port,
        cable_to(port) as cable,
        running(make(cable.port, version="5"), held),
        publisher(port) as publish,
    ):
        await asyncio.gather(*(publish(smoke(1, start - number)) for number in range(count)))
        await until(lambda: len(cable.to_client.of(PUBLISH)) == MOST_TOGETHER)
        await asyncio.sleep(0.3)
        assert len(cable.to_client.of(PUBLISH)) == MOST_TOGETHER
        assert cable.to_broker.of(PUBACK) == []
        held.open.set()
        await until(lambda: len(cable.to_broker.of(PUBACK)) == count)
    assert len(held.of("smoke-01/smoke")) == count


def hidden(port: int, **settings: Any) -> MqttJsonConnector:
    """Return a connector that listens to a topic which the embedded server's sensors may not read."""
    profile = {
        "profile": "hidden", "protocol": "mqtt_json", "kind": "smoke_detector", "labels": {"zh": "名", "en": "name"},
        "source": "made up", "options": {"topic": "hidden/{address}/up"},
        "points": [{"id": "smoke", "labels": {"zh": "名", "en": "name"}, "read": {"path": "smoke"}}],
    }  # fmt: skip
    line = connection("s", "mqtt_json", {"host": "127.0.0.1", "port": port, **settings}, [device("a", "hidden", "a")])
    return MqttJsonConnector(wiring_of(registry_of(line, profiles=[profile])))


async def test_a_subscription_that_is_refused_is_an_error_and_not_silence(tmp_path: Path) -> None:
    async with embedded_server(tmp_path) as server, connected(server):
        user = server.credentials["sensors"]
        connector = hidden(server.mqtt_port, user=user.user, password=user.password)
        with pytest.raises(LinkError, match=r"does not let this user subscribe to hidden/\+/up"):
            await connector.run(ListSink())
    assert not connector.health().ok


def tls_lines(authority: Authority, server: Pair, *, clients: bool) -> list[str]:
    lines = [f"cafile {authority.cert}", f"certfile {server.cert}", f"keyfile {server.key}"]
    return [*lines, "require_certificate true"] if clients else lines


@pytest.mark.parametrize("version", VERSIONS)
async def test_messages_come_over_tls_with_certificates_of_both_sides(tmp_path: Path, version: str) -> None:
    authority, sink, start = Authority(tmp_path), ListSink(), int(time.time() * 1000)
    server, client = authority.signed("server"), authority.signed("client")
    files: dict[str, Any] = {"ca_file": str(authority.cert), "cert_file": str(client.cert), "key_file": str(client.key)}
    async with mosquitto(tmp_path, *tls_lines(authority, server, clients=True)) as port:
        tls = aiomqtt.TLSParameters(str(authority.cert), str(client.cert), str(client.key))
        async with (
            running(make(port, version=version, tls=True, **files), sink),
            aiomqtt.Client("127.0.0.1", port, tls_params=tls) as sensor,
        ):
            for number in range(50):
                await sensor.publish("sensors/s1/up", smoke(number % 2, start + number), qos=1)
            await until(lambda: len(sink.of("smoke-01/smoke")) == 50)


async def failure(connector: MqttJsonConnector) -> tuple[str, dict[str, int]]:
    with pytest.raises(LinkError) as told:
        await connector.run(ListSink())
    return str(told.value), dict(connector.health().errors)


async def test_what_is_wrong_with_a_certificate_is_said_with_the_file_to_look_at(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    server, foreign = authority.signed("server"), other.signed("foreign")
    old, client = authority.signed("old", days=-1), authority.signed("client")
    ca: dict[str, Any] = {"tls": True, "ca_file": str(authority.cert)}
    pair: dict[str, Any] = {"cert_file": str(client.cert), "key_file": str(client.key)}
    (tmp_path / "empty.pem").write_text("")
    async with (
        mosquitto(tmp_path, *tls_lines(authority, server, clients=True)) as port,
        mosquitto(tmp_path, *tls_lines(authority, old, clients=False)) as expired,
        mosquitto(tmp_path) as plain,
    ):
        cases = {
            "not signed by ca_file .*other.pem": ("tls_ca", make(port, tls=True, ca_file=str(other.cert), **pair)),
            "not signed by the system's authorities: set ca_file": ("tls_ca", make(port, tls=True)),
            "asks for a client certificate .* set cert_file": ("tls_client", make(port, version="5", **ca)),
            "does not accept our certificate .*cert_file .*foreign.pem": (
                "tls_client", make(port, **ca, cert_file=str(foreign.cert), key_file=str(foreign.key)),
            ),
            "certificate has expired": ("tls_expired", make(expired, **ca)),
            "is it the port for TLS": ("tls", make(plain, **ca)),
            "ca_file .*empty.pem holds no certificate": (
                "tls_file", make(port, tls=True, ca_file=str(tmp_path / "empty.pem")),
            ),
            "key_file .*server.key are no certificate with its key": (
                "tls_file", make(port, **ca, cert_file=str(client.cert), key_file=str(server.key)),
            ),
            "key_file .*gone.key can't be read": (
                "tls_file", make(port, **ca, cert_file=str(client.cert), key_file=str(tmp_path / "gone.key")),
            ),
        }  # fmt: skip
        told = await asyncio.gather(*(failure(connector) for _, connector in cases.values()))
    for (pattern, (code, _)), (words, errors) in zip(cases.items(), told, strict=True):
        assert re.search(pattern, words), words
        assert errors == {code: 1}, words

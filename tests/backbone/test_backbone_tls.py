"""The way to a nats-server of others over TLS: both sides show certificates, and errors say which file to look at."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from backbone.client import Backbone
from backbone.credentials import Credentials
from backbone.server import find_binary, free_ports
from backbone.tls import TlsError, TlsFiles
from domain.errors import LinkError
from tests.certificates import Authority, Pair
from tests.servers import answering

USER = Credentials("service", "a-password-of-the-test")


@contextlib.asynccontextmanager
async def nats_server(folder: Path, tls: dict[str, Any] | None) -> AsyncIterator[int]:
    """Run a nats-server that is not our embedded one; yields its port."""
    port = free_ports(1)[0]
    config: dict[str, Any] = {
        "listen": f"127.0.0.1:{port}",
        "jetstream": {"store_dir": str(folder / f"jetstream-{port}")},
        "authorization": {"users": [{"user": USER.user, "password": USER.password}]},
    }
    if tls is not None:
        config["tls"] = tls
    path = folder / f"nats-{port}.conf"
    path.write_text(json.dumps(config))
    process = await asyncio.create_subprocess_exec(
        str(find_binary()), "--config", str(path), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await answering(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


def with_clients(authority: Authority, server: Pair) -> dict[str, Any]:
    return {"cert_file": str(server.cert), "key_file": str(server.key), "ca_file": str(authority.cert), "verify": True}


async def test_streams_are_made_and_read_over_tls_with_certificates_of_both_sides(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server, client = authority.signed("server"), authority.signed("client")
    files = TlsFiles(ca_file=authority.cert, cert_file=client.cert, key_file=client.key)
    async with nats_server(tmp_path, with_clients(authority, server)) as port:
        backbone = await Backbone.connect(f"nats://127.0.0.1:{port}", credentials=USER, name="test", tls=files)
        async with backbone:
            await backbone.ensure_streams()
            ack = await backbone.publish("alert.hotel.fire.raised", b"{}")
            assert [one.seq for one in await backbone.messages("ALERTS")] == [ack.seq]


async def failure(port: int, files: TlsFiles, scheme: str = "nats") -> LinkError:
    with pytest.raises(LinkError) as told:
        await Backbone.connect(f"{scheme}://127.0.0.1:{port}", credentials=USER, name="test", tls=files, timeout_s=3)
    return told.value


async def test_what_is_wrong_is_said_with_the_file_to_look_at(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path, "other")
    server, client = authority.signed("server"), authority.signed("client")
    foreign, old = other.signed("foreign"), authority.signed("old", days=-1)
    ca = authority.cert
    whole = TlsFiles(ca_file=ca, cert_file=client.cert, key_file=client.key)
    expired = {"cert_file": str(old.cert), "key_file": str(old.key)}
    async with (
        nats_server(tmp_path, with_clients(authority, server)) as port,
        nats_server(tmp_path, expired) as stale,
    ):
        told = await asyncio.gather(
            failure(port, TlsFiles(ca_file=other.cert, cert_file=client.cert, key_file=client.key)),
            failure(port, TlsFiles(), "tls"),
            failure(port, TlsFiles(ca_file=ca)),
            failure(port, TlsFiles(ca_file=ca, cert_file=foreign.cert, key_file=foreign.key)),
            failure(port, TlsFiles(ca_file=ca, cert_file=old.cert, key_file=old.key)),
            failure(stale, whole),
            failure(port, TlsFiles(ca_file=tmp_path / "gone.pem")),
        )
    assert all(isinstance(error, TlsError) for error in told)
    words = [(error.code, str(error)) for error in told if isinstance(error, TlsError)]
    expected = [
        ("tls_ca", f"not signed by ca_file {other.cert}"),
        ("tls_ca", "set ca_file"),
        ("tls_client", "set cert_file and key_file"),
        ("tls_client", f"look at cert_file {foreign.cert}"),
        ("tls_client", f"look at cert_file {old.cert}"),
        ("tls_expired", "certificate has expired"),
        ("tls_file", f"ca_file {tmp_path / 'gone.pem'} can't be read"),
    ]
    for (code, text), (want, part) in zip(words, expected, strict=True):
        assert code == want, text
        assert part in text


async def test_a_server_without_tls_is_never_told_the_password(tmp_path: Path) -> None:
    heard: list[bytes] = []

    async def impostor(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.15.1","max_payload":1048576,"jetstream":true}\r\n')
        heard.append(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(impostor, "127.0.0.1", 0)
    async with server:
        error = await failure(server.sockets[0].getsockname()[1], TlsFiles(ca_file=Authority(tmp_path).cert))
    assert "TLS" in str(error)
    assert not any(USER.password.encode() in said for said in heard)

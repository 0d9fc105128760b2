"""Certificates: contexts from files that people name, and errors that say which of the files to look at.

| what went wrong | code | whose file |
|---|---|---|
| a file can't be read, is no PEM, key and certificate do not fit | `tls_file` | the one named |
| the server's certificate is signed by nobody we trust | `tls_ca` | `ca_file` |
| the server's certificate is expired, or not valid yet | `tls_expired` | the server's |
| the server's certificate is for another name | `tls_name` | the server's, or `host` |
| the server wants a certificate of ours: it got none, or one that it does not accept | `tls_client` | `cert_file` |
| anything else | `tls` | – |

With TLS 1.3 a server refuses a client's certificate only after the handshake, and clients of brokers say no more than
"connection lost" then: `diagnosed` connects by itself and reads what the server says.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from domain.errors import LinkError

CONNECT_S = 10.0
NATS_PORT = 4222
LISTEN_S = 0.5
"""How long a nats-server may take to refuse our certificate before a connection is tried all the same."""
DIAGNOSIS_S = 3.0
"""How long a server is listened to for its reason: alerts follow the handshake at once."""

_NO_ISSUER = frozenset({2, 18, 19, 20, 21})
"""OpenSSL's X509_V_ERR_*: no issuer, self-signed, self-signed in chain, no local issuer, can't verify the leaf."""
_NOT_NOW = frozenset({9, 10})
_NAME = frozenset({62, 64})


class TlsError(LinkError):
    """A connection that can't be made for a certificate's sake; ``code`` is what it is counted under."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code beside the words."""
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """What a client shows and trusts: ``ca_file`` instead of the system's, our certificate with its key."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def __bool__(self) -> bool:
        """Tell whether any file is named."""
        return any((self.ca_file, self.cert_file, self.key_file))

    def context(self) -> ssl.SSLContext:
        """Return a client's context; raises TlsError that names the file that can't be used."""
        for name, path in (("ca_file", self.ca_file), ("cert_file", self.cert_file), ("key_file", self.key_file)):
            _readable(name, path)
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise TlsError("tls_file", f"ca_file {self.ca_file} holds no certificate in PEM form: {error}") from error
        if self.cert_file is not None:
            _load(context, self.cert_file, self.key_file)
        return context

    def explained(self, error: ssl.SSLError, peer: str) -> TlsError:
        """Return what an error of the handshake means, and which file to look at."""
        if isinstance(error, ssl.SSLCertVerificationError):
            return self._unverified(error, peer)
        said = (error.reason or str(error)).upper()
        if "ALERT" in said and any(word in said for word in ("CERTIFICATE", "UNKNOWN_CA", "HANDSHAKE_FAILURE")):
            if self.cert_file is None:
                return TlsError(
                    "tls_client", f"{peer} asks for a client certificate ({said}): set cert_file and key_file"
                )
            return TlsError(
                "tls_client",
                f"{peer} does not accept our certificate ({said}): look at cert_file {self.cert_file}, whether it is"
                " expired and signed by an authority that the server trusts",
            )
        if "WRONG_VERSION" in said or "HTTP_REQUEST" in said:
            return TlsError("tls", f"{peer} answers without TLS: is it the port for TLS? ({said})")
        return TlsError("tls", f"{peer}: no TLS connection: {error}")

    def _unverified(self, error: ssl.SSLCertVerificationError, peer: str) -> TlsError:
        if error.verify_code in _NOT_NOW:
            return TlsError("tls_expired", f"{peer}: {error.verify_message}: the server needs a new certificate")
        if error.verify_code in _NAME:
            return TlsError("tls_name", f"{peer}: {error.verify_message}: write 'host' as the certificate has it")
        if error.verify_code in _NO_ISSUER:
            trusted = f"ca_file {self.ca_file}" if self.ca_file else "the system's authorities: set ca_file"
            return TlsError("tls_ca", f"{peer}: its certificate is not signed by {trusted} ({error.verify_message})")
        return TlsError("tls", f"{peer}: its certificate is not accepted: {error.verify_message}")


def server_context(cert_file: Path, key_file: Path, client_ca_file: Path | None = None) -> ssl.SSLContext:
    """Return a listener's context; with ``client_ca_file`` callers must show a certificate. Raises TlsError."""
    for name, path in (("cert_file", cert_file), ("key_file", key_file), ("client_ca_file", client_ca_file)):
        _readable(name, path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    _load(context, cert_file, key_file)
    if client_ca_file is not None:
        try:
            context.load_verify_locations(client_ca_file)
        except (OSError, ssl.SSLError) as error:
            raise TlsError("tls_file", f"client_ca_file {client_ca_file} holds no certificate in PEM form") from error
        context.verify_mode = ssl.CERT_REQUIRED
    return context


async def proven_context(servers: Sequence[str], files: TlsFiles) -> ssl.SSLContext:
    """Return the context of a connection that was tried once with each; raises TlsError with what is wrong."""
    for parts in map(urlsplit, servers):
        trouble = await diagnosed(
            files, parts.hostname or "127.0.0.1", parts.port or NATS_PORT, greets=True, listen_s=LISTEN_S
        )
        if trouble is not None:
            raise trouble
    return files.context()


async def diagnosed(
    files: TlsFiles, host: str, port: int, *, greets: bool = False, listen_s: float = DIAGNOSIS_S
) -> TlsError | None:
    """Connect once to learn what is wrong; None where TLS is not what is wrong, or nothing is.

    ``greets``: the server speaks first, in clear (NATS). After the handshake it is listened to for ``listen_s``.
    Raises TlsError for a file that can't be read.
    """
    context = files.context()
    peer = f"{host}:{port}"
    try:
        async with asyncio.timeout(CONNECT_S):
            reader, writer = await asyncio.open_connection(host, port, ssl=None if greets else context)
            try:
                if greets:
                    await reader.readline()
                    await writer.start_tls(context, server_hostname=host)
                async with asyncio.timeout(listen_s):
                    await reader.read(1)
            finally:
                writer.transport.abort()
                with suppress(OSError, ssl.SSLError):
                    await writer.wait_closed()
    except ssl.SSLError as error:
        return files.explained(error, peer)
    except ConnectionResetError:
        return TlsError("tls", f"{peer} ended the connection where TLS would begin: is it the port for TLS?")
    except (OSError, TimeoutError):
        return None
    return None


def _readable(name: str, path: Path | None) -> None:
    if path is None:
        return
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise TlsError("tls_file", f"{name} {path} can't be read: {error.strerror}") from error


def _load(context: ssl.SSLContext, cert_file: Path, key_file: Path | None) -> None:
    """Load a certificate with its key, which may stand in one file; a key with a password is refused, not asked for."""
    try:
        context.load_cert_chain(cert_file, key_file, password=_no_password)
    except (OSError, ssl.SSLError, ValueError) as error:
        of = f"cert_file {cert_file}" + (f" and key_file {key_file}" if key_file else "")
        raise TlsError("tls_file", f"{of} are no certificate with its key in PEM form: {error}") from error


def _no_password() -> str:
    raise ValueError("the key has a password, and nobody is there to type it: write it without one")

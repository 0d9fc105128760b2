"""Line protocol over HTTP, and what each answer means.

| answer | meaning here |
|---|---|
| 2xx | stored |
| 400, 422 | some line is poison: the lines that it blames are sent alone, then the rest; halves where it blames none |
| 413 | too much at once: halve |
| 429, 503 | busy: `StoreDownError` with the server's ``Retry-After`` |
| 500, 502, 504, no answer | `StoreDownError` |
| 401, 403, 404, anything else | `StoreDeniedError`: a person must act, the data stays in the stream |

A part of a refused request may be stored all the same; it is sent again, which changes nothing. So
whatever an answer says or leaves out, a line ends as stored or as refused by name.

A server may also refuse *everything* with 400 (wrong version, a proxy in between). Before the first
line is called poison, a line that no server can dislike is sent: when that is refused as well, the
fault is not in the data.

Sources: InfluxDB 1.8, 2.7 and 3 Core API references; 1.6.7 and VictoriaMetrics as found by test.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray

from ingest.influx_endpoint import Endpoint
from ingest.influx_refusals import Blame, blame, words_in
from ingest.line_protocol import Lines
from ingest.store import StoreDeniedError, StoreDownError

TIMEOUT_S = 10.0
LINES_PER_REQUEST = 5_000
"""InfluxData's own advice for batch size."""
BYTES_PER_REQUEST = 4 * 2**20
"""Less than half of the smallest limit that a server comes with (10 MB, InfluxDB 3 Core)."""
LONGEST_RETRY_AFTER_S = 300.0
PROBE = b"fengsui_probe accepted=1i 0"
"""Overwrites itself: one row per database, whatever happens."""

NOT_EXECUTED = "not executed"
"""What 1.6 says of several statements when the first could not run; asked alone, that one tells why."""

_POISON = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
_TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
_DOWN = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT,
}


class InfluxHttp:
    """One server's connections, kept open between requests; safe to use from several threads.

    The environment's proxies are not used: a store stands beside us, in a closed network.
    """

    def __init__(self, endpoint: Endpoint, *, compress: bool = False, timeout_s: float = TIMEOUT_S) -> None:
        """Connect at the first request; ``compress`` sends bodies as gzip."""
        self._endpoint = endpoint
        self._compress = compress
        self._client = httpx.Client(base_url=endpoint.base_url, timeout=timeout_s, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def write(self, lines: Lines) -> dict[int, str]:
        """Store lines; returns the positions of those that the server will never take, with its reasons.

        One request after the other, in the order of the lines.
        """
        attempt = _Attempt(self, lines)
        for start, end in _requests(lines):
            attempt.send(np.arange(start, end))
        return dict(sorted(attempt.refused.items()))

    def query(self, statements: Sequence[str]) -> list[list[dict[str, Any]]]:
        """Run InfluxQL statements and return the series of each (none: an empty list).

        A database that the first write will make is asked as if it were there, and empty.
        """
        results = self._results(statements)
        problem = _problem_in(results)
        if problem == NOT_EXECUTED:
            problem = _problem_in(self._results(statements[:1])) or problem
        if problem is None:
            return [result.get("series", []) for result in results]
        if self._endpoint.create_database is not None and problem.startswith("database not found"):
            return [[] for _ in statements]
        raise StoreDeniedError(f"the store refused a query: {problem}")

    def _results(self, statements: Sequence[str]) -> list[dict[str, Any]]:
        answer = self._request("/query", self._endpoint.query_parameters, data={"q": "; ".join(statements)})
        if answer.status_code != HTTPStatus.OK:
            raise problem_of(answer)
        try:
            return list(answer.json()["results"])
        except (ValueError, KeyError, TypeError) as error:
            raise StoreDownError(f"the store answered a query with {answer.text[:200]!r}") from error

    def post_lines(self, body: bytes) -> httpx.Response:
        """Send one body; a database that is missing and may be made is made first."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if self._compress:
            body, headers["Content-Encoding"] = gzip.compress(body, compresslevel=1), "gzip"
        endpoint = self._endpoint
        answer = self._request(endpoint.write_path, endpoint.write_parameters, content=body, headers=headers)
        if answer.status_code == HTTPStatus.NOT_FOUND and endpoint.create_database is not None:
            created = self._request("/query", {}, data={"q": endpoint.create_database})
            if created.status_code == HTTPStatus.OK:
                return self._request(endpoint.write_path, endpoint.write_parameters, content=body, headers=headers)
        return answer

    def _request(
        self, path: str, parameters: dict[str, str], *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        try:
            token = self._endpoint.authorization()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreDeniedError(f"'token_file' of 'store' can't be read: {error}") from error
        said = {**(headers or {}), "Authorization": token} if token else headers
        try:
            return self._client.post(path, params=parameters, headers=said, **more)
        except httpx.HTTPError as error:
            words = str(error) or type(error).__name__
            raise StoreDownError(f"no answer from {self._endpoint.base_url}: {words}") from error


class _Attempt:
    """One write: parts what is refused until it is stored or blamed by name, and proves the server before it blames."""

    def __init__(self, http: InfluxHttp, lines: Lines) -> None:
        self._http = http
        self._lines = lines
        self._proven = False
        self.refused: dict[int, str] = {}

    def send(self, at: NDArray[np.int64]) -> None:
        """Store the lines at rising positions, shape (n,), n > 0."""
        answer = self._http.post_lines(self._lines.chosen(at))
        if answer.is_success:
            return
        if answer.status_code not in _POISON and answer.status_code != _TOO_LARGE:
            raise problem_of(answer)
        texts = [self._lines.line(one) for one in at.tolist()]
        too_large = answer.status_code == _TOO_LARGE
        found = Blame(words_in(answer.content)) if too_large else blame(answer.content, texts)
        if len(at) == 1 or len(found.named) == len(at) or found.dropped == len(at):
            self._refuse(at, found, answer.status_code)
            return
        for part in self._parted(at, found.suspects(texts)):
            self.send(part)

    def _parted(self, at: NDArray[np.int64], suspects: Mapping[int, str]) -> tuple[NDArray[np.int64], ...]:
        """Part lines by what the answer blames, else in the middle; neither part is empty."""
        if 0 < len(suspects) < len(at):
            blamed = np.zeros(len(at), np.bool_)
            blamed[list(suspects)] = True
            return at[blamed], at[~blamed]
        return at[: len(at) // 2], at[len(at) // 2 :]

    def _refuse(self, at: NDArray[np.int64], found: Blame, status: int) -> None:
        self._prove_server()
        for number, one in enumerate(at.tolist()):
            self.refused[one] = f"HTTP {status}: {found.named.get(number, found.words)}"

    def _prove_server(self) -> None:
        if self._proven:
            return
        answer = self._http.post_lines(PROBE)
        if not answer.is_success:
            problem = problem_of(answer)
            if isinstance(problem, StoreDownError):
                raise problem
            raise StoreDeniedError(f"the store refuses every line: {problem}")
        self._proven = True


def _requests(lines: Lines) -> list[tuple[int, int]]:
    """Cut lines into requests of bounded size: begin and end of each; a line is never cut."""
    found, start = [], 0
    while start < len(lines):
        fits = int(np.searchsorted(lines.first_byte, lines.first_byte[start] + BYTES_PER_REQUEST, "right")) - 1
        end = min(max(fits, start + 1), start + LINES_PER_REQUEST, len(lines))
        found.append((start, end))
        start = end
    return found


def _problem_in(results: Sequence[dict[str, Any]]) -> str | None:
    """Return what the server says is wrong with the first statement that it did not like."""
    return next((str(result["error"]) for result in results if "error" in result), None)


def problem_of(answer: httpx.Response) -> StoreDownError | StoreDeniedError:
    """Return the error that an answer stands for, with the server's own words."""
    reason = f"{answer.url.host}:{answer.url.port or ''}{answer.url.path} answered {answer.status_code}"
    reason = f"{reason}: {words_in(answer.content) or answer.reason_phrase}"
    if answer.status_code in _DOWN:
        return StoreDownError(reason, retry_after_s=retry_after_s(answer.headers.get("Retry-After"), datetime.now(UTC)))
    if answer.status_code in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return StoreDeniedError(f"{reason}; set 'token' of 'store' to one that may read and write")
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return StoreDeniedError(f"{reason}; make that database or bucket, or correct 'store' in site.yaml")
    return StoreDeniedError(reason)


def retry_after_s(header: str | None, now: datetime) -> float:
    """Read ``Retry-After`` (seconds or an HTTP date), at most five minutes; 0 when it says nothing."""
    if not header:
        return 0.0
    if header.strip().isdecimal():
        wanted = float(header)
    else:
        try:
            wanted = (parsedate_to_datetime(header) - now).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(wanted, 0.0), LONGEST_RETRY_AFTER_S)

"""Brings folders, data source and boards to a Grafana by its HTTP API: creates and updates what is ours, nothing else.

Ours is what carries our uid (``fengsui-…``) *and*, for a board, our tag. Something of somebody else under our uid is
reported as foreign and left as it is. Nothing is ever deleted. A board that differs only in what Grafana itself writes
(id, version) is unchanged and not written, so that its history stays readable.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from grafana_client.api import GrafanaApi
from grafana_client.client import GrafanaException, TokenAuth

from dashboards.grafana.asked import Server
from dashboards.grafana.asking import SOURCE_TYPE, SOURCE_UID
from dashboards.grafana.frame import TAG
from dashboards.grafana.texts import LANGUAGES, Language
from domain.errors import LinkError, RefusedError

FOLDERS: Mapping[Language, tuple[str, str]] = {
    "zh": ("fengsui-zh", "烽燧"),
    "en": ("fengsui-en", "Fengsui"),
}
"""Language -> uid and title of its folder."""
SOURCE_NAME = "Fengsui (InfluxQL)"
MESSAGE = "fengsui dashboards push"
_GRAFANAS_OWN = {"id", "version"}
_SOURCE_KEYS = ("name", "type", "access", "url", "jsonData")


class Outcome(StrEnum):
    """What became of one thing."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Pushed:
    """One thing: ``kind`` is folder, source or board."""

    kind: str
    name: str
    outcome: Outcome


@contextmanager
def connected(url: str, token: str) -> Iterator[GrafanaApi]:
    """Give the API of a Grafana and close its connections in the end; nothing is asked yet."""
    api: GrafanaApi = GrafanaApi.from_url(url, credential=TokenAuth(token))
    try:
        yield api
    finally:
        api.client.s.close()


def push(api: GrafanaApi, files: Mapping[str, str], store: Server | None) -> Iterator[Pushed]:
    """Push boards (JSON text by ``<language>/<name>.json``), their folders, and the data source of ``store``.

    Raises LinkError when nobody answers, RefusedError when we may not.
    """
    try:
        if store is not None:
            yield _source(api, store)
        for language in LANGUAGES:
            yield _folder(api, *FOLDERS[language])
        for name, text in files.items():
            language = next(one for one in LANGUAGES if name.startswith(f"{one}/"))
            yield _board(api, name, json.loads(text), FOLDERS[language][0])
    except GrafanaException as error:
        if error.status_code in {0, None} or error.status_code >= 500:
            raise LinkError(f"Grafana does not answer: {error.message}") from error
        raise RefusedError(f"Grafana refused ({error.status_code}): {error.message}") from error
    except OSError as error:  # the client's own library raises the socket's errors as such
        raise LinkError(f"no Grafana there: {error}") from error


def _found(ask: Callable[[], Any]) -> Any:
    """Return the answer, None for 404."""
    try:
        return ask()
    except GrafanaException as error:
        if error.status_code == 404:
            return None
        raise


def _folder(api: GrafanaApi, uid: str, title: str) -> Pushed:
    if _found(lambda: api.folder.get_folder(uid)) is not None:
        return Pushed("folder", uid, Outcome.UNCHANGED)  # its title is the administrator's to change
    api.folder.create_folder(title, uid)
    return Pushed("folder", uid, Outcome.CREATED)


def _board(api: GrafanaApi, name: str, board: dict[str, Any], folder: str) -> Pushed:
    before = _found(lambda: api.dashboard.get_dashboard(board["uid"]))
    if before is None:
        api.dashboard.update_dashboard(_update(board, folder, overwrite=False))
        return Pushed("board", name, Outcome.CREATED)
    kept = before["dashboard"]
    if TAG not in kept.get("tags", []):
        return Pushed("board", name, Outcome.FOREIGN)
    if _plain(kept) == _plain(board) and before.get("meta", {}).get("folderUid") == folder:
        return Pushed("board", name, Outcome.UNCHANGED)
    api.dashboard.update_dashboard(_update({**board, "version": kept.get("version")}, folder, overwrite=False))
    return Pushed("board", name, Outcome.UPDATED)


def _update(board: Mapping[str, Any], folder: str, *, overwrite: bool) -> dict[str, Any]:
    """Return the body of a save; without ``overwrite`` Grafana refuses one that somebody changed meanwhile."""
    return {"dashboard": {**board, "id": None}, "folderUid": folder, "overwrite": overwrite, "message": MESSAGE}


def _plain(board: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in board.items() if key not in _GRAFANAS_OWN}


def source_settings(store: Server) -> dict[str, Any]:
    """Return the data source as Grafana keeps it, without its secret."""
    return {
        "uid": SOURCE_UID,
        "name": SOURCE_NAME,
        "type": SOURCE_TYPE,
        "access": "proxy",
        "url": store.url,
        "jsonData": {"dbName": store.database, "httpMode": "POST", "version": "InfluxQL"},
    }


def _source(api: GrafanaApi, store: Server) -> Pushed:
    wanted = source_settings(store)
    secret: dict[str, Any] = {}
    if store.authorization:
        wanted["jsonData"] |= {"httpHeaderName1": "Authorization"}
        secret = {"secureJsonData": {"httpHeaderValue1": store.authorization}}
    before = _found(lambda: api.datasource.get_datasource_by_uid(SOURCE_UID))
    if before is None:
        api.datasource.create_datasource({**wanted, **secret})
        return Pushed("source", SOURCE_UID, Outcome.CREATED)
    if before.get("type") != SOURCE_TYPE:
        return Pushed("source", SOURCE_UID, Outcome.FOREIGN)
    if all(before.get(key) == wanted[key] for key in _SOURCE_KEYS):
        return Pushed("source", SOURCE_UID, Outcome.UNCHANGED)
    api.datasource.update_datasource_by_uid(SOURCE_UID, {**wanted, **secret})
    return Pushed("source", SOURCE_UID, Outcome.UPDATED)

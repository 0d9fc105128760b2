"""Adopting a transmitter from the console: its lines go into the gateway's file, everything else stays as it was.

The file is a person's: comments, order and ``${NAME}`` stay, and the new lines stand behind the last transmitter of the
connection, with who adopted it when. What would be written is checked with the whole site, by the code of
``fengsui check``; it is written only where the file is still the one that was looked at, whole or not at all.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cli.gb26875_adoption import Stranger, stanza
from cli.problem_texts import in_language
from cli.site_files import SiteDocuments, checked, load_documents, read_site
from cli.store_url import with_named_store
from cli.yaml_documents import parse_document
from dashboards.console.installer.adoption import MOST_LABEL, Proposal, Wish
from dashboards.live.zone import zone_of
from domain.documents import Document
from domain.errors import ConfigurationError, RefusedError
from domain.site import Labels
from domain.site.transmitters import AUTO
from domain.templates import expanded
from gateway.connectors.gb26875.profiles import PROFILES

PROTOCOL = "gb26875"
MOST_PROBLEMS = 3
AUTO_LABELS = Labels(zh="自动识别", en="found by its frames")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ADDRESS = re.compile(r"[A-Za-z0-9.:_-]{1,64}")
_PEER = re.compile(r"[0-9A-Fa-f.:]{0,64}")
_PLAIN_NAME = re.compile(r"[^\w ().-]+")


@dataclass(frozen=True, slots=True)
class _Draft:
    """A gateway's file before and after."""

    path: Path
    before: str
    after: str
    proposal: Proposal


class SiteAdopter:
    """Adopts into one site folder; one at a time."""

    def __init__(self, site: Path) -> None:
        """``site`` is the folder that what runs follows."""
        self._site = site
        self._lock = asyncio.Lock()

    @property
    def profiles(self) -> Mapping[str, Labels]:
        """Device profiles by name; the first lets the frames decide."""
        return {AUTO: AUTO_LABELS} | {name: profile.labels for name, profile in PROFILES.items()}

    async def propose(self, wish: Wish) -> Proposal:
        """Return what would be written; raises RefusedError."""
        async with self._lock:
            return (await asyncio.to_thread(self._draft, wish)).proposal

    async def write(self, wish: Wish, state: str) -> Proposal:
        """Write it; raises RefusedError."""
        async with self._lock:
            draft = await asyncio.to_thread(self._draft, wish)
            if draft.proposal.state != state:
                raise RefusedError("站点文件在此期间已改动，请重新查看 / the file was changed meanwhile: look again")
            await asyncio.to_thread(_replace, draft.path, draft.after)
            return draft.proposal

    def _draft(self, wish: Wish) -> _Draft:
        _check_words(wish)
        path, raw = self._file_of(wish.host)
        before = path.read_bytes().decode("utf-8-sig")
        at = _connection(raw, wish)
        entry = _entry(wish, self._timezone())
        after, line, text = inserted(before, raw, at, entry)
        name = str(path.relative_to(self._site))
        document = self._parsed(name, after)
        if not _only_adds(raw.data, document.data, at):
            raise RefusedError(
                "该文件的写法不便改动，请手工登记 / this file is written in a way of its own: adopt by hand"
            )
        self._check(name, document)
        state = hashlib.sha256(before.encode()).hexdigest()
        return _Draft(path, before, after, Proposal(file=name, line=line, text=text, state=state))

    def _file_of(self, host: str) -> tuple[Path, Document]:
        """Return the file of a gateway (``unit/gateway``), as it is written."""
        try:
            documents = load_documents(self._site / "gateways", root=self._site, columns=True)
        except ConfigurationError as error:
            raise _refusal(error) from error
        for document in documents:
            if f"{document.value(('unit',))}/{document.value(('gateway',))}" == host:
                return self._site / document.file, document
        raise RefusedError(f"站点文件夹里没有网关 {host} / the site folder has no gateway {host}")

    def _timezone(self) -> str:
        try:
            return str(read_site(self._site).site.value(("timezone",)) or "Asia/Shanghai")
        except ConfigurationError as error:
            raise _refusal(error) from error

    @staticmethod
    def _parsed(name: str, text: str) -> Document:
        try:
            return parse_document(text, name)
        except ConfigurationError as error:
            raise _refusal(error) from error

    def _check(self, name: str, document: Document) -> None:
        """Check the site as it would be; raises RefusedError with what is wrong."""
        try:
            checked(_with(read_site(self._site), name, expanded(document)))
        except ConfigurationError as error:
            raise _refusal(error) from error


def inserted(text: str, raw: Document, at: int, entry: Sequence[str]) -> tuple[str, int, str]:
    """Return a file with an entry behind the last transmitter of connection ``at``, where that is, and what it is.

    ``entry`` is written without indentation; raises RefusedError where the lists stand on one line, as ``[…]``.
    """
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    path = ("connections", at, "transmitters")
    first = raw.lines.get((*path, 0))
    if first is not None:
        indent = _dash(lines, first)
        row = _end_of_list(lines, first - 1, indent)
        new = [" " * indent + one for one in entry]
    else:
        key_indent = raw.columns[("connections", at)] - 1
        written = raw.lines.get(path)
        _dash(lines, raw.lines["connections", at])
        if written is not None:
            del lines[written - 1]
        row = _end_of_block(lines, raw.lines["connections", at] - 1, key_indent)
        new = [" " * key_indent + "transmitters:", *(" " * (key_indent + 2) + one for one in entry)]
    lines[row:row] = new
    return end.join(lines) + end, row + 1, "\n".join(new)


def _dash(lines: Sequence[str], line: int) -> int:
    """Return how far the dash of a list entry is indented."""
    written = lines[line - 1]
    if not written.lstrip().startswith("-"):
        raise RefusedError(
            "该文件的列表写在一行内，请手工登记 / the list in this file stands on one line: adopt by hand"
        )
    return len(written) - len(written.lstrip())


def _end_of_list(lines: Sequence[str], start: int, indent: int) -> int:
    """Return the row behind the last line of a list whose dashes are indented so far."""
    return _end(lines, start, lambda one: _indent(one) > indent or one[indent:].startswith("- "))


def _end_of_block(lines: Sequence[str], start: int, indent: int) -> int:
    """Return the row behind the last line of a block whose keys are indented so far; its first line has the dash."""
    return _end(lines, start, lambda one: _indent(one) >= indent)


def _end(lines: Sequence[str], start: int, belongs: Any) -> int:
    last = start
    for row in range(start + 1, len(lines)):
        one = lines[row]
        if not one.strip() or one.lstrip().startswith("#"):
            continue
        if not belongs(one):
            break
        last = row
    return last + 1


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _connection(raw: Document, wish: Wish) -> int:
    """Return where the connection stands that heard it."""
    listed = raw.value(("connections",)) or []
    for at, connection in enumerate(listed):
        known = isinstance(connection, dict) and connection.get("protocol") == PROTOCOL
        if known and str(connection.get("id")) == wish.connection:
            return at
    raise RefusedError(f"文件里没有连接 {wish.connection} / the file has no such connection: {wish.connection}")


def _entry(wish: Wish, timezone: str) -> list[str]:
    """Return the lines of the entry; who adopted it when stands in front."""
    now = datetime.fromtimestamp(time.time(), zone_of(timezone))
    by = _PLAIN_NAME.sub(" ", wish.by).strip() or "?"
    stranger = Stranger(
        address=wish.address,
        profile=wish.profile,
        unit=wish.unit,
        peer=wish.peer or None,
        remark=f"{now:%Y-%m-%d %H:%M} 由 {by} 在控制台登记 / adopted on the console by {by}",
        name=wish.id,
        zone=wish.zone,
        labels=Labels(zh=_label(wish.zh), en=_label(wish.en)),
        duty=wish.duty,
    )
    return stanza(stranger, indent=0).splitlines()


def _label(words: str) -> str:
    return " ".join(words.split())[:MOST_LABEL]


def _check_words(wish: Wish) -> None:
    """Raise RefusedError for words that could become anything else than a value of the file."""
    for words in (wish.id, wish.unit, wish.zone):
        if not _TOKEN.fullmatch(words):
            raise RefusedError(f"编号只能用字母、数字、_ 和 -：{words[:64]} / an id has letters, digits, _ and - only")
    if not _ADDRESS.fullmatch(wish.address) or not _PEER.fullmatch(wish.peer):
        raise RefusedError("地址写法不对 / the address has a wrong form")
    if not _label(wish.zh) or not _label(wish.en):
        raise RefusedError("请填写中文和英文名称 / give it a name in both languages")
    if "${" in wish.zh + wish.en or not (wish.zh + wish.en).isprintable():
        raise RefusedError("名称里有不能写入文件的字符 / the name has characters that can't be written")
    if wish.profile != AUTO and wish.profile not in PROFILES:
        raise RefusedError(f"没有型号档案 {wish.profile[:64]} / no such device profile")


def _only_adds(before: Any, after: Any, at: int) -> bool:
    """Tell whether a file says what it said, and one transmitter more of connection ``at``."""
    old, new = before["connections"][at], after["connections"][at]
    listed = old.get("transmitters") or []
    grown = {**old, "transmitters": [*listed, *(new.get("transmitters") or [])[-1:]]}
    connections = [*before["connections"]]
    connections[at] = grown
    return bool({**before, "connections": connections} == after)


def _with(documents: SiteDocuments, name: str, document: Document) -> SiteDocuments:
    gateways = tuple(document if one.file == name else one for one in documents.gateways)
    return replace(documents, site=with_named_store(documents.site, os.environ), gateways=gateways)


def _refusal(error: ConfigurationError) -> RefusedError:
    """Return the first problems, in both languages."""
    shown = list(error.problems)[:MOST_PROBLEMS]
    zh, en = ("; ".join(str(in_language(one, language)) for one in shown) for language in ("zh", "en"))
    return RefusedError(f"{zh.replace(' / ', '/')} / {en}")


def _replace(path: Path, text: str) -> None:
    """Write a file, whole or not at all; raises RefusedError."""
    new = path.with_name(f".{path.name}.new")
    try:
        with new.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, new)
        new.replace(path)
    except OSError as error:
        with suppress(OSError):
            new.unlink()
        why = error.strerror or str(error)
        raise RefusedError(f"站点文件写不了：{why} / the site's file can't be written: {why}") from error

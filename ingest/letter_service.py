"""Answers ``svc.ingest.letters``: what was set aside, and what people decide about it.

| command | | data |
|---|---|---|
| ``list`` | ``most`` | ``letters`` (the newest, oldest first), ``counts`` by kind |
| ``retry`` | ``ids``, or all | ``stored`` readings, ``dropped`` letters; ``kept``: id → why it is a letter still |
| ``drop`` | ``ids``, or all | ``dropped`` |

A reading that the store refused is written again as it was; a message that could not be read is read again from its
stream, as long as it is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, ValidationError

from backbone.client import Backbone
from backbone.messages import LogMessage
from domain.errors import FengsuiError, RefusedError
from ingest.catalogue import Catalogue
from ingest.dead_letters import DeadLetters
from ingest.decoding import decode
from ingest.face import Message
from ingest.letters_of_readings import rows_of
from ingest.writer import Writer

SUBJECT = "svc.ingest.letters"
MOST_LISTED = 200
"""Letters of one reply: 4,500 bytes each at most, so that it fits a message of 1 MiB."""
MOST_AT_ONCE = 1_000
MOST_REASONS = 100
"""Letters that are named in the reply to a retry."""

Letter = Mapping[str, Any]


class LetterRequest(Message):
    """What is asked; ``ids`` None means all letters."""

    command: Literal["list", "retry", "drop"] = "list"
    ids: tuple[str, ...] | None = Field(default=None, max_length=10_000)
    most: int = Field(default=MOST_LISTED, ge=1, le=MOST_LISTED)


class LetterService:
    """The commands, as a handler of `Backbone.serve`."""

    def __init__(self, backbone: Backbone, letters: DeadLetters, writer: Writer, catalogue: Catalogue) -> None:
        """Decide about ``letters`` with the help of the process's ``writer``."""
        self._backbone = backbone
        self._letters = letters
        self._writer = writer
        self._catalogue = catalogue

    async def serve(self) -> None:
        """Begin to answer."""
        await self._backbone.serve(SUBJECT, self.answer)

    async def answer(self, body: dict[str, Any]) -> dict[str, Any]:
        """Do what is asked; raises RefusedError for a letter that is not there, StoreError when the store is away."""
        try:
            asked = LetterRequest.model_validate(body)
        except ValidationError as error:
            raise RefusedError(str(error.errors(include_url=False)[0]["msg"])) from error
        letters = await asyncio.to_thread(self._letters.all)
        if asked.command == "list":
            shown = [{**letter, "reading": None} for letter in letters[-asked.most :]]
            return {"letters": shown, "counts": self._letters.counts}
        chosen = _chosen(letters, asked.ids)
        if asked.command == "drop":
            return {"dropped": await asyncio.to_thread(self._letters.remove, [str(one["id"]) for one in chosen])}
        return await self._retry(chosen)

    async def _retry(self, letters: Sequence[Letter]) -> dict[str, Any]:
        kept: dict[str, str] = {}
        stored = settled = 0
        for start in range(0, len(letters), MOST_AT_ONCE):
            part = letters[start : start + MOST_AT_ONCE]
            written, still = await self._readings([one for one in part if isinstance(one.get("reading"), dict)])
            stored, kept = stored + written, kept | still
            for one in part:
                if not isinstance(one.get("reading"), dict):
                    written, why = await self._message(one)
                    stored, kept = stored + written, kept | ({} if why is None else {str(one["id"]): why})
            done = [str(one["id"]) for one in part if one["id"] not in kept]
            settled += await asyncio.to_thread(self._letters.remove, done)
        return {"stored": stored, "dropped": settled, "kept": dict(list(kept.items())[:MOST_REASONS])}

    async def _readings(self, letters: Sequence[Letter]) -> tuple[int, dict[str, str]]:
        """Write refused readings again; returns how many are stored, and why the others are not."""
        rows, taken = rows_of([one["reading"] for one in letters], self._catalogue.table)
        kept = {str(one["id"]): "its point is not of this site" for one in letters}
        for at in taken:
            del kept[str(letters[at]["id"])]
        if not taken:
            return 0, kept
        written = await self._writer.store_rows(rows)
        kept |= {str(letters[taken[refused.row]]["id"]): refused.reason for refused in written.refused}
        return written.stored, kept

    async def _message(self, letter: Letter) -> tuple[int, str | None]:
        """Read a message again; returns how many readings are stored, and why it is a letter still."""
        message = await self._from_stream(letter)
        if message is None:
            return 0, "its message is not in the stream any more"
        chunk = decode(str(letter["stream"]), [message], self._catalogue.table)
        (item,) = chunk.items
        if item.letter is not None:
            return 0, item.letter.reason
        written = await self._writer.store_rows(chunk.rows)
        return written.stored, written.refused[0].reason if written.refused else None

    async def _from_stream(self, letter: Letter) -> LogMessage | None:
        stream, seq = str(letter["stream"]), int(letter["seq"])
        if not stream or not seq:
            return None
        try:
            found = await self._backbone.messages(stream, subjects=[str(letter["subject"])], start_seq=seq, end_seq=seq)
        except FengsuiError:
            return None
        return next((one for one in found if (one.seq, one.time_ns) == (seq, letter["received_ns"])), None)


def _chosen(letters: Sequence[Letter], ids: Sequence[str] | None) -> list[Letter]:
    """Return the letters that are meant; an id may be cut to any beginning that only one letter has."""
    if ids is None:
        return list(letters)
    found: list[Letter] = []
    for wanted in ids:
        meant = {str(one["id"]): one for one in letters if str(one["id"]).startswith(wanted)}
        if len(meant) != 1:
            raise RefusedError(f"{'no' if not meant else 'more than one'} dead letter is called {wanted!r}")
        found += meant.values()
    return found

"""Keyed things beside the log: KV entries, status documents, checkpoints."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Mapping
from typing import Any

from nats.js import JetStreamContext, api
from nats.js.errors import (
    BadObjectMetaError,
    DigestMismatchError,
    KeyNotFoundError,
    NotFoundError,
    ObjectNotFoundError,
)

from backbone.messages import KvEntry
from backbone.subjects import CHECKPOINT_BUCKET, STATUS_BUCKET, kv_subject
from domain.errors import WireError

CHECKPOINT_TIMEOUT_S = 30.0


class Records:
    """KV and object store over one JetStream context; raises nats errors, `Backbone` translates."""

    def __init__(self, js: JetStreamContext) -> None:
        self._js = js

    async def last_seq(self, stream: str, subject_filter: str) -> int:
        """Return the last sequence on a subject filter, 0 for none."""
        if subject_filter == ">":
            return (await self._js.stream_info(stream)).state.last_seq
        try:
            message = await self._js.get_last_msg(stream, subject_filter)
        except NotFoundError:
            return 0
        return message.seq or 0

    async def began(self, stream: str) -> str:
        """Return when a stream was made."""
        created = (await self._js.stream_info(stream)).created
        return created.isoformat() if created else ""

    async def put(self, bucket: str, key: str, value: bytes) -> int:
        """Write without asking for the bucket first, so that a gateway needs one permission only."""
        return (await self._js.publish(f"$KV.{bucket}.{key}", value)).seq

    async def get(self, bucket: str, key: str) -> KvEntry | None:
        """Return the entry of a key, None when absent or deleted."""
        try:
            entry = await (await self._js.key_value(bucket)).get(key)
        except KeyNotFoundError:
            return None
        return KvEntry(entry.value or b"", entry.revision or 0)

    async def newest(self, bucket: str, key: str) -> KvEntry | None:
        """Return the entry of a key by a direct get of its subject, which is all the permission that it takes."""
        try:
            found = await self._js.get_last_msg(f"KV_{bucket}", kv_subject(bucket, key), direct=True)
        except NotFoundError:
            return None
        deleted = (found.headers or {}).get("KV-Operation") is not None
        return None if deleted else KvEntry(found.data or b"", found.seq or 0)

    async def create(self, bucket: str, key: str, value: bytes) -> int:
        """Write a key that must not exist."""
        return await self.update(bucket, key, value, 0)

    async def update(
        self, bucket: str, key: str, value: bytes, revision: int, *, timeout_s: float | None = None
    ) -> int:
        """Write a key that must stand at ``revision``."""
        headers = {api.Header.EXPECTED_LAST_SUBJECT_SEQUENCE.value: str(revision)}
        return (await self._js.publish(f"$KV.{bucket}.{key}", value, timeout=timeout_s, headers=headers)).seq

    async def delete(self, bucket: str, key: str) -> None:
        """Leave a mark that a key is gone."""
        await self._js.publish(f"$KV.{bucket}.{key}", b"", headers={"KV-Operation": "DEL"})

    async def keys(self, bucket: str) -> list[str]:
        """Return all keys that have a value, sorted."""
        return sorted(await self.entries(bucket))

    async def put_status(self, key: str, document: Mapping[str, Any]) -> None:
        """Write a status document with its time."""
        body = {**document, "time_ns": time.time_ns()}
        await self.put(STATUS_BUCKET, key, json.dumps(body, default=str).encode())

    async def statuses(self) -> dict[str, dict[str, Any]]:
        """Return all status documents; one that is no JSON object is left out, so its process is unknown."""
        documents = {key: _object(entry.value) for key, entry in (await self.entries(STATUS_BUCKET)).items()}
        return {key: document for key, document in documents.items() if document is not None}

    async def entries(self, bucket: str) -> dict[str, KvEntry]:
        """Return the newest entry of every key of a bucket.

        By the subjects that its stream has, and not by nats-py's watch: that misses a key which is written while it
        looks, and leaves a consumer behind for every look (2.16).
        """
        stream, prefix = f"KV_{bucket}", kv_subject(bucket, "")
        subjects = (await self._js.stream_info(stream, subjects_filter=kv_subject(bucket, ">"))).state.subjects or {}
        found: dict[str, KvEntry] = {}
        for subject in sorted(subjects):
            try:
                message = await self._js.get_last_msg(stream, subject)
            except NotFoundError:  # removed since
                continue
            if (message.headers or {}).get("KV-Operation") is None:
                found[subject.removeprefix(prefix)] = KvEntry(message.data or b"", message.seq or 0)
        return found

    async def save_checkpoint(self, name: str, data: bytes) -> None:
        """Replace an object."""
        store = await self._js.object_store(CHECKPOINT_BUCKET)
        await store.put(name, io.BytesIO(data))

    async def load_checkpoint(self, name: str) -> bytes | None:
        """Read an object."""
        store = await self._js.object_store(CHECKPOINT_BUCKET)
        try:
            async with asyncio.timeout(CHECKPOINT_TIMEOUT_S):  # the client waits for ever for parts that are gone
                return (await store.get(name)).data
        except ObjectNotFoundError:
            return None
        except (TimeoutError, DigestMismatchError, BadObjectMetaError) as error:
            raise WireError(f"checkpoint {name} is not whole: {error!r}") from error


def _object(data: bytes) -> dict[str, Any] | None:
    """Return a JSON object, None for anything else."""
    try:
        document = json.loads(data)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None

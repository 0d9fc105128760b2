"""Backup of the embedded store while it is written, and its restoring.

A backup is a folder: the parts as they are, every table of the file as Parquet, and ``manifest.json`` with the
size and hash of each. All of it is one cut: the readings of a transaction are in it together with the stream sequences
they came in, or neither is.
"""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path
from typing import Annotated, Literal

import duckdb
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from domain.errors import RefusedError, StoreError
from ingest.duckdb_compaction import Progress, no_progress
from ingest.duckdb_file import open_file
from ingest.duckdb_layout import HOT_NAME, Layout, quoted, union
from ingest.duckdb_parts import describe, folder_of, load_layout, new_hot, read_layout, sha256_of, sync
from ingest.duckdb_store import DuckDbStore

MANIFEST = "manifest.json"
READINGS = "readings.parquet"
TABLE_PREFIX = "table-"
MOST_MANIFEST = 16 * 2**20
_TABLE = re.compile(r"[a-z][a-z0-9_]{0,60}")
_OF_THE_FILE = ("hot", "dropped")
"""Tables that say how one file is arranged: a restored one is arranged anew."""

FileName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][A-Za-z0-9_.\-]{0,100}\.parquet$")]


class BackupFile(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What a backup holds: when its cut was made, readings in it, and its files by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    made_ns: int
    duckdb: str
    rows: int = Field(ge=0)
    files: dict[FileName, BackupFile]


def backup(store: DuckDbStore, folder: Path, progress: Progress = no_progress) -> Manifest:
    """Write a backup to ``folder``, which must not exist; it has its name only when it is whole.

    Raises RefusedError for a folder that exists, StoreError when the store or the disk fails.
    """
    if folder.exists():
        raise RefusedError(f"{folder} exists already: name a new folder")
    store.verify()  # what is damaged must not go into a backup as if it were whole
    building = folder.with_name(folder.name + ".building")
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700, parents=True)
        with store.upkeep, store.snapshot("backup") as (cursor, layout):
            made_ns = time.time_ns()
            _copy_parts(layout, building, progress)
            _copy_tables(cursor, layout, building)
            (hot,) = cursor.execute(f"SELECT count(*) FROM {union(layout.tables, ())}").fetchall()[0]
        manifest = Manifest(
            made_ns=made_ns,
            duckdb=duckdb.__version__,
            rows=int(hot) + sum(part.rows for part in layout.parts),
            files={path.name: _described(path) for path in sorted(building.iterdir())},
        )
        (building / MANIFEST).write_text(manifest.model_dump_json(indent=1) + "\n", "utf-8")
        sync(building / MANIFEST)
        building.rename(folder)
        sync(folder.parent)
    except OSError as error:
        shutil.rmtree(building, ignore_errors=True)
        raise StoreError(f"the backup to {folder} failed: {error.strerror}") from error
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup; raises RefusedError for a folder that is none."""
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MOST_MANIFEST:
            raise RefusedError(f"{path} is too large to be a manifest")
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RefusedError(f"{folder} is no backup: {MANIFEST}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise RefusedError(f"{path} can't be used: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def verify_backup(folder: Path, progress: Progress = no_progress) -> Manifest:
    """Read a whole backup and compare every hash; raises RefusedError naming every file that differs."""
    manifest = read_manifest(folder)
    wrong = []
    for done, (name, wanted) in enumerate(manifest.files.items()):
        progress(done, len(manifest.files))
        path = folder / name
        if path.is_symlink() or not path.is_file():
            wrong.append(f"{name} is missing")
        elif path.stat().st_size != wanted.bytes or sha256_of(path) != wanted.sha256:
            wrong.append(f"{name} is not what was written")
    if wrong:
        raise RefusedError(f"{folder} is damaged, nothing was restored: {'; '.join(wrong)}")
    return manifest


def restore(folder: Path, path: Path, *, overwrite: bool = False, progress: Progress = no_progress) -> Manifest:
    """Make the store at ``path`` out of a backup; what was there is renamed, never removed.

    Raises RefusedError for a damaged backup, or a store that exists without ``overwrite``; StoreError when the store
    is open in another process or the disk fails.
    """
    manifest = verify_backup(folder, progress)
    parts = folder_of(path)
    if (path.exists() or parts.exists()) and not overwrite:
        raise RefusedError(f"{path} exists already: say --overwrite to replace it (it is renamed, not removed)")
    if path.exists():
        open_file(path).close()  # raises when somebody has it
    building = path.with_name(path.name + ".restoring")
    try:
        shutil.rmtree(building, ignore_errors=True)
        building.mkdir(mode=0o700, parents=True)
        _fill(folder, manifest, building / path.name)
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        for old in (path, path.with_name(path.name + ".wal"), parts):
            if old.exists():
                old.rename(_free(old.with_name(f"{old.name}.replaced-{stamp}")))
        folder_of(building / path.name).rename(parts)  # first: a file without parts would call them lost
        (building / path.name).rename(path)
        sync(path.parent)
        shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"restoring {path} failed: {error.strerror}") from error
    except duckdb.Error as error:
        raise StoreError(f"restoring {path} failed: {str(error).splitlines()[0]}") from error
    return manifest


def _fill(folder: Path, manifest: Manifest, path: Path) -> None:
    """Build a store of a verified backup at a path where there is none."""
    parts = folder_of(path)
    parts.mkdir(mode=0o700)
    for name in manifest.files:
        if not name.startswith(TABLE_PREFIX) and name != READINGS:
            shutil.copyfile(folder / name, parts / name)
            sync(parts / name)
    connection = open_file(path)
    try:
        connection.begin()
        new_hot(connection, manifest.made_ns)
        for name in manifest.files:
            if name.startswith(TABLE_PREFIX):
                _load_table(connection, name.removeprefix(TABLE_PREFIX).removesuffix(".parquet"), folder / name)
        hot = read_layout(connection, parts).hot
        connection.execute(f"INSERT INTO {hot} SELECT * FROM read_parquet({quoted(folder / READINGS)})")
        connection.commit()
        layout = load_layout(connection, path, manifest.made_ns)
        (rows,) = connection.execute("SELECT count(*) FROM readings").fetchall()[0]
        describe(connection, layout)
    finally:
        connection.close()
    if rows != manifest.rows:
        raise StoreError(f"{rows} readings were restored of {manifest.rows}")


def _load_table(connection: duckdb.DuckDBPyConnection, table: str, source: Path) -> None:
    if not _TABLE.fullmatch(table) or table in _OF_THE_FILE or HOT_NAME.fullmatch(table):
        raise StoreError(f"a backup can't hold a table called {table!r}")
    rows = f"read_parquet({quoted(source)})"
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} AS SELECT * FROM {rows} LIMIT 0")
    connection.execute(f"INSERT INTO {table} SELECT * FROM {rows}")


def _copy_parts(layout: Layout, building: Path, progress: Progress) -> None:
    for done, part in enumerate(layout.parts):
        progress(done, len(layout.parts) + 1)
        shutil.copyfile(layout.folder / part.name, building / part.name)
        if sha256_of(building / part.name) != part.sha256:
            raise StoreError(f"{part.name} changed while it was copied")
    progress(len(layout.parts), len(layout.parts) + 1)


def _copy_tables(cursor: duckdb.DuckDBPyConnection, layout: Layout, building: Path) -> None:
    """Copy the rows that are not in parts, and every other table of the file."""
    options = "(FORMAT parquet, COMPRESSION zstd)"
    cursor.execute(f"COPY {union(layout.tables, ())} TO {quoted(building / READINGS)} {options}")
    tables = cursor.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary").fetchall()
    for (table,) in tables:
        if _TABLE.fullmatch(table) and table not in _OF_THE_FILE and not HOT_NAME.fullmatch(table):
            target = building / f"{TABLE_PREFIX}{table}.parquet"
            cursor.execute(f"COPY (SELECT * FROM {table}) TO {quoted(target)} {options}")


def _described(path: Path) -> BackupFile:
    sync(path)
    return BackupFile(bytes=path.stat().st_size, sha256=sha256_of(path))


def _free(path: Path) -> Path:
    """Return a name that nothing has."""
    number, free = 0, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def shown(manifest: Manifest) -> dict[str, object]:
    """Return what people want to know of a backup."""
    sizes = sum(file.bytes for file in manifest.files.values())
    return {**manifest.model_dump(exclude={"files"}), "files": len(manifest.files), "bytes": sizes}

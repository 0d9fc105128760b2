"""The catalogue of hot tables and parts: read at the opening, checked against the folder, changed by transactions.

The catalogue in the file decides. A file in the folder that it does not name holds copies only: of rows that are
still in a sealed table (killed before the commit) or in a later part (killed after it). When the file itself was
lost, the parts are adopted: the latest whole generation of each day.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from ingest.duckdb_layout import COLUMNS, HOT_NAME, SUFFIX, Layout, Part, parse_part_name, quoted

log = logging.getLogger(__name__)

POINTS_NAME = "points.parquet"
"""Who the points of the parts are, for a store whose file was lost."""
BUILDING = ".building"
_HOT_COLUMNS = "point INTEGER NOT NULL, time_ns BIGINT NOT NULL, value DOUBLE, quality USMALLINT NOT NULL"
_CHUNK = 2**20


def folder_of(path: Path) -> Path:
    """Return the folder of the parts of the database at ``path``, absolute."""
    return path.absolute().with_name(path.name + ".parts")


def load_layout(connection: duckdb.DuckDBPyConnection, path: Path, now_ns: int) -> Layout:
    """Read the catalogue; make the first hot table; adopt, set aside and clear away what the folder holds.

    Raises `duckdb.Error`.
    """
    connection.begin()
    _take_older_table(connection)
    if not connection.execute("SELECT name FROM hot WHERE NOT sealed").fetchall():
        new_hot(connection, now_ns)
    connection.commit()
    folder = folder_of(path)
    layout = read_layout(connection, folder)
    if folder.is_dir():
        if not layout.parts and not _known_points(connection):
            _adopt(connection, folder)
            layout = read_layout(connection, folder)
        bad = damaged_parts(layout, thorough=False)
        layout = set_parts_aside(connection, layout, bad, time.time_ns()) if bad else layout
        clear_away(layout)
        remove_dropped(connection, folder)
    return _described(connection, layout)


def read_layout(connection: duckdb.DuckDBPyConnection, folder: Path) -> Layout:
    """Return what the catalogue says."""
    tables = connection.execute("SELECT name, sealed, made_ns FROM hot ORDER BY made_ns, name").fetchall()
    hot = next((name, made_ns) for name, sealed, made_ns in tables if not sealed)
    parts = connection.execute("SELECT * FROM parts ORDER BY day").fetchall()
    return Layout(
        folder,
        hot[0],
        hot[1],
        tuple(name for name, sealed, _ in tables if sealed),
        tuple(Part(*row) for row in parts),
    )


def new_hot(connection: duckdb.DuckDBPyConnection, now_ns: int) -> None:
    """Make the table that takes readings from now on; its number was never used."""
    names = connection.execute("SELECT name FROM hot").fetchall()
    number = 1 + max((int(name.removeprefix("hot_")) for (name,) in names if HOT_NAME.fullmatch(name)), default=0)
    connection.execute(f"CREATE TABLE hot_{number} ({_HOT_COLUMNS})")
    connection.execute("INSERT INTO hot VALUES (?, false, ?)", [f"hot_{number}", now_ns])


def describe(connection: duckdb.DuckDBPyConnection, layout: Layout) -> None:
    """Make the view ``readings`` say what the layout says."""
    connection.execute(f"CREATE OR REPLACE VIEW readings AS SELECT {COLUMNS} FROM {layout.source()}")


def replace_part(connection: duckdb.DuckDBPyConnection, part: Part) -> None:
    """Name a part in the catalogue instead of that day's earlier one."""
    connection.execute("DELETE FROM parts WHERE day = ?", [part.day])
    marks = ", ".join("?" * len(part))
    connection.execute(f"INSERT INTO parts VALUES ({marks})", list(part))


def examine(connection: duckdb.DuckDBPyConnection, path: Path, day: int, generation: int) -> Part:
    """Read a part to its end and return what it holds; raises `duckdb.Error` or OSError when it can't be read."""
    file = f"read_parquet([{quoted(path)}])"
    rows, checksum, first_ns, last_ns = rows_of(connection, file)
    (different,) = connection.execute(f"SELECT count(*) FROM (SELECT DISTINCT point, time_ns FROM {file})").fetchall()[
        0
    ]
    return Part(
        day,
        generation,
        rows,
        different,
        checksum,
        path.stat().st_size,
        sha256_of(path),
        first_ns or 0,
        last_ns or 0,
        time.time_ns(),
    )


def rows_of(connection: duckdb.DuckDBPyConnection, source: str) -> tuple[int, str, int | None, int | None]:
    """Return the number of rows of a source, the sum of their hashes, and their span of time."""
    found = connection.execute(
        "SELECT count(*), coalesce(sum(hash(point, time_ns, value, quality)::HUGEINT), 0)::VARCHAR,"
        f" min(time_ns), max(time_ns) FROM {source}"
    ).fetchall()[0]
    return int(found[0]), str(found[1]), found[2], found[3]


def sha256_of(path: Path) -> str:
    """Return the hash of a file, read in pieces."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Have a file or a folder on disk before this returns."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def publish(built: Path, target: Path) -> None:
    """Give a built file its name, so that it is there whole or not at all, whatever is cut off."""
    sync(built)
    built.replace(target)
    sync(target.parent)


def damage_of(part: Part, folder: Path, *, thorough: bool) -> str | None:
    """Say what is wrong with a part's file, None for nothing; ``thorough`` reads it and compares the hash."""
    path = folder / part.name
    try:
        size = path.stat().st_size
        if size != part.bytes:
            return f"{size} bytes instead of {part.bytes}"
        if thorough and sha256_of(path) != part.sha256:
            return "its hash is another"
    except OSError as error:
        return error.strerror or str(error)
    return None


def damaged_parts(layout: Layout, *, thorough: bool) -> list[tuple[Part, str]]:
    """Return the parts whose files are not what the catalogue says, with the reason."""
    found = [(part, damage_of(part, layout.folder, thorough=thorough)) for part in layout.parts]
    return [(part, reason) for part, reason in found if reason is not None]


def set_parts_aside(
    connection: duckdb.DuckDBPyConnection, layout: Layout, bad: Sequence[tuple[Part, str]], now_ns: int
) -> Layout:
    """Take damaged parts out of the catalogue and rename their files; their days may be filled again from elsewhere."""
    connection.begin()
    for part, reason in bad:
        connection.execute("DELETE FROM parts WHERE day = ?", [part.day])
        connection.execute(
            "INSERT INTO damaged VALUES (?, ?, ?, ?, ?)", [part.name, part.day, part.rows, reason, now_ns]
        )
    after = read_layout(connection, layout.folder)
    describe(connection, after)
    connection.commit()
    for part, reason in bad:
        log.error("%s with %d readings is damaged and was set aside: %s", part.name, part.rows, reason)
        path = layout.folder / part.name
        if path.exists():
            path.replace(path.with_name(f"{path.name}.damaged-{now_ns}"))
    return after


def set_aside_parts(path: Path) -> list[str]:
    """Return the names of parts that were set aside, oldest first."""
    return sorted(item.name for item in folder_of(path).glob(f"*{SUFFIX}.damaged-*"))


def clear_away(layout: Layout) -> None:
    """Remove files that the catalogue has replaced, and those that a killed process was building.

    A file of a day or generation that the catalogue does not know is left: it may be somebody's only copy.
    """
    known = {part.day: part.generation for part in layout.parts}
    for path in layout.folder.glob("*"):
        named = parse_part_name(path.name)
        replaced = named is not None and named[1] < known.get(named[0], 0)
        if replaced or path.name.endswith(BUILDING):
            path.unlink(missing_ok=True)


def remove_dropped(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Remove the files of parts that are past retention."""
    for (name,) in connection.execute("SELECT name FROM dropped").fetchall():
        (folder / name).unlink(missing_ok=True)
    connection.execute("DELETE FROM dropped")


def unknown_parts(layout: Layout) -> list[str]:
    """Return files of the folder that look like parts and are not in the catalogue."""
    known = {part.name for part in layout.parts}
    return sorted(path.name for path in layout.folder.glob(f"*{SUFFIX}") if _is_other(path.name, known))


def _is_other(name: str, known: set[str]) -> bool:
    return parse_part_name(name) is not None and name not in known


def _take_older_table(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the one table of an earlier release a hot table, to be compacted at the first occasion."""
    found = connection.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'readings' AND NOT internal"
    ).fetchall()
    if found[0][0]:
        connection.execute("ALTER TABLE readings RENAME TO hot_0")
        connection.execute("INSERT INTO hot VALUES ('hot_0', false, 0)")


def _known_points(connection: duckdb.DuckDBPyConnection) -> bool:
    return bool(connection.execute("SELECT 1 FROM points LIMIT 1").fetchall())


def _described(connection: duckdb.DuckDBPyConnection, layout: Layout) -> Layout:
    """Make the view, without the parts that it can't be made of."""
    try:
        describe(connection, layout)
    except duckdb.Error:
        bad = damaged_parts(layout, thorough=True)
        if not bad:
            raise
        return set_parts_aside(connection, layout, bad, time.time_ns())
    return layout


def _adopt(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Take the parts of a lost file: of each day the latest generation that can be read to its end."""
    points = folder / POINTS_NAME
    named: list[tuple[int, int, Path]] = []
    for path in folder.glob(f"*{SUFFIX}"):
        parsed = parse_part_name(path.name)
        if parsed is not None:
            named.append((*parsed, path))
    if not named:
        return
    if not points.is_file():
        log.error("%s has parts of a lost store, but not whose points they are: they are left alone", folder)
        return
    whole: dict[int, Part] = {}
    for day, generation, path in sorted(named, reverse=True):
        if day in whole:
            continue
        try:
            whole[day] = examine(connection, path, day, generation)
        except (duckdb.Error, OSError) as error:
            log.warning("%s is not adopted: %s", path.name, str(error).splitlines()[0])
    connection.begin()
    try:
        connection.execute(f"INSERT INTO points SELECT * FROM read_parquet({quoted(points)})")
    except duckdb.Error as error:
        connection.rollback()
        log.error("%s can't be read, the parts beside it are left alone: %s", points, error)  # noqa: TRY400  # for a person
        return
    for part in whole.values():
        replace_part(connection, part)
    _renew_newest(connection, [folder / part.name for part in whole.values()])
    connection.commit()
    log.warning("%d parts with %d readings were adopted", len(whole), sum(part.rows for part in whole.values()))


def _renew_newest(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Reckon the newest reading of each point in some files, one file at a time."""
    for path in files:
        add_newest(connection, f"read_parquet([{quoted(path)}])")


def add_newest(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Bring ``newest`` up to the rows of a source, within the caller's transaction."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE newer AS SELECT point, max(time_ns) AS time_ns,"
        " arg_max_null(value, time_ns) AS value, arg_max(quality, time_ns) AS quality"
        f" FROM (SELECT {COLUMNS} FROM newest UNION ALL SELECT {COLUMNS} FROM {source}) GROUP BY point"
    )
    connection.execute("DELETE FROM newest")
    connection.execute(f"INSERT INTO newest SELECT {COLUMNS} FROM newer")
    connection.execute("DROP TABLE newer")

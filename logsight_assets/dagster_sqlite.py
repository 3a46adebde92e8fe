"""Dagster's SQLite storage for a process that writes much: a database stays open from one event to the next.

Dagster opens and closes a database for each event. The last connection that closes copies the write-ahead log back,
syncs and removes it, so every event of a build paid for a checkpoint. And each run gets a database of its own, whose
empty schema Dagster makes by migration scripts; here it is a copy of the first one.

The files are Dagster's own before and after: the daemon or the UI, which may have them open as well, see no difference.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.schedules import SqliteScheduleStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event

# The index and the database of the run at work; whoever reads an older run opens it again.
_MOST_OPEN = 2


class OpenSqliteStorage(DagsterSqliteStorage):
    """Runs, events and ticks in Dagster's own files below `base_dir`; `dispose` closes them."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        # In place of the parent's, which would open the files its own way.
        super(DagsterSqliteStorage, self).__init__()  # type: ignore[no-untyped-call]
        self.base_dir = base_dir
        self._inst_data = inst_data
        with _without_syncs():
            self._run_storage = _OpenRuns.from_local(f"{base_dir}/history")
            self._event_log_storage = _OpenEvents(f"{base_dir}/history/runs")
            self._schedule_storage = SqliteScheduleStorage.from_local(f"{base_dir}/schedules")

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> OpenSqliteStorage:
        return cls(inst_data=inst_data, **config_value)


class _OpenRuns(SqliteRunStorage):
    """Runs and their tags, over one engine."""

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._databases = _Databases()
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._databases.engine(self._conn_string).begin() as connection:
            yield connection

    def dispose(self) -> None:
        super().dispose()
        self._databases.close()


class _OpenEvents(SqliteEventLogStorage):
    """Events: a database a run, and the index of all runs."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._databases = _Databases()
        self._empty: bytes | None = None
        self._tables: set[str] = set()
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._databases.engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _initdb(self, engine: Engine, for_index_shard: bool = False) -> None:
        path = Path(engine.url.database or "")
        is_new = not path.exists()
        if is_new and self._empty is not None and _made(path, self._empty):
            return
        super()._initdb(engine, for_index_shard)
        if is_new:
            with closing(sqlite3.connect(path)) as database:
                self._empty = database.serialize()

    def has_table(self, table_name: str) -> bool:
        """Asked for each event with tags; a table that is there stays."""
        if table_name not in self._tables and super().has_table(table_name):
            self._tables.add(table_name)
        return table_name in self._tables

    def dispose(self) -> None:
        super().dispose()
        self._databases.close()


class _Databases:
    """Engines by database, each with its connection; the one used longest ago goes when there are too many."""

    def __init__(self) -> None:
        self._engines: dict[str, Engine] = {}

    def engine(self, conn_string: str) -> Engine:
        engine = self._engines.pop(conn_string, None)
        if engine is None:
            engine = create_engine(conn_string, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})
            event.listen(engine, "connect", _sync_at_checkpoints)
        self._engines[conn_string] = engine
        if len(self._engines) > _MOST_OPEN:
            self._engines.pop(next(iter(self._engines))).dispose()
        return engine

    def close(self) -> None:
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()


def _sync_at_checkpoints(connection: sqlite3.Connection, _: Any) -> None:
    """A power cut may cost the last events, never the database; the lake is the truth and `rehydrate` tells of it."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


@contextmanager
def _without_syncs() -> Iterator[None]:
    """Also for the engines that Dagster makes itself: a new home is some sixty statements, each a transaction."""
    event.listen(Engine, "connect", _sync_at_checkpoints)
    try:
        yield
    finally:
        event.remove(Engine, "connect", _sync_at_checkpoints)


def _made(path: Path, content: bytes) -> bool:
    """Put a database whole under a new name; False if another process was faster."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.link(name, path)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink()
    return True

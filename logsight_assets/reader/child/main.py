"""One question: read the request, shut every door, check, run, write rows as JSON lines, end.

Request (one JSON document on stdin) and answer (JSON lines on stdout) are those of `process.py`. A message never holds
a value: DuckDB's conversion errors quote them, so only errors about names and syntax pass with their own words.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import sysconfig
from typing import Any, TextIO

import duckdb

from logsight_assets.reader.child.landlock import restrict
from logsight_assets.reader.child.parse_tree import Guard, Refused
from logsight_assets.reader.child.values import jsonable

_BATCH = 500  # rows turned to JSON at a time
_SPILL = "2GiB"
# What an interpreter may still load lazily, and what the engine reads to seed its random numbers.
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/dev/urandom", "/dev/null")


def main() -> None:
    """Answer the request on stdin; the exit status carries no meaning."""
    answer = os.fdopen(os.dup(1), "w", encoding="ascii")
    # The engine prints profiles and progress to stdout when told to: the answer has a stream of its own.
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    request = json.loads(sys.stdin.buffer.read())
    limit_resources(request)
    try:
        _answer(open_engine(request), request, answer)
    except Refused as refused:
        _write(answer, {"refused": str(refused)})
    except duckdb.Error as error:
        _write(answer, explain(error, request))
    except MemoryError:
        _write(answer, {"refused": _too_big(request)})
    # A broken engine may not end by itself, and there is nothing left to do.
    answer.flush()
    os._exit(0)


def _libraries() -> set[str]:
    return {path for name in ("stdlib", "platstdlib", "purelib", "platlib") if (path := sysconfig.get_path(name))}


def limit_resources(request: dict[str, Any]) -> None:
    """Hard limits of the operating system, where it has them; DuckDB's own come with `open_engine`."""
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415 (Windows has none)

        megabyte = 1024**2
        caps = {
            # Strings being built are outside DuckDB's memory_limit: repeat('x', 10⁹) took 1 GB past a limit of 512 MB.
            "RLIMIT_AS": (request["memory_mb"] * 2 + 512) * megabyte,
            "RLIMIT_CPU": int(request["seconds"] * request["threads"]) + 5,
            "RLIMIT_FSIZE": 2 * 1024 * megabyte,
            "RLIMIT_CORE": 0,
        }
        for name, cap in caps.items():
            # macOS has no address-space limit that it keeps; a lower hard limit than ours is fine too.
            with contextlib.suppress(ValueError, OSError, AttributeError):
                resource.setrlimit(getattr(resource, name), (cap, cap))
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def open_engine(request: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """An empty in-memory engine, in a process that can reach the listed files and its spill folder."""
    engine = duckdb.connect(
        config={
            "memory_limit": f"{request['memory_mb']}MiB",
            # Threads inherit the kernel's lock only if they start behind it, so there is none yet. Opened behind it, the
            # engine dies on the machine files (/proc, /sys) that it may not read.
            "threads": 1,
            "temp_directory": request["spill"],
            "max_temp_directory_size": _SPILL,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            # Else a name that is no table could be a variable of this process.
            "python_enable_replacements": False,
        }
    )
    restrict(readable=[*request["files"], *_libraries(), *_SYSTEM], writable=[request["spill"]])
    engine.execute("set TimeZone = 'UTC'")
    engine.execute(f"set threads = {int(request['threads'])}")
    files = ", ".join("'" + file.replace("'", "''") + "'" for file in request["files"])
    engine.execute(f"set allowed_paths = [{files}]")
    engine.execute("set enable_external_access = false")
    return engine


def define_views(engine: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> None:
    """The tables of this question, each over its own objects; nothing can be configured afterwards."""
    for statement in request["statements"]:
        engine.execute(statement)
    engine.execute("set lock_configuration = true")


def check(engine: duckdb.DuckDBPyConnection, request: dict[str, Any]) -> None:
    """Refuse what is not listed, by the engine's own reading of the statement."""
    row = engine.execute("select json_serialize_sql(?)", [request["query"]]).fetchone()
    Guard(set(request["tables"]), set(request["functions"])).check(json.loads(row[0] if row else "{}"))


def _answer(engine: duckdb.DuckDBPyConnection, request: dict[str, Any], answer: TextIO) -> None:
    check(engine, request)
    try:
        define_views(engine, request)
    except duckdb.IOException:
        raise
    except duckdb.Error as error:
        # Our own SQL over our own objects: not the asker's fault, and no row was read yet.
        _write(answer, {"failed": str(error).splitlines()[0][:500]})
        return
    max_rows = request["max_rows"]
    rows = engine.execute(f"select * from (\n{request['query']}\n) as question limit {max_rows + 1}")
    description = rows.description or []
    _write(answer, {"columns": [str(d[0]) for d in description], "types": [str(d[1]) for d in description]})
    budget = request["max_bytes"]
    sent = 0
    while batch := rows.fetchmany(_BATCH):
        for row in batch:
            line = json.dumps(jsonable(row), separators=(",", ":"))
            budget -= len(line) + 1
            if sent == max_rows or budget < 0:
                _write(answer, {"truncated": True})
                return
            answer.write(line + "\n")
            sent += 1
    _write(answer, {"truncated": False})


def explain(error: duckdb.Error, request: dict[str, Any]) -> dict[str, str]:
    """What went wrong, in words without values."""
    message = str(error)
    if isinstance(error, duckdb.IOException):
        return {"changed": "an object changed or vanished while it was read"}
    if any(file in message for file in request["files"]):
        # About an object, not about its rows: whoever runs the lake needs to know which.
        return {"failed": message.splitlines()[0][:500]}
    match error:
        case duckdb.OutOfMemoryException():
            return {"refused": _too_big(request)}
        case duckdb.PermissionException():
            return {"refused": "the locked engine reads only the tables of docs/sql.md"}
        case duckdb.ParserException() | duckdb.BinderException() | duckdb.CatalogException():
            return {"refused": message.splitlines()[0][:300]}
        case duckdb.ConversionException() | duckdb.OutOfRangeException() | duckdb.InvalidInputException():
            return {"refused": f"{type(error).__name__}: a value does not fit; use try_cast, try_strptime or try(…)"}
        case _:
            return {"refused": f"{type(error).__name__} of the query engine; ask in a simpler way"}


def _too_big(request: dict[str, Any]) -> str:
    return f"the question needs more than {request['memory_mb']} MiB (reader.memory_mb): narrow it by time or columns"


def _write(answer: TextIO, record: dict[str, Any]) -> None:
    answer.write(json.dumps(record, separators=(",", ":")) + "\n")

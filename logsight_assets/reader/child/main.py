"""One question: parse and check it, say what it names, be told where that lies, shut every door, run it, end.

Both ways JSON lines, as in `process.py`: the question comes, its parse tree goes; objects and views come, rows go. What
runs is the text that the engine makes of the checked tree. A message never holds a value: DuckDB's conversion errors
quote them, so only errors about names and syntax pass with their own words.
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
_SYSTEM = (
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/etc/ld.so.cache",
    "/dev/urandom",
    "/dev/null",
)


def main() -> None:
    """Answer the question on stdin; the exit status carries no meaning."""
    answer = os.fdopen(os.dup(1), "w", encoding="ascii")
    # The engine prints profiles and progress to stdout when told to: the answer has a stream of its own.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    question = _read()
    limit_resources(question)
    try:
        engine = open_engine(question)
        sql, tree, used = checked(engine, question)
        _write(answer, {"tree": tree})
        answer.flush()
        told = _read()
        lock(engine, question, told)
        _answer(engine, question | told | {"query": sql}, used, answer)
    except Refused as refused:
        _write(answer, {"refused": str(refused)})
    except RecursionError:
        _write(answer, {"refused": "so deep a nesting: split the question"})
    except MemoryError:
        _write(answer, {"refused": _too_big(question)})
    # A broken engine may not end by itself, and there is nothing left to do.
    answer.flush()
    os._exit(0)


def _read() -> dict[str, Any]:
    line = sys.stdin.buffer.readline()
    if not line:
        os._exit(0)  # whoever asked is gone, or has refused the question
    held: dict[str, Any] = json.loads(line)
    return held


def _libraries() -> set[str]:
    return {path for name in ("stdlib", "platstdlib", "purelib", "platlib") if (path := sysconfig.get_path(name))}


def limit_resources(question: dict[str, Any]) -> None:
    """Hard limits of the operating system, where it has them; DuckDB's own come with `open_engine`."""
    with contextlib.suppress(ImportError):
        import resource  # noqa: PLC0415 (Windows has none)

        megabyte = 1024**2
        caps = {
            # Strings being built are outside DuckDB's memory_limit: repeat('x', 10⁹) took 1 GB past a limit of 512 MB.
            "RLIMIT_AS": (question["memory_mb"] * 2 + 512) * megabyte,
            "RLIMIT_CPU": int(question["seconds"] * question["threads"]) + 5,
            "RLIMIT_FSIZE": 2 * 1024 * megabyte,
            "RLIMIT_CORE": 0,
        }
        for name, cap in caps.items():
            # macOS has no address-space limit that it keeps; a lower hard limit than ours is fine too.
            with contextlib.suppress(ValueError, OSError, AttributeError):
                resource.setrlimit(getattr(resource, name), (cap, cap))
    if hasattr(signal, "SIGXFSZ"):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def open_engine(question: dict[str, Any]) -> duckdb.DuckDBPyConnection:
    """An empty in-memory engine that may spill to one folder; it can still open files, until `lock`."""
    engine = duckdb.connect(
        config={
            "memory_limit": f"{question['memory_mb']}MiB",
            # Threads inherit the kernel's lock only if they start behind it, so there is none yet. Opened behind it,
            # the engine dies on the machine files (/proc, /sys) that it may not read.
            "threads": 1,
            "temp_directory": question["spill"],
            "max_temp_directory_size": _SPILL,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            "allow_persistent_secrets": False,
            # Else a name that is no table could be a variable of this process.
            "python_enable_replacements": False,
        }
    )
    engine.execute("set TimeZone = 'UTC'")
    return engine


def checked(engine: duckdb.DuckDBPyConnection, question: dict[str, Any]) -> tuple[str, Any, set[str]]:
    """The question as text of its checked tree, the tree, and the parameters that it uses; Refused if not listed."""
    try:
        serialized = _one(engine, "select json_serialize_sql(?)", question["query"])
        tree = json.loads(serialized)
        guard = Guard(question["tables"], question["functions"], question["parameters"])
        guard.check(tree)
        sql = _one(engine, "select json_deserialize_sql(?)", json.dumps(_with_doubles(tree)))
        return sql, tree["statements"][0]["node"], guard.used
    except duckdb.Error as error:
        raise Refused(f"a text that is no SELECT: {str(error).splitlines()[0][:200]}") from None


def _with_doubles(held: Any) -> Any:
    """The tree with each DOUBLE literal as a cast: the engine writes 1e3 as 1000.0, which it reads as a DECIMAL."""
    if isinstance(held, list):
        return [_with_doubles(part) for part in held]
    if not isinstance(held, dict):
        return held
    if held.get("class") == "CONSTANT" and held["value"]["type"]["id"] == "DOUBLE":
        kind = {"id": "DOUBLE", "type_info": None}
        return held | {
            "class": "CAST",
            "type": "OPERATOR_CAST",
            "child": held | {"alias": ""},
            "cast_type": kind,
            "try_cast": False,
        }
    return {name: _with_doubles(part) for name, part in held.items()}


def _one(engine: duckdb.DuckDBPyConnection, query: str, argument: str) -> str:
    row = engine.execute(query, [argument]).fetchone()
    return str(row[0]) if row else ""


def lock(engine: duckdb.DuckDBPyConnection, question: dict[str, Any], told: dict[str, Any]) -> None:
    """Leave engine and process the listed files and the spill folder."""
    restrict(readable=[*told["files"], *_libraries(), *_SYSTEM], writable=[question["spill"]])
    engine.execute(f"set threads = {int(question['threads'])}")
    files = ", ".join("'" + file.replace("'", "''") + "'" for file in told["files"])
    engine.execute(f"set allowed_paths = [{files}]")
    engine.execute("set enable_external_access = false")


def _answer(engine: duckdb.DuckDBPyConnection, request: dict[str, Any], used: set[str], answer: TextIO) -> None:
    try:
        for statement in request["statements"]:
            engine.execute(statement)
        engine.execute("set lock_configuration = true")
    except duckdb.Error as error:
        # Our own SQL over our own objects: not the asker's fault, and no row was read yet.
        told = explain(error, request)
        _write(answer, told if "changed" in told else {"failed": str(error).splitlines()[0][:500]})
        return
    try:
        _write(answer, _run(engine, request, used, answer))
    except duckdb.Error as error:
        _write(answer, explain(error, request))


def _run(engine: duckdb.DuckDBPyConnection, request: dict[str, Any], used: set[str], answer: TextIO) -> dict[str, bool]:
    """Write header and rows; what is left to say."""
    max_rows, budget, sent = request["max_rows"], request["max_bytes"], 0
    values = {name: value for name, value in request["parameters"].items() if name in used}
    rows = engine.execute(f"select * from (\n{request['query']}\n) as question limit {max_rows + 1}", values or None)
    description = rows.description or []
    _write(answer, {"columns": [str(d[0]) for d in description], "types": [str(d[1]) for d in description]})
    while batch := rows.fetchmany(_BATCH):
        for row in batch:
            line = json.dumps(jsonable(row), separators=(",", ":"))
            budget -= len(line) + 1
            if sent == max_rows or budget < 0:
                return {"truncated": True}
            answer.write(line + "\n")
            sent += 1
    return {"truncated": False}


def explain(error: duckdb.Error, request: dict[str, Any]) -> dict[str, str]:
    """What went wrong, in words without values."""
    message = str(error)
    # An object that vanished is asked for as a folder next, which the lock refuses: only a look tells.
    if isinstance(error, duckdb.IOException) or any(_is_gone(file) for file in request["files"]):
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


def _is_gone(file: str) -> bool:
    return "://" not in file and not os.path.exists(file)  # noqa: PTH110  pathlib is not worth its import here


def _too_big(request: dict[str, Any]) -> str:
    return f"the question needs more than {request['memory_mb']} MiB (reader.memory_mb): narrow it by time or columns"


def _write(answer: TextIO, record: dict[str, Any]) -> None:
    answer.write(json.dumps(record, separators=(",", ":")) + "\n")

"""Engine and kernel without the check of the statement: what a hole in the allow-list would still not give away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from logsight_assets.errors import LogSightError
from logsight_assets.lake import Lake
from logsight_assets.reader import process
from logsight_assets.reader.ask import ask
from logsight_assets.reader.child.landlock import supported_version
from logsight_assets.reader.functions import ALLOWED, BY_KIND
from logsight_assets.reader.process import Child, Question, Rows, Sources

from .small_lake import MINE, THEIRS
from .test_breakouts import LIMITS, filled

REPOSITORY = Path(__file__).parents[2]


def test_every_allowed_function_exists_and_none_is_of_a_dangerous_kind() -> None:
    rows = duckdb.connect().execute("select lower(function_name), function_type from duckdb_functions()").fetchall()
    known = {name for name, _ in rows}
    assert set().union(*BY_KIND.values()) - known == set()
    by_type: dict[str, set[str]] = {}
    for name, kind in rows:
        by_type.setdefault(kind, set()).add(name)
    only_tables = (by_type["table"] | by_type["table_macro"]) - by_type["scalar"] - by_type["aggregate"]
    assert only_tables & ALLOWED == {"unnest"}
    assert by_type["pragma"] & ALLOWED == set()


# The wrapping `select * from (…)` is left by a parenthesis, so that any statement reaches the engine.
ENGINE_ONLY = {
    "read-other": "select * from read_parquet('{file}')",
    "quoted-file": "select * from '{file}'",
    "read-text": "select * from read_text('/etc/passwd')",
    "environment": "select * from read_blob('/proc/self/environ')",
    "glob": "select * from glob('{root}/**')",
    "http": "select * from read_parquet('https://127.0.0.1:1/x')",
    "variable": "select * from request",
    "copy": "select 1) as q; copy (select 1) to '{out}'; select * from (select 1",
    "export": "select 1) as q; export database '{out}'; select * from (select 1",
    "attach": "select 1) as q; attach '{out}' as x; select * from (select 1",
    "unlock": "select 1) as q; set enable_external_access = true; select * from (select 1",
    "unlock-path": "select 1) as q; set allowed_paths = ['{file}']; select * from (select 1",
    "unlock-configuration": "select 1) as q; set lock_configuration = false; select * from (select 1",
    "more-memory": "select 1) as q; set memory_limit = '100GB'; select * from (select 1",
    "install": "select 1) as q; install httpfs; select * from (select 1",
    "load": "select 1) as q; load '{file}'; select * from (select 1",
    "log-file": "select 1) as q; call enable_logging(storage = 'file', storage_path = '{out}'); from (select 1",
    "secret": "select 1) as q; create persistent secret (type s3); select * from (select 1",
}
_UNCHECKED = """
import sys
sys.path.insert(0, sys.argv[1])
from logsight_assets.reader.child import main
main.checked = lambda engine, question: (question["query"], None, set())
main.main()
"""


def run_unchecked(lake: Lake, folder: Path, statement: str, monkeypatch: pytest.MonkeyPatch) -> Rows:
    """The child over one event file of the asker, with its check of the statement taken out."""
    monkeypatch.setattr(process, "_BOOT", _UNCHECKED)
    mine = filled("{mine}", lake)
    spill = folder / "spill"
    spill.mkdir()
    select = f"create temp view events as select * from read_parquet(['{mine}'], hive_partitioning = false)"
    question = Question(filled(statement, lake), {}, str(spill), 128, 2, 30, 100, 100_000)
    with Child(question, folder) as child:
        child.tree()
        return child.rows(Sources([select], [mine]))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("statement", ENGINE_ONLY.values(), ids=ENGINE_ONLY.keys())
def test_engine_and_kernel_alone_refuse_files_settings_and_writes(
    lake: Lake, tmp_path: Path, statement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(LogSightError) as caught:
        run_unchecked(lake, tmp_path, statement, monkeypatch)
    assert THEIRS not in str(caught.value)


def test_the_unchecked_child_still_reads_what_it_was_given(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = run_unchecked(lake, tmp_path, "select count(*), any_value(body) from events", monkeypatch)
    assert rows.rows == [[3, f"secret of {MINE}"]]


@pytest.mark.skipif(supported_version() < 3, reason="the kernel has no Landlock that knows truncation")
@pytest.mark.usefixtures("unchanged")
def test_a_readable_object_cannot_be_overwritten_even_by_a_free_statement(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # DuckDB 1.5.5 alone allows it: its allowed paths are for reading and writing.
    over = "select 1) as q; copy (select 1) to '{mine}' (format parquet, use_tmp_file false); select * from (select 1"
    with pytest.raises(LogSightError):
        run_unchecked(lake, tmp_path, over, monkeypatch)


@pytest.mark.skipif(supported_version() < 1, reason="the kernel has no Landlock")
def test_the_kernel_locks_before_the_engine_starts_a_thread(tmp_path: Path) -> None:
    script = """
import os, sys, threading
sys.path.insert(0, sys.argv[1])
from logsight_assets.reader.child import main
count = lambda: len(os.listdir("/proc/self/task"))
imported = count()  # the allocator of the engine has a thread from its import on
real, tasks = main.restrict, []
def spy(**paths):
    tasks.append(count() - imported)
    assert real(**paths)
main.restrict = spy
question = {"memory_mb": 128, "threads": 2, "spill": sys.argv[2]}
main.lock(main.open_engine(question), question, {"files": []})
found = []
def read():
    try:
        open("/etc/passwd")
    except PermissionError:
        found.append("locked")
thread = threading.Thread(target=read)
thread.start()
thread.join()
print(tasks, found)
"""
    command = [sys.executable, "-I", "-c", script, str(REPOSITORY), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[0] ['locked']"


def test_the_child_gets_nothing_of_the_parents_environment(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    monkeypatch.setenv("LOGSIGHT_SECRET", "value")
    seen: list[dict[str, str]] = []
    real = subprocess.Popen

    def spy(*arguments: object, **options: object) -> object:
        seen.append(options["env"])  # type: ignore[arg-type]
        return real(*arguments, **options)  # type: ignore[call-overload]

    monkeypatch.setattr("subprocess.Popen", spy)
    ask(lake, "select 1", MINE, limits=LIMITS)
    assert set(seen[0]) == {"PATH", "LANG", "TZ", "HOME", "TMPDIR"}
    assert os.environ["LOGSIGHT_SECRET"] == "value"


def test_a_question_leaves_no_folder_behind(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ask(lake, "select count(*) from events", MINE, limits=LIMITS)
    assert list(tmp_path.iterdir()) == []

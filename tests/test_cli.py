"""The command line as people and scripts meet it: exit codes, streams, and the shapes of `--json` (DESIGN §10).

Verbs run through `main` in this process; what concerns streams and signals runs in a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.cli import main
from logsight_assets.lake import Lake, event_file_name, events_prefix, late_prefix, open_lake
from logsight_assets.scratch import embedded_engine
from logsight_assets.trends.retention import seal_hour
from tests.intake.lakes import HOUR, define_source, flat_line, put_raw, receipts

pytestmark = pytest.mark.xdist_group("cli")
COMMAND = (sys.executable, "-m", "logsight_assets.cli")
LINES = [
    flat_line(minute=1, event_id="twice"),
    flat_line(minute=1, event_id="twice"),
    flat_line(minute=2, tenant="globex", body="mail to anna@example.com"),
    flat_line(minute=3, severityNumber=17, attributes={"duration_ms": 12}),
    b"",
    b'{"user": "anna@example.com", "cut',
]


@dataclass(frozen=True)
class Outcome:
    """What a verb left: exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document of stdout; there must be nothing else."""
        assert self.out.count("\n") == 1
        assert self.out.endswith("\n")
        return json.loads(self.out)


def run(*arguments: str | Path) -> Outcome:
    """Run a verb in this process."""
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Outcome(code, out.getvalue(), err.getvalue())


def run_apart(*arguments: str | Path) -> Outcome:
    """Run a verb in a process of its own."""
    done = subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False)
    return Outcome(done.returncode, done.stdout, done.stderr)


def assert_told(outcome: Outcome, code: int, *said: str) -> None:
    """A failure is a sentence on stderr, an exit code, and nothing on stdout."""
    assert (outcome.code, outcome.out) == (code, ""), outcome.err
    assert "Traceback" not in outcome.err
    for part in said:
        assert part in outcome.err


def contents(root: Path) -> dict[str, bytes]:
    """Every object of a lake; LogSight's own state is left out."""
    store = open_lake(str(root), {}).store
    return {entry.key: store.get(entry.key) for entry in store.list("")}


@dataclass(frozen=True)
class Built:
    """A lake in which `add` and `build` have run, and what they said."""

    root: Path
    file: Path
    added: Outcome
    built: Outcome


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("cli")
    root, file = folder / "lake", folder / "app.json"
    root.mkdir()
    (root / "logsight.yaml").write_text("partitions_start: 2025-06-01\nengine: {threads: 1}\n")
    file.write_bytes(b"\n".join(LINES) + b"\n")
    added = run("add", file, "--lake", root, "--json", "--arrival", str(HOUR))
    return Built(root, file, added, run_apart("build", "--lake", root, "--json"))


@pytest.fixture
def copy(built: Built, tmp_path: Path) -> Path:
    """A lake of the test's own."""
    shutil.copytree(built.root, tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    lake = tmp_path / "empty"
    lake.mkdir()
    return lake


# Shapes of --json -----------------------------------------------------------------------------------------------------


def test_add_says_which_objects_it_put(built: Built) -> None:
    assert built.added.code == 0
    (added,) = built.added.document["objects"]
    assert added["path"] == str(built.file)
    assert added["bytes"] == built.file.stat().st_size
    assert added["key"].startswith(f"raw/tenant=_mixed/source=import/{HOUR.path}/import~app.json~")


def test_build_says_what_it_did(built: Built) -> None:
    assert built.built.code == 0, built.built.err
    said = built.built.document
    counts = {name: said[name] for name in ("objects", "lines", "events", "quarantined", "ignored_lines", "late")}
    assert counts == {"objects": 1, "lines": 6, "events": 4, "quarantined": 1, "ignored_lines": 1, "late": 0}
    assert (said["duplicates"], said["faults"], said["event_hours"]) == (1, [], [str(HOUR)])
    assert said["seconds"] > 0


def test_build_again_has_nothing_to_do(built: Built) -> None:
    said = run("build", "--lake", built.root, "--json").document
    assert (said["objects"], said["events"], said["event_hours"]) == (0, 0, [])


def test_sql_answers_with_columns_and_rows(built: Built) -> None:
    query = "select tenant, count(*) as n, max(duration_ns) as longest from events group by all order by tenant"
    said = run("sql", query, "--lake", built.root, "--json").document
    assert said["columns"] == ["tenant", "n", "longest"]
    assert said["rows"] == [
        {"tenant": "acme", "n": 2, "longest": 12_000_000},
        {"tenant": "globex", "n": 1, "longest": None},
    ]


def test_sql_for_a_tenant_sees_that_tenant_alone(built: Built) -> None:
    query = "select count(*) as n, min(body) as body from events"
    (row,) = run("sql", query, "--lake", built.root, "--json", "--tenant", "globex").document["rows"]
    assert row["n"] == 1
    assert row["body"].startswith("mail to <EMAIL:")


def test_quarantine_says_reasons_counts_and_redacted_examples(built: Built) -> None:
    (reason,) = run("quarantine", "--lake", built.root, "--json").document["reasons"]
    assert (reason["reason"], reason["count"]) == ("not_json", 1)
    assert "anna" not in json.dumps(reason)


def test_a_person_is_found_under_old_and_new_tokens(copy: Path) -> None:
    assert run("rotate-key", "--lake", copy).code == 0
    said = run("tokens", "Anna@Example.com", "--tenant", "globex", "--lake", copy, "--json").document
    new, old = said["tokens"]
    assert new != old
    query = f"select count(*) as n from events where contains(body, '{old}')"
    assert run("sql", query, "--tenant", "globex", "--lake", copy, "--json").document["rows"] == [{"n": 1}]


def test_doctor_says_its_checks_and_the_settings_with_their_origin(built: Built) -> None:
    outcome = run("doctor", "--lake", built.root, "--json")
    assert outcome.code == 0
    assert all(check["is_ok"] and check["name"] and check["detail"] for check in outcome.document["checks"])
    origins = {held["setting"]: (held["value"], held["origin"]) for held in outcome.document["settings"]}
    assert origins["engine.threads"] == (1, "file")
    assert origins["engine.workers"] == (0, "default")


def test_erase_without_yes_says_what_would_go_and_removes_nothing(built: Built) -> None:
    before = contents(built.root)
    outcome = run("erase", "--tenant", "globex", "--lake", built.root, "--json")
    assert outcome.code == 0
    assert (outcome.document["erased"], outcome.document["events"], outcome.document["blanked_lines"]) == (False, 1, 1)
    assert "--yes" in run("erase", "--tenant", "globex", "--lake", built.root).out
    assert contents(built.root) == before


def test_erase_with_yes_removes_the_tenant(copy: Path) -> None:
    said = run("erase", "--tenant", "globex", "--yes", "--lake", copy, "--json").document
    assert (said["erased"], said["events"], said["blanked_lines"]) == (True, 1, 1)
    assert not any("tenant=globex/" in key for key in contents(copy))
    (row,) = run("sql", "select count(*) as n from events", "--lake", copy, "--json").document["rows"]
    assert row == {"n": 2}


def test_late_says_what_waits_and_counts_it_in_when_asked(copy: Path) -> None:
    lake = open_lake(str(copy), {})
    with embedded_engine(lake) as engine:
        assert seal_hour(lake, engine, "acme", HOUR)
    (file,) = [entry.key for entry in lake.store.list(events_prefix("acme", HOUR))]
    lake.store.put(late_prefix("acme", HOUR) + event_file_name("shop", HOUR + 99, "later"), lake.store.get(file))
    lake.store.delete(file)
    said = run("late", "--lake", copy, "--json").document
    assert (said["replayed"], [each["waiting"] for each in said["waiting"]]) == ([], [3])
    assert "3 events in 1 file; --replay counts them in" in run("late", "--lake", copy).out
    (done,) = run("late", "--replay", "--lake", copy, "--json").document["replayed"]
    assert done == {
        "tenant": "acme",
        "hour": str(HOUR),
        "events": 3,
        "counted": 2,
        "duplicates": 1,
        "possible_copies": 1,
    }
    assert run("late", "--replay", "--lake", copy).out == "none wait\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "{file}"),
        ("build",),
        ("build", "--from", "2020-01-01T00", "--to", "2020-01-01T01"),
        ("sql", "select 1 as one"),
        ("sql", "select body from events where false"),
        ("quarantine",),
        ("tokens", "+49 30 1234567", "--kind", "phone", "--tenant", "acme"),
        ("retain",),
        ("late",),
        ("late", "--replay", "--tenant", "acme"),
        ("report",),
        ("erase", "--tenant", "globex"),
        ("rehydrate",),
        ("rotate-key",),
        ("doctor",),
    ],
    ids=lambda arguments: "_".join(arguments[:2]).replace("{file}", "file"),
)
def test_with_json_stdout_is_one_document_and_without_it_is_not(built: Built, copy: Path, arguments: Any) -> None:
    filled = [argument.format(file=built.file) for argument in arguments]
    outcome = run(*filled, "--lake", copy, "--json")
    assert outcome.code == 0, outcome.err
    assert isinstance(outcome.document, dict)
    text = run(*filled, "--lake", copy)
    assert text.code == 0
    assert text.out
    assert not text.out.startswith("{")


def test_every_verb_takes_lake_and_json() -> None:
    """A new verb joins the test above."""
    listed = run("--help").out
    for verb in (
        "add",
        "build",
        "sql",
        "quarantine",
        "tokens",
        "retain",
        "late",
        "report",
        "erase",
        "rehydrate",
        "rotate-key",
        "doctor",
        "demo",
        "up",
    ):
        assert f"    {verb}" in listed.splitlines() or f"\n    {verb} " in listed
        text = run(verb, "--help").out
        assert "--lake" in text
        assert "--json" in text


def test_an_odd_file_name_is_still_one_document(empty: Path, tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff \xe2\x80\xae.log"))
    file.write_bytes(b"started\n")
    outcome = run_apart("add", file, "--lake", empty, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.document["objects"][0]["bytes"] == 8


def test_what_steers_a_terminal_leaves_as_an_escape(built: Built) -> None:
    """U+009B begins a sequence as ESC [ does, and U+202E turns the text around."""
    outcome = run("sql", "select 'a' || chr(155) || chr(8238) || chr(127) as body", "--lake", built.root, "--json")
    assert outcome.out.isascii()
    assert outcome.out.strip().isprintable()
    assert outcome.document["rows"] == [{"body": "a\x9b\u202e\x7f"}]


def test_csv_is_for_spreadsheets(built: Built) -> None:
    outcome = run(
        "sql", "select tenant, count(*) as n from events group by all order by 1", "--csv", "--lake", built.root
    )
    assert outcome.out.split() == ["tenant,n", "acme,2", "globex,1"]


def test_a_build_names_what_it_could_not_look_at(copy: Path, tmp_path: Path) -> None:
    (copy / "sources").mkdir()
    (copy / "sources" / "archive.yaml").write_text(f"location: {tmp_path / 'unmounted'}\n")
    (copy / "raw" / "tenant=Acme\x1b[2J").mkdir()
    outcome = run("build", "--lake", copy, "--json")
    assert outcome.code == 0
    assert f"source archive: location: {tmp_path / 'unmounted'} is no folder" in outcome.err
    assert "raw/tenant=Acme\\x1b[2J is no folder of the layout" in outcome.err


# Wrong usage ----------------------------------------------------------------------------------------------------------


def test_without_a_verb_the_help_is_shown(empty: Path) -> None:
    outcome = run()
    assert outcome.code == 2
    assert "usage: logsight" in outcome.out + outcome.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("bild",), "invalid choice: 'bild'"),
        (("add",), "the following arguments are required: paths"),
        (("sql",), "the following arguments are required: query"),
        (("erase",), "--tenant"),
        (("build", "--set", "engine.threads"), "--set engine.threads: is written SETTING=VALUE"),
        (("build", "--set", "engine.threads=many"), "flag: engine.threads"),
        (("build", "--until", "2025-06-01T00"), "unrecognized arguments"),
        (("build", "--from", "yesterday"), "hour 'yesterday' is not written as YYYY-MM-DDTHH, for example"),
        (("build", "--to", "2025-06-31T00"), "hour '2025-06-31T00' does not exist"),
        (("build", "--from", "2025-06-02T00", "--to", "2025-06-01T00"), "--to 2025-06-01T00 must lie after --from"),
        (("late", "--from", "2025-06-02T00", "--to", "2025-06-02T00"), "must lie after"),
        (("add", "{file}", "--arrival", "10:00"), "hour '10:00'"),
        (("add", "{file}", "--arrival", "9999-12-31T23"), "must be an hour of the years 2000 to 2099"),
        (("add", "{file}.none"), "no such file or folder"),
        (("add", "{file}", "--tenant", "Acme Inc"), "--tenant 'Acme Inc' must match"),
        (("add", "{file}", "--source", "_mixed"), "--source '_mixed' must match"),
        (("add", "{file}", "--service", "s" * 300), "too long"),
        (("sql", "select 1", "--tenant", "_platform"), "tenant '_platform' must match"),
        (("sql", "select 1", "--csv", "--json"), "choose one"),
        (("erase", "--tenant", "../x", "--yes"), "tenant '../x' must match"),
        (("late", "--tenant", "../x", "--replay"), "tenant '../x' must match"),
        (("late", "--from", "yesterday"), "hour 'yesterday' is not written as YYYY-MM-DDTHH"),
        (("erase", "--tenant", "nobody"), "check the name"),
    ],
    ids=lambda value: "_".join(value)[:30] if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_exit_2_with_what_is_wrong(empty: Path, built: Built, arguments: Any, said: str) -> None:
    filled = [argument.format(file=built.file) for argument in arguments]
    assert_told(run(*filled, "--lake", empty), 2, said)


def test_a_name_that_steers_a_terminal_is_shown_and_not_sent(empty: Path, tmp_path: Path) -> None:
    assert_told(run("add", tmp_path / "\x1b[2J.log", "--lake", empty), 2, "\\x1b[2J.log: no such file")


def test_a_lake_that_cannot_be_is_exit_2(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for location in (tmp_path / "file", tmp_path / "file" / "lake", "s3://bucket/lake"):
        assert_told(run("build", "--lake", location), 2, "logsight: lake ")


@pytest.mark.parametrize(
    "verb", [("sql", "select 1"), ("build",), ("quarantine",), ("retain",)], ids=lambda verb: verb[0]
)
def test_a_misspelt_lake_is_not_made(tmp_path: Path, verb: tuple[str, ...]) -> None:
    assert_told(run(*verb, "--lake", tmp_path / "laek"), 2, "is not there; check --lake")
    assert not (tmp_path / "laek").exists()


def test_a_lake_is_made_with_the_folders_above_it(tmp_path: Path, built: Built) -> None:
    assert run("add", built.file, "--lake", tmp_path / "not" / "there" / "lake").code == 0
    assert (tmp_path / "not" / "there" / "lake" / "raw").is_dir()


def test_a_build_reads_all_but_the_objects_of_a_source_whose_file_is_wrong(lake: Lake) -> None:
    put_raw(lake, [flat_line()])
    put_raw(lake, [flat_line()], source="bad")
    define_source(lake, "bad", format="jsn")
    assert_told(run("build", "--lake", lake.config), 2, "bad.yaml: format")
    assert [receipt.source for receipt in receipts(lake)] == ["shop"]
    define_source(lake, "bad", format="flat")
    assert run("build", "--lake", lake.config).code == 0
    assert [receipt.source for receipt in receipts(lake)] == ["bad", "shop"]


def test_a_wrong_configuration_is_exit_2_with_file_and_field(copy: Path) -> None:
    (copy / "logsight.yaml").write_text("engine: {memory_mb: 1}")
    assert_told(run("build", "--lake", copy), 2, f"{copy / 'logsight.yaml'}: engine.memory_mb")
    (copy / "logsight.yaml").write_text("")
    (copy / "sources").mkdir()
    (copy / "sources" / "import.yaml").write_text("format: jsn")
    assert_told(run("build", "--lake", copy), 2, "import.yaml: format")


def test_the_lake_is_the_options_else_the_environments(
    built: Built, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = ("sql", "select count(*) as n from events", "--json")
    monkeypatch.setenv("LOGSIGHT_LAKE", str(built.root))
    assert run(*query).document["rows"] == [{"n": 3}]
    assert run(*query, "--lake", empty).document["rows"] == [{"n": 0}]


def test_a_setting_is_the_flags_else_the_environments_else_the_files(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    def threads(*flags: str) -> tuple[int, str]:
        held = run("doctor", "--lake", built.root, "--json", *flags).document["settings"]
        return next((each["value"], each["origin"]) for each in held if each["setting"] == "engine.threads")

    assert threads() == (1, "file")
    monkeypatch.setenv("LOGSIGHT_ENGINE_THREADS", "2")
    assert threads() == (2, "environment")
    assert threads("--set", "engine.threads=3") == (3, "flag")


# Failure --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "",
        "selec 1",
        "select * from nowhere",
        "select nothing from events",
        "delete from events",
        "create table t as select 1",
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "copy events to '/tmp/x'",
        "attach '/tmp/x.db'",
        "select 1; select 2",
        "set memory_limit = '100GB'",
        "pragma version",
        "select getenv('HOME')",
    ],
)
def test_a_question_that_is_refused_is_told_in_a_sentence(built: Built, query: str) -> None:
    outcome = run("sql", query, "--lake", built.root, "--json")
    assert_told(outcome, outcome.code, "logsight: ")
    assert outcome.code in (1, 2)
    assert len(outcome.err) > 30


def test_a_failing_check_of_the_doctor_is_exit_1_with_the_remedy(copy: Path) -> None:
    keys = copy / ".logsight" / "keys.json"
    keys.chmod(0o644)
    outcome = run("doctor", "--lake", copy, "--json")
    assert outcome.code == 1
    (failed,) = (check for check in outcome.document["checks"] if not check["is_ok"])
    assert (failed["name"], failed["remedy"]) == ("keys", f"chmod 600 {keys}")
    text = run("doctor", "--lake", copy)
    assert text.code == 1
    assert f"→ chmod 600 {keys}" in text.out


def test_a_fault_of_ours_is_a_sentence_and_a_trace_without_data(copy: Path) -> None:
    (vault,) = (copy / "quarantine").rglob("*.jsonl.gz")
    vault.write_bytes(b"secret and no gzip")
    outcome = run("quarantine", "--lake", copy, "--json")
    assert_told(outcome, 1, "logsight: quarantine failed unexpectedly", "what is done is kept")
    trace = Path(outcome.err.split()[-1])
    assert "quarantine_report" in trace.read_text()
    assert "secret" not in trace.read_text() + outcome.err
    assert trace.stat().st_mode & 0o077 == 0
    trace.unlink()


# Streams and signals --------------------------------------------------------------------------------------------------


def test_progress_and_logs_do_not_go_to_stdout(built: Built) -> None:
    assert built.built.document
    assert "Traceback" not in built.built.err
    assert "\x1b" not in built.built.err, "no colours where no terminal is"


def test_a_failure_apart_leaves_stdout_empty(built: Built) -> None:
    assert_told(run_apart("sql", "delete from events", "--lake", built.root, "--json"), 1, "logsight: refused")


def test_a_reader_that_has_seen_enough_is_no_failure(built: Built) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [*COMMAND, "sql", "select body from events", "--lake", str(built.root)],
            stdout=closed,
            check=False,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture
def asking(built: Built, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A question without end, which has begun to be answered."""
    query = "select max(a.range * b.range) from range(1000000000) a, range(1000000) b"
    spill = tmp_path / "spill"
    spill.mkdir()
    # Where tests run with the signal ignored, as under nohup, a child would ignore it too.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*COMMAND, "sql", query, "--lake", str(built.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"TMPDIR": str(spill), "LOGSIGHT_READER_MAX_SECONDS": "120"},
        start_new_session=True,
    )
    signal.signal(signal.SIGINT, before)
    try:
        until(lambda: any(spill.glob("logsight-ask-*/spill")) and has_children(process.pid))
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def has_children(pid: int) -> bool:
    """Whether a process has begun another; taken for granted where the system does not say."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return not listed.exists() or bool(listed.read_text())


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition; a test that waits longer has failed."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come"
        time.sleep(0.01)


def test_ctrl_c_says_that_nothing_is_lost(asking: subprocess.Popen[bytes]) -> None:
    os.killpg(asking.pid, signal.SIGINT)  # as a terminal does: to all processes of the command
    out, err = asking.communicate(timeout=60)
    assert (asking.returncode, out) == (1, b"")
    assert err == b"logsight: interrupted; what is done is kept, run the same command again\n"

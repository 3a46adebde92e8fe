"""Real processes, because what is promised is about them: none is left, whoever is killed, and none starts in vain.

One test serves with Dagster's real processes; the others put small programs in their place, which end the same way.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from logsight_assets.errors import ConfigurationError, UsageError
from logsight_assets.lake import Lake, open_lake
from logsight_assets.serve import processes
from logsight_assets.serve.places import claim, places_of, run_folder
from logsight_assets.serve.ports import bound

HERE = Path(__file__).parent
WARDEN = Path(processes.warden.__file__)
# Leaves a child of its own in its group, as the code server does, and names both.
PARENT = (
    "import os, subprocess, sys, time; c = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
)
FAMILY = PARENT + "print(os.getpid(), c.pid, flush=True); time.sleep(600)"


def eventually(what: str, condition: Callable[[], object], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not in {seconds} s: {what}"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A killed orphan may wait for process 1 to reap it.
    status = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(OSError):
        return status.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return not status.parent.parent.exists() or status.exists()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(str(tmp_path / "lake"), {"LOGSIGHT_SERVE_DAGSTER_PORT": "0"})


class Warden:
    """A warden with a family of two under it, and our end of its line."""

    def __init__(self, folder: Path) -> None:
        ours, theirs = socket.socketpair()
        self.line = ours
        with (folder / "out").open("wb") as out, (folder / "lock").open("w", encoding="utf-8") as lock, theirs:
            numbers = (theirs.fileno(), lock.fileno())
            command = [sys.executable, "-I", "-S", str(WARDEN), *map(str, numbers), sys.executable, "-c", FAMILY]
            self.process = subprocess.Popen(command, stdout=out, pass_fds=numbers, start_new_session=True)
        eventually("the family names itself", lambda: (folder / "out").read_text(encoding="utf-8").strip())
        self.family = [int(pid) for pid in (folder / "out").read_text(encoding="utf-8").split()]

    def is_gone(self) -> bool:
        return not any(alive(pid) for pid in self.family)


@pytest.fixture
def warden(tmp_path: Path) -> Iterator[Warden]:
    made = Warden(tmp_path)
    yield made
    made.line.close()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(made.family[0], signal.SIGKILL)
    made.process.kill()
    made.process.wait()


def test_the_end_of_the_supervisor_ends_the_family(warden: Warden) -> None:
    warden.line.close()  # what the kernel does when the supervisor is killed
    assert warden.process.wait(20) == 128 + signal.SIGTERM
    assert warden.is_gone()


def test_a_signal_to_the_warden_ends_the_family(warden: Warden) -> None:
    warden.process.terminate()
    warden.process.wait(20)
    assert warden.is_gone()


def test_the_end_of_the_program_ends_its_children_and_is_reported(warden: Warden) -> None:
    os.kill(warden.family[0], signal.SIGKILL)
    assert warden.process.wait(20) == 128 + signal.SIGKILL
    assert warden.is_gone()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of a parent's death on Linux only")
def test_a_killed_warden_takes_the_program_with_it(warden: Warden) -> None:
    warden.process.kill()
    eventually("the program is gone", lambda: not alive(warden.family[0]))


def test_a_program_that_cannot_start_says_why(tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, (tmp_path / "lock").open("w", encoding="utf-8") as lock:
        numbers = (theirs.fileno(), lock.fileno())
        command = [sys.executable, "-I", "-S", str(WARDEN), *map(str, numbers), str(tmp_path / "missing")]
        done = subprocess.run(command, pass_fds=numbers, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 127
    assert "missing: No such file or directory" in done.stderr


# Serving ----------------------------------------------------------------------------------------------------------


class Served:
    """`up` in a process of its own, serving the tiny location."""

    def __init__(self, lake: Path) -> None:
        code = (
            "import os, sys; from logsight_assets.lake import open_lake; "
            "from logsight_assets.serve.processes import up; "
            "sys.exit(up(open_lake(os.environ['LOGSIGHT_LAKE'], os.environ), sys.stdout, module='tiny_location'))"
        )
        environment = {
            **os.environ,
            "LOGSIGHT_LAKE": str(lake),
            "LOGSIGHT_SERVE_DAGSTER_PORT": "0",
            "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parent.parent)]),
            "DAGSTER_WEBSERVER_PORT": "1",  # none of Dagster's own variables may steer it
            "DAGSTER_GRPC_PORT": "1",
        }
        self.out = lake.parent / "out"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen([sys.executable, "-c", code], stdout=out, stderr=out, env=environment)

    def text(self) -> str:
        return self.out.read_text(encoding="utf-8")

    def wait_until_ready(self) -> None:
        eventually("ready", lambda: "Ready:" in self.text() or self.process.poll() is not None, 120)
        assert self.process.poll() is None, self.text()

    @property
    def port(self) -> int:
        line = next(line for line in self.text().splitlines() if line.startswith("Dagster UI"))
        return int(line.rpartition(":")[2])

    def ask(self, headers: dict[str, str]) -> tuple[int, dict[str, object]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            query = json.dumps({"query": "{ assetNodes { assetKey { path } } }"})
            connection.request("POST", "/graphql", query, {"Content-Type": "application/json", **headers})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())


def descendants(pid: int) -> set[int]:
    """All processes below one, from the kernel's own list."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path / "lake")
    yield made
    if made.process.poll() is None:
        made.process.send_signal(signal.SIGTERM)
        made.process.wait(60)


@pytest.mark.xdist_group("served")
def test_it_serves_behind_the_guard_and_leaves_nothing_when_it_is_killed(served: Served) -> None:
    served.wait_until_ready()
    status, answer = served.ask({})
    assert status == 200
    assert {"assetKey": {"path": ["answer"]}} in answer["data"]["assetNodes"]  # type: ignore[index]
    assert served.ask({"Origin": "https://evil.example"})[0] == 403
    assert served.ask({"Host": "evil.example"})[0] == 403

    below = descendants(served.process.pid)
    assert len(below) >= 7, "three wardens, three programs and the code server's worker"
    served.process.kill()
    eventually("nothing is left", lambda: not any(alive(pid) for pid in below))


@pytest.mark.xdist_group("served")
def test_ctrl_c_ends_all_and_is_a_success(served: Served) -> None:
    served.wait_until_ready()
    below = descendants(served.process.pid)
    served.process.send_signal(signal.SIGINT)
    assert served.process.wait(60) == 0, served.text()
    assert not any(alive(pid) for pid in below)


def test_one_that_ends_takes_the_others_with_it_and_is_named(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.StringIO()
    assert processes.up(lake, out, module="no_such_module_as_this", environment=_without_dagster(monkeypatch)) == 1
    assert "code-server ended with code" in out.getvalue()
    assert str(lake.state / "logs" / "code-server.log") in out.getvalue()


def _without_dagster(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment in which Dagster's command is a program that fails at once."""
    monkeypatch.setattr(processes, "_code_server", lambda *_: ["no-such-command"])
    return dict(os.environ)


def test_it_says_where_everything_goes_before_anything_starts(lake: Lake) -> None:
    with contextlib.closing(processes.reserve(lake)) as listening:
        text = processes.plan(lake, listening)
        assert str(listening.getsockname()[1]) in text
    for part in ("lake", str(lake.state), "http://127.0.0.1:", "GiB"):
        assert part in text


def test_a_log_of_the_last_start_is_kept(lake: Lake, tmp_path: Path) -> None:
    places = places_of(lake)
    for word in ("first", "second"):
        with (
            claim(places) as lock,
            contextlib.closing(processes.Service(places, lock, os.environ, tmp_path)) as service,
        ):
            service.start("speaker", [sys.executable, "-c", f"print('{word}')"])
            eventually("it speaks", lambda: places.log("speaker").read_text(encoding="utf-8"))
    assert places.log("speaker").read_text(encoding="utf-8") == "second\n"
    assert (lake.state / "logs" / "speaker.previous.log").read_text(encoding="utf-8") == "first\n"


# Ports, places ----------------------------------------------------------------------------------------------------


def test_a_busy_port_costs_one_sentence_that_names_the_remedy() -> None:
    with contextlib.closing(bound("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(ConfigurationError) as refusal:
            bound("127.0.0.1", port)
    message = str(refusal.value)
    assert message.startswith(f"port {port} on 127.0.0.1 is in use")
    assert "LOGSIGHT_SERVE_DAGSTER_PORT" in message
    assert "lsof" in message
    assert "\n" not in message


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "logs.example", ""])
def test_only_loopback_is_served(host: str) -> None:
    with pytest.raises(ConfigurationError, match="no loopback address"):
        bound(host, 0)


def test_a_lake_is_served_once(lake: Lake) -> None:
    places = places_of(lake)
    with claim(places), pytest.raises(UsageError, match=f"process {os.getpid()}"), claim(places):
        pass
    with claim(places):
        pass


def test_a_socket_folder_is_private_and_short_however_deep_the_lake_is(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / "state"
    deep.mkdir(parents=True)
    for state in (tmp_path, deep):
        folder = run_folder(state)
        assert folder.stat().st_mode & 0o777 == 0o700
    assert len(os.fsencode(folder)) <= 80
    assert run_folder(deep) == folder
    folder.rmdir()


def test_a_socket_folder_that_is_open_to_others_is_refused(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / "state"
    deep.mkdir(parents=True)
    folder = run_folder(deep)
    folder.chmod(0o755)
    with pytest.raises(UsageError, match="open to others"):
        run_folder(deep)
    folder.rmdir()


def test_variables_of_dagster_steer_nothing_but_time_limits(lake: Lake, tmp_path: Path) -> None:
    given = {
        "DAGSTER_HOME": "/elsewhere",
        "DAGSTER_WEBSERVER_PORT": "1",
        "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS": "90",
        "LOGSIGHT_CONFIG": "own.yaml",
        "PYTHONPATH": "kept",
    }
    made = processes.child_environment(given, places_of(lake), tmp_path)
    assert made["DAGSTER_HOME"] == str(tmp_path)
    assert made["DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS"] == "90"
    assert made["LOGSIGHT_CONFIG"] == str(Path.cwd() / "own.yaml")
    assert made["PYTHONPATH"] == "kept"
    assert made["OPENBLAS_NUM_THREADS"] == "1"
    assert "DAGSTER_WEBSERVER_PORT" not in made

"""The wheel, installed where the repository is not: what a user gets, and what loading it does.

A throw-away environment sees the wheel and the locked dependencies, and not this folder: its editable install is a
`.pth` file, and those of a folder that is itself named in one are not read.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
# One worker, so that the wheel is built once.
pytestmark = pytest.mark.xdist_group("packaging")

IMPORT_ALL = """
import importlib, os, pkgutil, sys

def watch(event, arguments):
    suspect = event in ("socket.connect", "subprocess.Popen", "os.mkdir")
    if event == "open" and isinstance(arguments[2], int):
        suspect = bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
    if suspect:
        # The module that is loading, be it ours or a dependency's, whose habits are not ours to test.
        frame = sys._getframe(1)
        while frame and frame.f_code.co_name != "<module>":
            frame = frame.f_back
        name = frame.f_globals["__name__"] if frame else ""
        if name.partition(".")[0] in ("logsight_assets", "resources", "sensors"):
            raise SystemExit(f"{name} does {event} {arguments[:2]} when it loads")

sys.addaudithook(watch)
for top in ("logsight_assets", "resources", "sensors"):
    package = importlib.import_module(top)
    for module in pkgutil.walk_packages(package.__path__, f"{top}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
"""


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """The output of a command that must succeed; what it printed is in the failure."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**environment, **variables},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`bin` of an environment with the wheel and, behind it, the packages of this one."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    run(BIN / "uv", "pip", "install", "--offline", "--no-deps", "--python", python, wheel, cwd=folder)
    (packages,) = (folder / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return folder / "bin"


def test_the_wheel_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"logsight_assets", "resources", "sensors"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_wheel_holds_every_sql_text(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = {name.partition("/_sql/")[2] for name in archive.namelist() if "/_sql/" in name}
    assert carried == {str(file.relative_to(ROOT / "sql")) for file in (ROOT / "sql").rglob("*.sql")}


def test_the_wheel_holds_every_prompt(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if name.startswith("logsight_assets/prompts/")}
    assert (
        carried == {str(file.relative_to(ROOT)) for file in (ROOT / "logsight_assets/prompts").rglob("*.md")} != set()
    )


def test_sql_texts_are_found_where_the_repository_is_not(installed: Path, tmp_path: Path) -> None:
    code = "from logsight_assets.sqltext import sql_folder; print(sql_folder(), len(list(sql_folder().rglob('*.sql'))))"
    folder, _, count = run(installed / "python", "-c", code, cwd=tmp_path).strip().rpartition(" ")
    assert Path(folder).is_relative_to(installed.parent)
    assert int(count) == len(list((ROOT / "sql").rglob("*.sql")))


def test_loading_any_module_writes_nothing_and_asks_nobody(installed: Path, tmp_path: Path) -> None:
    run(installed / "python", "-B", "-c", IMPORT_ALL, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_command_line_starts_without_dagster(installed: Path, tmp_path: Path) -> None:
    code = "import sys, logsight_assets.cli; print('dagster' in sys.modules)"
    assert run(installed / "python", "-c", code, cwd=tmp_path).strip() == "False"
    assert "usage" in run(installed / "logsight", "--help", cwd=tmp_path).lower()


@pytest.mark.parametrize("origin", ["wheel", "checkout"])
def test_the_location_loads_from_anywhere(origin: str, installed: Path, tmp_path: Path) -> None:
    python = installed / "python" if origin == "wheel" else Path(sys.executable)
    validate(python, "-m", "logsight_assets.definitions", cwd=tmp_path, state=tmp_path)


@pytest.mark.parametrize("target", [["-w", "workspace.yaml"], []], ids=["workspace.yaml", "tool.dagster"])
def test_the_location_loads_from_the_repository(target: list[str], tmp_path: Path) -> None:
    validate(Path(sys.executable), *target, cwd=ROOT, state=tmp_path)


def validate(python: Path, *target: str, cwd: Path, state: Path) -> None:
    (state / "home").mkdir()
    places = {"DAGSTER_HOME": str(state / "home"), "LOGSIGHT_LAKE": str(state / "lake")}
    run(python, "-m", "dagster", "definitions", "validate", *target, cwd=cwd, **places)

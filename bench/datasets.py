"""The files that are measured: the bench profile, made once and kept outside of the tree, or a folder of the caller's.

Every engine reads the same files: `raw/tenant=_mixed/source=bench/dt=…/hour=…/*.json.gz`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import profile_logs
from bench.processes import BenchError

END = "2025-06-02T00"  # of the profile's last arrival hour: fixed, so that the data is the same on every day
SEED = 7
# A unit of scale, measured: 0.14 GB of raw objects; an engine's output and its spill, one engine at a time.
_DATA_GB, _WORK_GB = 0.15, 0.5
_SPARE_GB = 2.0
RAW_SOURCE = "raw/tenant=_mixed/source=bench"

Cells = dict[str, int]  # "tenant|hour|service|severity" → distinct events


@dataclass(frozen=True)
class Dataset:
    """Raw objects, and the truth about them where it is known."""

    name: str
    folder: Path  # holds raw/
    truth: Cells | None
    events: int | None  # records in the files, copies too
    first_day: str

    @property
    def files(self) -> list[Path]:
        return sorted((self.folder / "raw").rglob("*.gz"))

    def warm(self) -> None:
        """Read every file once, so that no engine pays for the disk."""
        for file in self.files:
            with file.open("rb") as stream:
                while stream.read(1 << 20):
                    pass


def cache_folder() -> Path:
    """Where data and environments are kept: `$XDG_CACHE_HOME/logsight`, else `~/.cache/logsight`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "logsight"


def require_space(cache: Path, scales: list[float]) -> None:
    """BenchError when the disk cannot hold the data that is missing, and one engine's output at a time."""
    missing = sum(scale for scale in scales if not (_profile_folder(cache, scale, 0.0) / "truth.json").exists())
    needed = missing * _DATA_GB + max(scales) * _WORK_GB + _SPARE_GB
    free = shutil.disk_usage(cache).free / 1e9
    if free < needed:
        raise BenchError(
            f"{cache} has {free:.1f} GB of disk free and {needed:.1f} GB are needed: free some, give another folder "
            "by --cache, or measure less by --scale 1"
        )


def profile(cache: Path, scale: float, pii: float = 0.0) -> Dataset:
    """The bench profile at a scale, made if it is not there."""
    folder = _profile_folder(cache, scale, pii)
    if not (folder / "truth.json").exists():
        print(f"Making {folder.name} …", flush=True)
        partial = folder.with_name(f"{folder.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        end = datetime.strptime(END, "%Y-%m-%dT%H").replace(tzinfo=UTC)
        settings = profile_logs.Settings(str(partial), SEED, int(end.timestamp()) * profile_logs.NS, scale, pii)
        profile_logs.write_profile(settings, os.cpu_count() or 1 if scale >= 1 else 1)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    return _loaded(f"{scale:g}x", folder)


def given(cache: Path, folder: Path) -> Dataset:
    """Files of the caller's, linked into the raw layout; its truth.json is used if there is one."""
    if not folder.is_dir():
        raise BenchError(f"--data {folder} is no folder: give one with *.json.gz files")
    raw = folder if folder.name == "raw" else folder / "raw"
    files = sorted((raw if raw.is_dir() else folder).rglob("*.json.gz"))
    if not files:
        raise BenchError(f"--data {folder} holds no *.json.gz file")
    target = cache / "given"
    shutil.rmtree(target, ignore_errors=True)
    for number, file in enumerate(files):
        place = target / RAW_SOURCE / _arrival(file) / f"{number:05d}-{file.name}"
        link(file, place)
    if (folder / "truth.json").exists():
        shutil.copyfile(folder / "truth.json", target / "truth.json")
    return _loaded("given files", target)


def link(file: Path, place: Path) -> None:
    """The same file at another place, without its bytes where the disk allows that."""
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, place)
    except OSError:
        shutil.copyfile(file, place)


def _arrival(file: Path) -> str:
    """`dt=…/hour=…`: as the file's folders say, else the hour of its last change."""
    day, hour = file.parts[-3:-1] if len(file.parts) > 2 else ("", "")
    if day.startswith("dt=") and hour.startswith("hour="):
        return f"{day}/{hour}"
    changed = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return f"dt={changed:%Y-%m-%d}/hour={changed:%H}"


def _loaded(name: str, folder: Path) -> Dataset:
    truth = json.loads((folder / "truth.json").read_text()) if (folder / "truth.json").exists() else {}
    days = sorted(path.name.removeprefix("dt=") for path in (folder / RAW_SOURCE).iterdir())
    # Late events lie before the first arrival hour: their hours are to be partitions as well.
    first = datetime.strptime(days[0], "%Y-%m-%d").replace(tzinfo=UTC) - timedelta(days=2)
    return Dataset(name, folder, truth.get("counts"), truth.get("events"), f"{first:%Y-%m-%d}")


def _profile_folder(cache: Path, scale: float, pii: float) -> Path:
    made_by = hashlib.sha256(Path(profile_logs.__file__).read_bytes() + f"{END} {SEED}".encode()).hexdigest()[:8]
    return cache / f"profile-{scale:g}x-pii{pii:g}-{made_by}"

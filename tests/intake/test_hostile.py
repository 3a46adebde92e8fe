"""Objects made to hurt, at full size: the process's own peak stays under 1 GB and the run goes on.

A process of its own is measured, because a peak is of a process; its limits are the product's defaults.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.lake import Lake
from tests.intake.lakes import flat_line, make_lake, put_raw, read_all, receipts, refused

_MOST_BYTES = 1_000_000_000
# A child reports its own peak: of children, the parent keeps only the largest. On Linux `ru_maxrss` would be no
# less than the parent's size when it started the child, and a worker that has run many tests is large.
_CHILD = """
import json, resource, sys
from tests.intake.lakes import make_lake, read_all
from pathlib import Path
report = read_all(make_lake(Path(sys.argv[1])))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if sys.platform != "darwin":
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    peak = int(line.split()[1]) * 1024
print(json.dumps({"peak": peak, "events": report.events}))
"""


def read_in_a_process(lake: Lake) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, str(lake.config)], check=True, capture_output=True, timeout=900, text=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def packed(blocks: Iterable[bytes], path: Path) -> bytes:
    with gzip.GzipFile(path, "wb", compresslevel=6, mtime=0) as file:
        for block in blocks:
            file.write(block)
    return path.read_bytes()


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = make_lake(tmp_path / "lake")
    put_raw(lake, [flat_line(body="good")], "good.gz")
    return lake


def test_200_mb_of_lines_in_a_small_gzip(lake: Lake, tmp_path: Path) -> None:
    line = b'{"level":"info","msg":"the same short line, again and agai%d"}\n'
    blocks = (b"".join(line % (n % 10) for n in range(10_000)) for _ in range(320))
    data = packed(blocks, tmp_path / "bomb.gz")
    assert len(data) < 2_000_000
    put_raw(lake, data, "bomb.gz", compress=False)
    found = read_in_a_process(lake)
    assert found["events"] == 3_200_001
    assert found["peak"] < _MOST_BYTES


def test_one_line_of_200_mb(lake: Lake, tmp_path: Path) -> None:
    parts = (b'{"body":"', *(b"x" * (1 << 20) for _ in range(200)), b'"}\n', flat_line(body="after"), b"\n")
    put_raw(lake, packed(parts, tmp_path / "long.gz"), "long.gz", compress=False)
    found = read_in_a_process(lake)
    assert found["peak"] < _MOST_BYTES
    assert found["events"] == 2, "the lines of both objects that can be read"
    (entry,) = refused(lake)
    assert (entry.reason, entry.line, entry.raw) == ("line_too_long", 1, None)


def test_900_mb_of_zeros(lake: Lake, tmp_path: Path) -> None:
    put_raw(lake, packed((bytes(1 << 20) for _ in range(900)), tmp_path / "zeros.gz"), "zeros.gz", compress=False)
    found = read_in_a_process(lake)
    assert found["peak"] < _MOST_BYTES
    assert found["events"] == 1
    (entry,) = refused(lake)
    assert entry.reason == "line_too_long"


def test_past_the_limit_of_an_object_the_run_goes_on(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", {"limits.max_object_bytes": 2_000_000})
    put_raw(lake, [flat_line(second=n % 60) for n in range(20_000)])
    report = read_all(lake)
    (receipt,) = receipts(lake)
    assert receipt.faults == ["too_long"]
    assert receipt.plain_bytes == 2_000_000
    assert report.events == receipt.lines > 5_000

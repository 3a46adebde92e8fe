"""The bench measures what it says: on a sliver of its data, without Spark, and without judging any time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import datasets, engines, stages, truth
from bench.markdown import BEGIN, END, replace_results

ONE_OBJECT = 1 / 24


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bench")


def test_a_run_without_spark_shows_exact_counts(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = command.main(
        f"--cache {cache} --scale {ONE_OBJECT} --rounds 1 --engines limit,logsight --parts engines,redaction".split()
    )
    said = capsys.readouterr().out
    assert code == 0, said
    rows = {line.split(" | ")[0].strip("| "): line for line in said.splitlines() if line.startswith("| ")}
    assert "exact" in rows[engines.TITLES[engines.LOGSIGHT]]
    assert "as the product runs" in rows
    assert "Goals" not in said, "a sliver of the data says nothing about them"
    assert "20% of the events changed" in said
    assert not list((cache / "bench").glob("work-*")), "what engines wrote is cleared away"


def test_the_bare_copy_is_compared_with_the_truth(tmp_path: Path, cache: Path) -> None:
    (cache / "bench").mkdir(exist_ok=True)
    data = datasets.profile(cache / "bench", ONE_OBJECT)
    run = engines.run_engine(engines.LIMIT, data, tmp_path, None)
    assert run.cost.wall >= run.inside > 0
    assert run.cost.cpu > 0
    assert run.cost.peak_mb > 10
    assert "exact" in run.counts or "differ" in run.counts


def test_differences_are_counted_by_cell_and_event() -> None:
    verdict = truth.compare({"a": 3, "b": 1, "d": 2}, {"a": 5, "b": 1, "c": 1})
    assert str(verdict) == "3 of 3 cells differ: 3 events missing, 2 too many"


def test_files_of_the_caller_keep_their_arrival_hour(tmp_path: Path) -> None:
    source = tmp_path / "theirs"
    placed = source / "raw" / "tenant=x" / "source=y" / "dt=2025-03-04" / "hour=05" / "a.json.gz"
    placed.parent.mkdir(parents=True)
    placed.write_bytes(b"x")
    data = datasets.given(tmp_path, source)
    assert [file.parts[-3:-1] for file in data.files] == [("dt=2025-03-04", "hour=05")]
    assert data.truth is None


def test_too_little_disk_is_refused_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--cache", str(tmp_path), "--scale", "1000000", "--engines", "limit"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_results_go_between_the_markers_and_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    file.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    replace_results(file, "new")
    assert file.read_text(encoding="utf-8") == f"before\n{BEGIN}\nnew\n{END}\nafter\n"


def test_the_readme_has_the_markers() -> None:
    text = command.README.read_text(encoding="utf-8")
    assert text.index(BEGIN) < text.index(END)


@pytest.mark.parametrize("step", stages.STEPS, ids=lambda step: f"{step.module}:{step.name}")
def test_each_step_of_the_profile_is_a_step_of_the_product(step: stages.Step) -> None:
    assert callable(stages.found(step)[2])


def test_own_time_leaves_out_the_steps_inside() -> None:
    watch = stages.Watch()
    with watch.step("outer"), watch.step("inner"):
        sum(range(2_000_000))
    assert watch.spent["inner"].cpu > watch.spent["outer"].cpu


def test_the_profile_says_what_the_truth_is(cache: Path) -> None:
    (cache / "bench").mkdir(exist_ok=True)
    folder = datasets.profile(cache / "bench", ONE_OBJECT).folder
    held = json.loads((folder / "truth.json").read_text())
    assert held["distinct_events"] == sum(held["counts"].values())
    assert held["lines"] == held["events"] + held["bad_lines"]

"""`make bench`: LogSight beside a bare DuckDB copy and PySpark, growth, redaction, latency; writes README.md's results.

    python -m bench                     everything: needs Java 17, about 14 GB of disk, half an hour of two idle cores
    python -m bench --quick             a twelfth of the data, one round, nothing written: whether the bench works
    python -m bench --data DIR          other files: a folder in the raw layout, or any *.json.gz of flat JSON lines
    python -m bench profile             where LogSight's CPU seconds go, step by step
    python -m bench --clean             remove data and environments that measuring has made

Every part can be measured alone, by --engines, --parts and --scale; only the whole is written into README.md.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.datasets import Dataset, cache_folder, given, profile, require_space
from bench.engines import CORES, ENGINES, SPARK, Run, kept_to_cores, run_engine
from bench.latency import measure_latency
from bench.machine import commit, load, machine, versions
from bench.markdown import replace_results
from bench.processes import BenchError
from bench.redaction_cost import PII, measure_redaction
from bench.report import Results, Rounds
from bench.spark_environment import Spark, spark

README = Path(__file__).with_name("README.md")
PARTS = ("engines", "redaction", "latency")
QUICK_SCALE = 0.1  # two objects
SPARK_SCALE = 4.0  # the largest that Spark runs at: a quarter of an hour more would say the same
OBJECTS, QUICK_OBJECTS = 20, 3  # that land for the latency


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.quick:
        options.scale, options.rounds = options.scale or [QUICK_SCALE], options.rounds or 1
    options.scale = options.scale or [1.0, 4.0, 16.0]
    cache: Path = options.cache / "bench"
    if options.clean:
        clean(options.cache)
        return 0
    try:
        cache.mkdir(parents=True, exist_ok=True)
        print(f"Data and environments are kept in {options.cache}; --clean removes them.", flush=True)
        with tempfile.TemporaryDirectory(prefix="work-", dir=cache) as work:
            if options.command == "profile":
                # Dagster comes with it: whoever measures others stays small.
                from bench.stages import profile as profile_steps  # noqa: PLC0415

                print(profile_steps(_first_dataset(options, cache), Path(work)))
                return 0
            with kept_to_cores():
                return _measure(options, cache, Path(work))
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; data that was made is kept", file=sys.stderr)
        return 1


def clean(folder: Path) -> None:
    """Remove what measuring has made, by name: the folder may be shared with others."""
    made = [
        path
        for pattern in ("bench/profile-*", "bench/given", "bench/work-*", "spark-*")
        for path in folder.glob(pattern)
    ]
    for path in made:
        shutil.rmtree(path, ignore_errors=True)
        print(f"Removed {path}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", nargs="?", choices=["run", "profile"], default="run")
    parser.add_argument("--scale", type=_scales, help="scales of the profile, 1 is 1.2 M events (default: 1,4,16)")
    parser.add_argument("--rounds", type=int, help="rounds of the smallest scale (default: 3; others have one)")
    parser.add_argument("--engines", type=_names(ENGINES), default=list(ENGINES), help=f"of {','.join(ENGINES)}")
    parser.add_argument("--spark-scale", type=float, default=SPARK_SCALE, help="largest scale of Spark (default: 4)")
    parser.add_argument("--parts", type=_names(PARTS), default=list(PARTS), help=f"of {','.join(PARTS)}")
    parser.add_argument("--data", type=Path, help="measure these files instead of the profile")
    parser.add_argument("--quick", action="store_true", help="a twelfth of the data and one round; nothing is written")
    parser.add_argument("--cache", type=Path, default=cache_folder(), help="where data and environments are kept")
    parser.add_argument("--clean", action="store_true", help="remove what measuring has put there")
    return parser


def _scales(text: str) -> list[float]:
    try:
        scales = sorted(float(part) for part in text.split(","))
    except ValueError:
        scales = []
    if not scales or not 0 < scales[0] <= scales[-1] < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no list of positive numbers such as 1,4,16")
    return scales


def _names(known: Sequence[str]) -> Callable[[str], list[str]]:
    def parse(text: str) -> list[str]:
        names = text.split(",")
        if unknown := set(names) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: choose of {', '.join(known)}")
        return names

    return parse


def _measure(options: argparse.Namespace, cache: Path, work: Path) -> int:
    if not options.data:
        require_space(cache, options.scale)
    wants_spark = SPARK in options.engines and "engines" in options.parts
    engine = spark(options.cache) if wants_spark else None
    results = Results(_about(engine))
    if "engines" in options.parts:
        for number, data in enumerate(_datasets(options, cache)):
            rounds = (options.rounds or 3) if number == 0 else 1
            engines = [name for name in options.engines if name != SPARK or _is_for_spark(options, number)]
            results.engines.append((data, _side_by_side(data, engines, rounds, work, engine)))
    if "redaction" in options.parts and not options.data:
        data = profile(cache, min(options.scale[0], 1.0), PII)
        _tell("redaction")
        results.redaction = measure_redaction(data, work, options.rounds or 3)
    if "latency" in options.parts and not options.data:
        _tell("latency")
        results.latency = measure_latency(work, QUICK_OBJECTS if options.quick else OBJECTS)
    text = results.to_markdown()
    print(f"\n{text}")
    if _is_whole(options):
        replace_results(README, text)
        print(f"Written to {README.parent.name}/{README.name}.")
    return 0


def _is_for_spark(options: argparse.Namespace, number: int) -> bool:
    return options.data is not None or options.scale[number] <= options.spark_scale


def _is_whole(options: argparse.Namespace) -> bool:
    """Whether this was the measurement that README.md shows: all of it, over the profile."""
    is_all = set(options.engines) == set(ENGINES) and set(options.parts) == set(PARTS)
    return is_all and not options.quick and not options.data


def _datasets(options: argparse.Namespace, cache: Path) -> list[Dataset]:
    if options.data:
        return [given(cache, options.data)]
    return [profile(cache, scale) for scale in options.scale]


def _first_dataset(options: argparse.Namespace, cache: Path) -> Dataset:
    return given(cache, options.data) if options.data else profile(cache, options.scale[0])


def _side_by_side(
    data: Dataset, engines: Sequence[str], rounds: int, work: Path, engine: Spark | None
) -> dict[str, Rounds]:
    """Rounds of all engines, turn by turn, so that whatever else the machine does meets each of them."""
    data.warm()
    runs: dict[str, list[Run]] = {name: [] for name in ENGINES if name in engines}
    for number in range(rounds):
        for name, done in runs.items():
            run = run_engine(name, data, work, engine)
            done.append(run)
            _tell(f"{data.name}, round {number + 1}: {name} {run.cost.wall:.1f} s, {run.counts}")
    return {name: Rounds(done) for name, done in runs.items()}


def _about(engine: Spark | None) -> list[tuple[str, str]]:
    return [
        ("date", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("machine", f"{machine()}; load average at the start {load():.1f}; every engine has {CORES} cores"),
        ("commit", commit()),
        ("versions", versions(engine)),
        ("command", f"`python -m bench {' '.join(sys.argv[1:])}`".replace(" `", "`")),
    ]


def _tell(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

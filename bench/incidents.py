"""Scores of the first answer, through the real path: raw object, events, completeness, investigation.

    python -m bench.incidents DIR [--only NAME] [--make-silent N] [--make-faults N] [--clusters N] [--systems N]
        [--leave-out ORIGIN]

DIR holds a folder a case: logs.jsonl.gz, alarm.json, truth.json. Made cases come from the normal part of its traced
cases, from a made cluster and from made systems of other kinds (bench/systems). With --leave-out the threshold of
"explained" and the reliability table are fitted on the other origins and applied to that one. Lakes are kept in
--cache.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cluster_logs import clusters
from bench.datasets import cache_folder
from bench.incident_cases import NONE, Case, faults, given, normal_segments, silent
from bench.systems.cases import system_cases
from logsight_assets.incidents.alarm import parse_alarm
from logsight_assets.incidents.first_answer import SUFFICIENT
from logsight_assets.incidents.investigate import Investigation, investigate
from logsight_assets.intake.add import Defaults, add
from logsight_assets.intake.arrivals import waiting
from logsight_assets.intake.run import declared_sources, read_objects, workbench
from logsight_assets.lake import Lake, open_lake
from logsight_assets.trends.completeness import refresh_completeness

_BINS = (0.0, 0.2, SUFFICIENT, 0.5, 0.8)  # as in reliability.py
SEED = 7


@dataclass(frozen=True)
class Score:
    """What came of a case."""

    case: Case
    rank: int | None  # of the root cause among the suspects, from 1
    score: float  # of the first suspect
    has_evidence: bool | None  # an evidence line among the first five templates
    cpu: float  # seconds
    found: Investigation

    @property
    def is_first_right(self) -> bool:
        return self.rank == 1 and self.case.visible != NONE


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; returns the exit code."""
    options = _parser().parse_args(arguments)
    cases = given(options.folder)
    traced = [case for case in cases if case.services > 1]
    segments = normal_segments(traced, options.folder) if options.make_silent or options.make_faults else []
    if segments:
        cases += silent(segments, traced[0].origin, options.make_silent, options.seed)
        cases += faults(segments, traced[0].origin, options.make_faults, options.seed)
    cases += clusters(options.clusters, options.seed) + system_cases(options.systems, options.seed)
    cases = [case for case in cases if options.only in case.name]
    scores = [score_case(case, options.cache) for case in cases]
    if options.verbose:
        for each in scores:
            print(_line(each))
    print(_table(scores))
    print(_verdicts(scores, SUFFICIENT))
    print(_reliability(scores))
    for origin in options.leave_out:
        print(_left_out(scores, origin))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench.incidents", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--make-silent", type=int, default=0, metavar="N")
    parser.add_argument("--make-faults", type=int, default=0, metavar="N")
    parser.add_argument("--clusters", type=int, default=0, metavar="N")
    parser.add_argument("--systems", type=int, default=0, metavar="N", help="cases of each made system")
    parser.add_argument("--seed", type=int, default=SEED, help="of what is made")
    parser.add_argument("--leave-out", metavar="ORIGIN", action="append", default=[])
    parser.add_argument("--cache", type=Path, default=cache_folder() / "incidents")
    parser.add_argument("--verbose", action="store_true", help="a line a case")
    return parser


def score_case(case: Case, cache: Path) -> Score:
    """Investigate a case in its lake and compare with the truth."""
    lake = lake_of(case, cache)
    started = time.process_time()
    found = investigate(lake, parse_alarm(case.alarm))
    cpu = time.process_time() - started
    suspects = [suspect.service for suspect in found.first_answer.suspects]
    rank = suspects.index(case.root) + 1 if case.root in suspects else None
    top = found.first_answer.suspects[0].score if suspects else 0.0
    return Score(case, rank, top, _has_evidence(case, found), cpu, found)


def lake_of(case: Case, cache: Path) -> Lake:
    """The case's lake, made on first use."""
    data = case.lines()
    root = cache / f"{case.name}-{hashlib.sha256(data).hexdigest()[:12]}"
    if not (root / "completeness").exists():
        shutil.rmtree(root, ignore_errors=True)
        root.mkdir(parents=True)
        file = root.with_suffix(".jsonl.gz")
        file.write_bytes(data)
        lake = open_lake(str(root), {})
        add(lake, [file], Defaults())
        with workbench(lake) as bench:
            read_objects(bench, waiting(lake, bench.declared.by_name))
        refresh_completeness(lake, declared_sources(lake))
        file.unlink()
    return open_lake(str(root), {})


def _has_evidence(case: Case, found: Investigation) -> bool | None:
    """Whether half of a template's examples are evidence lines, for one of the first five templates."""
    if not case.evidence:
        return None
    bodies = {fact.event.event_id: fact.event.body for fact in found.evidence}
    for template in found.first_answer.templates[:5]:
        if case.evidence_service not in (None, template.service):
            continue
        shown = [bodies[each] for each in template.example_event_ids if each in bodies]
        hits = sum(bool(re.search(case.evidence, body, re.DOTALL)) for body in shown)
        if shown and 2 * hits >= len(shown):
            return True
    return False


# Tables ---------------------------------------------------------------------------------------------------------------


def _share(values: Iterable[bool]) -> str:
    held = list(values)
    return f"{sum(held) / len(held):.2f} ({len(held)})" if held else "-"


def _table(scores: Sequence[Score]) -> str:
    groups: dict[str, list[Score]] = defaultdict(list)
    for each in scores:
        groups[each.case.origin].append(each)
        groups[f"{each.case.origin} {each.case.visible}"].append(each)
    lines = [
        "| origin | hit@1 | hit@3 | hit@5 | evidence@5 | not in the logs | CPU s, mean and most |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, held in sorted(groups.items()):
        several = [each for each in held if each.case.services > 1 and each.case.visible != NONE]
        hits = [_share((each.rank or 99) <= most for each in several) for most in (1, 3, 5)]
        shown = _share(each.has_evidence for each in held if each.has_evidence is not None)
        said = _share(each.score < SUFFICIENT for each in held)
        cpu = [each.cpu for each in held]
        lines.append(f"| {name} | {' | '.join(hits)} | {shown} | {said} | {sum(cpu) / len(cpu):.2f}, {max(cpu):.2f} |")
    return "\n".join(lines)


def _verdicts(scores: Sequence[Score], threshold: float) -> str:
    silent_ones = [each.score < threshold for each in scores if each.case.visible == NONE]
    others = [each.score < threshold for each in scores if each.case.visible != NONE]
    return (
        f"not in the logs, threshold {threshold}: right {_share(silent_ones)} of silent, "
        f"wrong {_share(others)} of others"
    )


def _reliability(scores: Sequence[Score]) -> str:
    lines = ["| score from | first suspect right |", "| --- | --- |"]
    for low, high in zip(_BINS, [*_BINS[1:], 1.01], strict=True):
        held = [each.is_first_right for each in scores if low <= each.score < high]
        lines.append(f"| {low} | {_share(held)} |")
    return "\n".join(lines)


def _left_out(scores: Sequence[Score], origin: str) -> str:
    """Fit the threshold on all other origins, where it errs least, and apply it to this one."""
    fitted = [each for each in scores if not each.case.origin.startswith(origin)]
    held = [each for each in scores if each.case.origin.startswith(origin)]
    best = min((round(step / 100, 2) for step in range(10, 80)), key=lambda value: (_errors(fitted, value), value))
    return f"{origin} left out: {_verdicts(held, best)}\n{_reliability(fitted)}"


def _errors(scores: Sequence[Score], threshold: float) -> float:
    """Wrong verdicts: silent cases and others weigh the same, and so do origins, however many cases each has."""
    groups: dict[tuple[bool, str], list[bool]] = defaultdict(list)
    for each in scores:
        is_silent = each.case.visible == NONE
        groups[is_silent, each.case.origin.split("-")[0]].append((each.score >= threshold) == is_silent)
    shares: dict[bool, list[float]] = defaultdict(list)
    for (is_silent, _), wrong in groups.items():
        shares[is_silent].append(sum(wrong) / len(wrong))
    return sum(sum(held) / len(held) for held in shares.values())


def _line(each: Score) -> str:
    answer = each.found.first_answer
    named = ", ".join(f"{suspect.service} {suspect.score:.2f}" for suspect in answer.suspects[:3])
    return (
        f"{each.case.name:<48} {each.case.visible:<8} root {each.case.root:<28} rank {each.rank} "
        f"evidence {each.has_evidence} {answer.verdict}: {named}"
    )


if __name__ == "__main__":
    sys.exit(main())

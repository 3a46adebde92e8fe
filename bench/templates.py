"""Scores of the template miner on labelled sets, beside Drain3, and the speed of labelling.

    python -m bench.templates DIR…            each folder holds sets: `line,content,event_id[,template]` as CSV
    python -m bench.templates --drain DIR…    Drain3 at its defaults too, where it is installed
    python -m bench.templates --speed FILE    masking and labelling of a text file, in lines a CPU second

GA is the share of lines in groups that equal a true group exactly, FGA the F1 of exactly equal groups; PA the share of
lines whose template's text equals the true one, FTA the F1 of groups and texts, both after the same normalisation:
placeholders of any type are `<*>`, and what is glued to one belongs to it. `python -m bench.format_strings` makes sets.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from logsight_assets.templates.mine import mine
from logsight_assets.templates.text_files import label_lines, mask_files, mine_files

Label = tuple[str, str]  # id and text of a line's template
Method = Callable[[Sequence[str]], list[Label]]
_PLACEHOLDER = re.compile(r"<[A-Z*][A-Z0-9_:*]*>")
_JOINED = re.compile(r"<\*>([.,:/\-_@#$%&+|=]?<\*>)+")
_GLUED = re.compile(r"[^\s:=\[\](){},;\"'<>|]*<\*>[^\s:=\[\](){},;\"'<>|]*")
MEASURES = ("GA", "FGA", "PA", "FTA")


@dataclass(frozen=True)
class Set:
    """Lines with their true templates."""

    name: str
    lines: list[str]
    truth: list[Label]


def read_sets(folder: Path) -> list[Set]:
    """The labelled sets of a folder."""
    sets = []
    for file in sorted(folder.glob("*.csv")):
        with file.open(encoding="utf-8", newline="") as source:
            rows = list(csv.DictReader(source))
        truth = [(row["event_id"], row.get("template") or "") for row in rows]
        sets.append(Set(file.stem, [row["content"] for row in rows], truth))
    return sets


def logsight(lines: Sequence[str]) -> list[Label]:
    """The labels of the product's own miner, as `logsight mine` gives them."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "lines"
        file.write_text("".join(line.replace("\n", " ").replace("\r", " ") + "\n" for line in lines), encoding="utf-8")
        found: list[Label] = []
        for batch in mine_files([file], Path(scratch)).batches():
            found.extend(zip(batch["template_id"].to_pylist(), batch["template"].to_pylist(), strict=True))
    return found


def drain3(lines: Sequence[str]) -> list[Label]:
    """The labels of Drain3 at its defaults."""
    from drain3 import TemplateMiner  # noqa: PLC0415  optional
    from drain3.template_miner_config import TemplateMinerConfig  # noqa: PLC0415

    miner = TemplateMiner(config=TemplateMinerConfig())
    ids = [miner.add_log_message(line)["cluster_id"] for line in lines]
    texts = {cluster.cluster_id: cluster.get_template() for cluster in miner.drain.clusters}
    return [(str(cluster), texts[cluster]) for cluster in ids]


def score(found: Sequence[Label], truth: Sequence[Label]) -> dict[str, float]:
    """GA, FGA, PA and FTA of labels."""
    groups, true_groups = _groups(found), _groups(truth)
    exact = groups & true_groups
    texts = {text: normalised(text) for _, text in (*found, *truth)}
    equal = [texts[mine] == texts[true] for (_, mine), (_, true) in zip(found, truth, strict=True)]
    with_text = sum(equal[min(group)] for group in exact)
    both = len(groups) + len(true_groups)
    return {
        "GA": sum(map(len, exact)) / len(truth),
        "FGA": 2 * len(exact) / both,
        "PA": sum(equal) / len(truth),
        "FTA": 2 * with_text / both,
    }


def normalised(text: str) -> str:
    """The text with placeholders of one form, and what is glued to them swallowed."""
    text = re.sub(r"\s+", " ", _PLACEHOLDER.sub("<*>", text)).strip()
    while (shorter := _GLUED.sub("<*>", _JOINED.sub("<*>", text))) != text:
        text = shorter
    return text


def _groups(labels: Sequence[Label]) -> set[frozenset[int]]:
    lines: defaultdict[str, list[int]] = defaultdict(list)
    for line, (label, _) in enumerate(labels):
        lines[label].append(line)
    return {frozenset(group) for group in lines.values()}


def speed(file: Path) -> str:
    """Lines a CPU second (of all threads) of masking and labelling a file; mining is apart: it sees no line."""
    with tempfile.TemporaryDirectory() as scratch:
        start = time.process_time()
        masked = mask_files([file], Path(scratch))
        masking = time.process_time() - start
        clusters = mine(masked.distinct())
        mining = time.process_time() - start - masking
        mined = label_lines(masked, clusters, Path(scratch))
        rows = sum(len(batch) for batch in mined.batches())
        labelling = time.process_time() - start - masking - mining
    return (
        f"{rows:,} lines: masking {masking:.2f} and labelling {labelling:.2f} CPU seconds, "
        f"{rows / (masking + labelling):,.0f} lines a CPU second; "
        f"mining {len(masked.masks):,} masks to {len(clusters):,} templates {mining:.2f} CPU seconds"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Score and measure what was asked for; returns the exit code."""
    parser = argparse.ArgumentParser(description="Scores of the template miner on labelled sets.")
    parser.add_argument("folders", nargs="*", type=Path, help="folders of labelled sets")
    parser.add_argument("--drain", action="store_true", help="score Drain3 too")
    parser.add_argument("--speed", type=Path, metavar="FILE", help="measure the speed on a text file")
    options = parser.parse_args(arguments)
    methods: dict[str, Method] = {"LogSight": logsight, **({"Drain3": drain3} if options.drain else {})}
    for folder in options.folders:
        for name, method in methods.items():
            scores = {}
            for found in read_sets(folder):
                scores[found.name] = score(method(found.lines), found.truth)
                print(f"{name:9} {found.name:24}", *(f"{m} {scores[found.name][m]:.3f}" for m in MEASURES))
            if scores:
                mean = {m: sum(one[m] for one in scores.values()) / len(scores) for m in MEASURES}
                print(f"{name:9} {folder.name + ', mean':24}", *(f"{m} {mean[m]:.3f}" for m in MEASURES))
    if options.speed:
        print(speed(options.speed))
    return 0


if __name__ == "__main__":
    sys.exit(main())

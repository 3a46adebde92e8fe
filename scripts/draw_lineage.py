"""The picture of the lineage, from the real definitions: writes docs/lineage.svg; with `--check` proves it.

Assets stand in columns by their distance from raw, each with its partitions and the number of its checks.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path

PICTURE = Path(__file__).absolute().parent.parent / "docs" / "lineage.svg"
WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 184, 40, 30, 14, 16
_FILLS = {"raw": "#e8e8e8", "intake": "#d7e8fb", "trends": "#d9f0dc"}
_OTHER = "#fbe8d2"  # groups that are added later
_PARTITIONS = {
    "HourlyPartitionsDefinition": "hourly",
    "DailyPartitionsDefinition": "daily",
    "WeeklyPartitionsDefinition": "weekly",
    "MonthlyPartitionsDefinition": "monthly",
}


@dataclass(frozen=True)
class Asset:
    """What is drawn of an asset."""

    name: str
    group: str
    partitions: str
    checks: int
    parents: tuple[str, ...]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the picture is another")
    options = parser.parse_args(arguments)
    text = picture(*definitions())
    if options.check:
        if not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != text:
            print("docs/lineage.svg is not the lineage: run .venv/bin/python scripts/draw_lineage.py", file=sys.stderr)
            return 1
        return 0
    PICTURE.write_text(text, encoding="utf-8")
    return 0


def definitions() -> tuple[list[Asset], list[str]]:
    """Assets of the code location of an empty lake, and what starts runs by itself."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")  # Dagster's about what is beta in it
        from logsight_assets.definitions import build_defs  # noqa: PLC0415  importing it warns
        from logsight_assets.lake import open_lake  # noqa: PLC0415

        found = build_defs(open_lake(folder, {}))
        graph = found.resolve_asset_graph()
        nodes = [graph.get(key) for key in graph.get_all_asset_keys()]
    assets = [
        Asset(
            node.key.path[-1],
            node.group_name or "",
            _PARTITIONS.get(type(node.partitions_def).__name__, ""),
            len(node.check_keys),
            # An asset that reads what it wrote before is no edge of the picture.
            tuple(sorted(parent.path[-1] for parent in node.parent_keys if parent != node.key)),
        )
        for node in nodes
    ]
    starters = [f"sensor {sensor.name}" for sensor in found.sensors or ()]
    starters += [f"schedule {schedule.name}" for schedule in found.schedules or ()]
    return sorted(assets, key=lambda asset: asset.name), starters


def picture(assets: Iterable[Asset], starters: Iterable[str]) -> str:
    """The SVG text."""
    by_name = {asset.name: asset for asset in assets}
    places = _places(by_name)
    width = max(x for x, _ in places.values()) + WIDTH + MARGIN
    bottom = max(y for _, y in places.values()) + HEIGHT
    size = f'viewBox="0 0 {width} {bottom + 44}" width="{width}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="Lineage of the assets">',
        '<g font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{bottom + 44}" fill="#ffffff"/>',
        *_edges(by_name, places),
        *_boxes(by_name, places),
        f'<text x="{MARGIN}" y="{bottom + 28}" fill="#555">started by {escape(", ".join(starters))}</text>',
        "</g></svg>",
    ]
    return "\n".join(lines) + "\n"


def _places(assets: Mapping[str, Asset]) -> dict[str, tuple[int, int]]:
    """Upper left corner of each box: a column for each distance from raw, rows near the parents'."""
    columns: dict[int, list[str]] = defaultdict(list)
    for name in assets:
        columns[_depth(assets, name)].append(name)
    tallest = max(len(names) for names in columns.values())
    middle = MARGIN + tallest * (HEIGHT + GAP_Y) // 2
    places: dict[str, tuple[int, int]] = {}
    for depth, names in sorted(columns.items()):
        top = middle - len(names) * (HEIGHT + GAP_Y) // 2
        for row, name in enumerate(sorted(names, key=lambda n: (_mean_y(assets[n], places), n))):
            places[name] = (MARGIN + depth * (WIDTH + GAP_X), top + row * (HEIGHT + GAP_Y))
    return places


def _depth(assets: Mapping[str, Asset], name: str) -> int:
    return max((1 + _depth(assets, parent) for parent in assets[name].parents), default=0)


def _mean_y(asset: Asset, places: Mapping[str, tuple[int, int]]) -> float:
    return sum(places[parent][1] for parent in asset.parents) / len(asset.parents) if asset.parents else 0.0


def _edges(assets: Mapping[str, Asset], places: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    for name, asset in assets.items():
        for parent in asset.parents:
            (from_x, from_y), (to_x, to_y) = places[parent], places[name]
            x1, y1, x2, y2 = from_x + WIDTH, from_y + HEIGHT // 2, to_x, to_y + HEIGHT // 2
            bend = (x2 - x1) // 2
            yield f'<path d="M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}" fill="none" stroke="#888"/>'


def _boxes(assets: Mapping[str, Asset], places: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    for name, asset in assets.items():
        x, y = places[name]
        fill = _FILLS.get(asset.group, _OTHER)
        checks = f"{asset.checks} check{'s' if asset.checks > 1 else ''}" if asset.checks else ""
        below = " · ".join(part for part in (asset.group, asset.partitions, checks) if part)
        yield f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="{fill}" stroke="#888"/>'
        yield f'<text x="{x + 8}" y="{y + 17}" fill="#111" font-weight="bold">{escape(name)}</text>'
        yield f'<text x="{x + 8}" y="{y + 32}" fill="#555" font-size="11">{escape(below)}</text>'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Recall, precision and speed of redaction on files that the caller names.

    python bench/redaction.py --labelled pii.jsonl.gz --negatives negatives.jsonl.gz --lines logs.jsonl.gz app.log …

--labelled    JSON lines {line, spans[{start, end, type}], source}: a span is recalled when its text has left the line.
--negatives   JSON lines {line, lookalike}: lines that should stay as they are.
--lines       real log lines, JSON with `body` (and `attrs`) or plain text, gzipped or not: share nominated, share
              touched, time a line in Python and a row in DuckDB (one thread, CPU time).
"""

from __future__ import annotations

import argparse
import gzip
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pyarrow as pa
import re2

from logsight_assets.intake.redact import KeyRing, RedactionPolicy, Redactor, nomination_pattern

KEYS = KeyRing({1: b"a key for measuring, not for use"}, current=1)


def read_lines(path: Path) -> Iterator[str]:
    """Lines of a file, plain or gzipped."""
    data = path.read_bytes()
    for line in (gzip.decompress(data) if path.suffix == ".gz" else data).splitlines():
        yield line.decode("utf-8", "replace")


def read_json(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines."""
    return [orjson.loads(line) for line in read_lines(path)]


def is_recalled(redactor: Redactor, row: dict[str, Any], span: dict[str, Any]) -> bool:
    """Whether the labelled text no longer appears in the line's redacted form."""
    line: str = row["line"]
    return line[span["start"] : span["end"]] not in redactor.text(line)


def show_recall(rows: list[dict[str, Any]], redactor: Redactor, verbose: bool) -> None:
    """Recall over all, by origin (the repository before @) and by type."""
    hits: Counter[str] = Counter()
    totals: Counter[str] = Counter()
    for row in rows:
        origin = str(row.get("source", "?")).partition("@")[0]
        for span in row["spans"]:
            is_hit = is_recalled(redactor, row, span)
            for group in ("all", f"origin {origin}", f"type {span['type']}"):
                totals[group] += 1
                hits[group] += is_hit
            if verbose and not is_hit:
                print(f"    missed {span['type']}: {row['line'][:160]!r}")
    for group in sorted(totals, key=lambda name: (name != "all", name)):
        if verbose or not group.startswith("type") or hits[group] < totals[group]:
            print(f"  {group}: {hits[group]}/{totals[group]} = {hits[group] / totals[group]:.3f}")


def show_negatives(rows: list[dict[str, Any]], redactor: Redactor, verbose: bool) -> None:
    """How many look-alikes are touched."""
    touched = [(row, redactor.text(row["line"])) for row in rows]
    touched = [(row, text) for row, text in touched if text != row["line"]]
    print(
        f"  look-alikes touched: {len(touched)}/{len(rows)}", dict(Counter(row.get("lookalike") for row, _ in touched))
    )
    for row, text in touched if verbose else ():
        print(f"    {row['line'][:140]!r} → {text[:140]!r}")


def bodies_of(paths: list[Path]) -> tuple[list[str], list[str]]:
    """Bodies and attribute texts of the files' lines."""
    bodies: list[str] = []
    attributes: list[str] = []
    for path in paths:
        for line in read_lines(path):
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:
                record = None
            if isinstance(record, dict) and isinstance(record.get("body"), str):
                bodies.append(record["body"])
                if record.get("attrs"):
                    attributes.append(orjson.dumps(record["attrs"]).decode())
            elif line:
                bodies.append(line)
    return bodies, attributes


def cpu_us(function: Callable[[str], object], texts: list[str]) -> float:
    """CPU microseconds a text, best of three rounds."""
    rounds = []
    for _ in range(3):
        start = time.process_time()
        for text in texts:
            function(text)
        rounds.append((time.process_time() - start) / max(1, len(texts)) * 1e6)
    return min(rounds)


def duckdb_us(texts: list[str], pattern: str) -> float:
    """CPU microseconds a row of the nomination in SQL, one thread, without reading the column."""
    database = duckdb.connect(config={"threads": 1})
    database.execute("create table t (body varchar)")
    repeat = max(1, 100_000 // len(texts))
    rows = pa.table({"body": pa.array(texts * repeat, pa.string())})
    database.execute("insert into t select body from rows")
    questions: tuple[tuple[str, list[str]], ...] = (
        ("select count(*) from t where length(body) < 0", []),
        ("select count(*) from t where regexp_matches(body, ?)", [pattern]),
    )
    rounds = []
    for query, parameters in questions * 3:
        start = time.process_time()
        database.execute(query, parameters).fetchall()
        rounds.append((time.process_time() - start) / rows.num_rows * 1e6)
    return float(min(rounds[1::2]) - min(rounds[0::2]))


def show_lines(bodies: list[str], attributes: list[str], policy: RedactionPolicy, verbose: bool) -> None:
    """Nominated and touched shares and times on real lines."""
    redactor = Redactor(policy, KEYS, "bench")
    pattern = nomination_pattern(policy)
    nominate = re2.compile(pattern)
    nominated = [text for text in bodies if nominate.search(text)]
    touched = [(text, redacted) for text in nominated if (redacted := redactor.text(text)) is not text]
    print(
        f"  lines {len(bodies)}, nominated {len(nominated) / len(bodies):.3%}, touched {len(touched) / len(bodies):.3%}"
    )
    print(f"  Python µs a nominated line {cpu_us(redactor.text, nominated):.2f}", end="")
    print(f", a touched one {cpu_us(redactor.text, [text for text, _ in touched]):.2f}")
    print(f"  DuckDB µs a row of nomination {duckdb_us(bodies, pattern):.2f}")
    if attributes:
        named = [text for text in attributes if nominate.search(text)]
        changed = [text for text in named if redactor.attributes(text) is not text]
        shares = f"nominated {len(named) / len(attributes):.3%}, touched {len(changed) / len(attributes):.3%}"
        print(f"  attributes {len(attributes)}, {shares}")
        print(f"  Python µs a nominated attribute text {cpu_us(redactor.attributes, named):.2f}")
    for text, redacted in random.Random(7).sample(touched, min(40, len(touched))) if verbose else ():
        at = next(index for index, (old, new) in enumerate(zip(text, redacted, strict=False)) if old != new)
        print(f"    {text[max(0, at - 60) : at + 60]!r}\n      → {redacted[max(0, at - 60) : at + 60]!r}")


def main() -> None:
    """Print the numbers for the default policy and for all kinds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labelled", type=Path)
    parser.add_argument("--negatives", type=Path)
    parser.add_argument("--lines", type=Path, nargs="*", default=[])
    parser.add_argument("--verbose", action="store_true", help="print what was missed and touched")
    arguments = parser.parse_args()
    bodies, attributes = bodies_of(arguments.lines)
    for name, policy in (("default", RedactionPolicy()), ("every kind", RedactionPolicy.everything())):
        print(f"policy: {name}")
        redactor = Redactor(policy, KEYS, "bench")
        if arguments.labelled:
            show_recall(read_json(arguments.labelled), redactor, arguments.verbose and name != "default")
        if arguments.negatives:
            show_negatives(read_json(arguments.negatives), redactor, arguments.verbose and name == "default")
        if bodies:
            show_lines(bodies, attributes, policy, arguments.verbose and name == "default")


if __name__ == "__main__":
    main()

"""Templates of text files: each physical line is a row, read as it is and labelled by the code that labels a lake.

Memory is bounded: files are read in batches, of which only a hash a line (in a scratch file) and the distinct masks
(in DuckDB, which spills) are kept. Files are read once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from logsight_assets.errors import UsageError
from logsight_assets.intake.mask import mask_sql, pattern_id_sql
from logsight_assets.sqltext import sql
from logsight_assets.templates.mine import MaskedLine, mine
from resources.query_engine import DuckDBEngine

BATCH_BYTES = 32 << 20
LONGEST_SAMPLE = 2048  # as much of a line as its mask sees
MOST_MASKS = 100_000  # the earliest of a file; the lines of later ones are one template, `<*>`
_MEMORY_MB = 1024
_OTHER = ("", "<*>")


@dataclass(frozen=True)
class MinedText:
    """The templates of text files, and which of them each line has."""

    template_ids: pa.Array  # of the templates, the one that stands first first
    templates: pa.Array
    labels: np.ndarray  # for each line from the first, the index of its template (int32, on disk)

    def batches(self, rows: int = 1 << 18) -> Iterator[pa.RecordBatch]:
        """Rows of line (from 1), template_id, template."""
        for start in range(0, len(self.labels), rows):
            found = pa.array(self.labels[start : start + rows])
            lines = pa.array(np.arange(start + 1, start + 1 + len(found), dtype=np.int64))
            columns = [lines, self.template_ids.take(found), self.templates.take(found)]
            yield pa.record_batch(columns, names=["line", "template_id", "template"])


def mine_files(files: Sequence[Path], scratch: Path) -> MinedText:
    """Mine the lines of all files together. The result lives in the scratch folder.

    Raises UsageError for a file that cannot be read. Bytes that are no UTF-8 are read as U+FFFD.
    """
    engine = DuckDBEngine(memory_mb=_MEMORY_MB, threads=0, scratch=scratch / "spill")
    try:
        cursor = engine.cursor()
        lines = _read(cursor, files, scratch / "keys")
        return _mined(cursor, lines, scratch)
    finally:
        engine.close()


def _read(cursor: duckdb.DuckDBPyConnection, files: Sequence[Path], keys: Path) -> int:
    """Put masks into the table `masks` and a hash of each line's mask into a file; returns the number of lines."""
    longest = str(LONGEST_SAMPLE)
    count = 0
    with keys.open("wb") as sink:
        for bodies in _batches(files):
            numbers = pa.array(np.arange(count + 1, count + 1 + len(bodies), dtype=np.int64))
            batch = pa.table({"line": numbers, "body": bodies})
            cursor.register("batch", batch)
            cursor.execute(
                "create or replace temp table masked as " + sql("templates/masked_lines", mask=mask_sql("body"))
            )
            cursor.execute("select hash(mask) as key from masked order by line")
            sink.write(cursor.fetchnumpy()["key"].astype(np.uint64).tobytes())
            distinct = sql("templates/distinct_masks", longest=longest)
            cursor.execute(f"insert into masks {distinct}" if count else f"create temp table masks as {distinct}")
            cursor.unregister("batch")
            count += len(bodies)
    return count


def _batches(files: Sequence[Path]) -> Iterator[pa.Array]:
    """The physical lines of all files, some megabytes at a time."""
    for file in files:
        try:
            with file.open("rb") as source:
                while block := source.read(BATCH_BYTES):
                    yield _lines((block + source.readline()).removesuffix(b"\n"))
        except OSError as error:
            raise UsageError(f"file {str(file)!r} cannot be read: {error.strerror or type(error).__name__}") from None


def _lines(block: bytes) -> pa.Array:
    """The lines of a block of bytes, without their line ends."""
    text = block.decode("utf-8", "replace")
    bodies = pc.split_pattern(pa.array([text], pa.large_string()), "\n").values
    return pc.utf8_rtrim(bodies, "\r") if "\r" in text else bodies


def _mined(cursor: duckdb.DuckDBPyConnection, lines: int, scratch: Path) -> MinedText:
    """Mine the distinct masks and label each line."""
    labels = np.memmap(scratch / "labels", np.int32, "w+", shape=(lines,)) if lines else np.empty(0, np.int32)
    if not lines:
        return MinedText(pa.array([], pa.string()), pa.array([], pa.string()), labels)
    query = sql("templates/first_masks", pattern_id=pattern_id_sql("any_value(mask)"), most=str(MOST_MASKS))
    masks = cursor.execute(query).to_arrow_table()
    columns = [masks[name].to_pylist() for name in ("mask", "sample_min", "sample_max")]
    clusters = mine([MaskedLine(*row) for row in zip(*columns, strict=True)])
    # In the order of their first line, for masks are; the mask there gives the id.
    founders = [masks["pattern_id"][cluster.members[0]].as_py() for cluster in clusters]
    template_ids = [f"{founder:016x}" for founder in founders] + [_OTHER[0]]
    templates = [cluster.template for cluster in clusters] + [_OTHER[1]]
    of_mask = np.empty(len(masks), np.int32)
    for number, cluster in enumerate(clusters):
        of_mask[list(cluster.members)] = number
    keys = masks["key"].to_numpy()
    _label(np.memmap(scratch / "keys", np.uint64, "r"), keys, of_mask, labels, other=len(clusters))
    return MinedText(pa.array(template_ids), pa.array(templates), labels)


def _label(lines: np.ndarray, keys: np.ndarray, of_mask: np.ndarray, labels: np.ndarray, *, other: int) -> None:
    """Write the template's index of each line: by its key where that was mined, else `other`."""
    order = np.argsort(keys)
    ranked, step = keys[order], 1 << 20
    for start in range(0, len(lines), step):
        part = pa.array(lines[start : start + step]).dictionary_encode()  # few keys stand in many lines
        found = part.dictionary.to_numpy()
        place = np.minimum(np.searchsorted(ranked, found), len(ranked) - 1)
        of_key = np.where(ranked[place] == found, of_mask[order[place]], other)
        labels[start : start + step] = of_key[part.indices.to_numpy()]

"""Templates of text files: each physical line is a row, read as it is and labelled by the code that labels a lake.

Memory is bounded: files are read in batches, of which only a `pattern_id` a line (in a scratch file) and the distinct
masks (in DuckDB, which spills) are kept. Files are read once; mining sees the distinct masks alone, and a line's label
is that of its pattern.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from logsight_assets.errors import UsageError
from logsight_assets.intake.mask import FOLDED_DIGITS, mask_id_sql, mask_sql
from logsight_assets.sqltext import sql
from logsight_assets.templates.mine import Cluster, MaskedLine, mine
from resources.query_engine import DuckDBEngine

BATCH_BYTES = 32 << 20
LONGEST_SAMPLE = 2048  # as much of a line as its mask sees
MOST_MASKS = 100_000  # the earliest of a file; the lines of later ones are one template, `<*>`
_MEMORY_MB = 1024
_CHUNK = 1 << 16  # lines that one thread takes at a time
_OTHER = ("", "<*>")


@dataclass(frozen=True)
class MaskedText:
    """The lines of text files by their masks."""

    masks: pa.Table  # pattern_id, mask, sample_min, sample_max: the distinct ones, the earliest first
    pattern_ids: np.ndarray  # for each line from the first, that of its mask (int64, on disk)

    def distinct(self) -> list[MaskedLine]:
        """What the miner looks at."""
        columns = [self.masks[name].to_pylist() for name in ("mask", "sample_min", "sample_max")]
        return [MaskedLine(*row) for row in zip(*columns, strict=True)]


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
    masked = mask_files(files, scratch)
    return label_lines(masked, mine(masked.distinct()), scratch)


def mask_files(files: Sequence[Path], scratch: Path) -> MaskedText:
    """Mask every line of all files. Raises and reads as `mine_files`."""
    engine = DuckDBEngine(memory_mb=_MEMORY_MB, threads=0, scratch=scratch / "spill")
    with contextlib.closing(engine), contextlib.closing(engine.cursor()) as cursor:
        patterns = scratch / "patterns"
        lines = _mask(cursor, files, patterns)
        masks = cursor.execute(sql("templates/first_masks", most=str(MOST_MASKS))).to_arrow_table()
        return MaskedText(masks, np.memmap(patterns, np.int64, "r") if lines else np.empty(0, np.int64))


def _mask(cursor: duckdb.DuckDBPyConnection, files: Sequence[Path], patterns: Path) -> int:
    """Put masks into the table `masks` and the pattern of each line into a file; returns the number of lines."""
    columns = "pattern_id bigint, mask text, sample_min text, sample_max text, line bigint"
    cursor.execute(f"create temp table masks ({columns})")
    query = sql(
        "templates/distinct_masks",
        mask=mask_sql("folded"),
        pattern_id=mask_id_sql("mask"),
        longest=str(LONGEST_SAMPLE),
    )
    count = 0
    with patterns.open("wb") as sink:
        for block in _blocks(files):
            bodies = _lines(block)
            lines = pa.array(np.arange(count, count + len(bodies), dtype=np.int64))
            batch = {"line": lines, "body": bodies, "folded": _folded(bodies)}
            cursor.register("batch", pa.table({name: _chunked(column) for name, column in batch.items()}))
            found = cursor.execute(query).to_arrow_table()
            cursor.register("found", found)
            cursor.execute("insert into masks select * exclude (lines), list_min(lines) from found")
            sink.write(_of_lines(found, count).tobytes())
            count += len(bodies)
    return count


def _folded(bodies: pa.LargeStringArray) -> pa.LargeStringArray:
    """The lines with each digit as 0; it is one byte for one, so they begin and end where they did."""
    _, offsets, text = bodies.buffers()
    folded = pa.py_buffer(text.to_pybytes().translate(FOLDED_DIGITS) if text else b"")
    return pa.LargeStringArray.from_buffers(len(bodies), offsets, folded, offset=bodies.offset)


def _chunked(column: pa.Array) -> pa.ChunkedArray:
    """The column in pieces, of which several threads take one each."""
    return pa.chunked_array([column.slice(start, _CHUNK) for start in range(0, len(column), _CHUNK)])


def _of_lines(found: pa.Table, first: int) -> np.ndarray:
    """The patterns of a batch's lines, in their order, from the lines of each pattern."""
    lines = found["lines"].combine_chunks()
    order = lines.flatten().to_numpy() - first
    patterns = np.empty(len(order), np.int64)
    patterns[order] = np.repeat(found["pattern_id"].to_numpy(), pc.list_value_length(lines).to_numpy())
    return patterns


def _blocks(files: Sequence[Path]) -> Iterator[bytes]:
    """The bytes of all files, whole lines of some megabytes at a time, without the last line end."""
    for file in files:
        try:
            with file.open("rb") as source:
                while block := source.read(BATCH_BYTES):
                    yield (block + source.readline()).removesuffix(b"\n")
        except OSError as error:
            raise UsageError(f"file {str(file)!r} cannot be read: {error.strerror or type(error).__name__}") from None


def _lines(block: bytes) -> pa.LargeStringArray:
    """The lines of a block of bytes, without their line ends."""
    try:
        text = pa.array([block], pa.large_binary()).cast(pa.large_string())
    except pa.ArrowInvalid:  # bytes that are no UTF-8
        text = pa.array([block.decode("utf-8", "replace")], pa.large_string())
    bodies = pc.split_pattern(text, "\n").values
    return pc.utf8_rtrim(bodies, "\r") if b"\r" in block else bodies


def label_lines(masked: MaskedText, clusters: Sequence[Cluster], scratch: Path) -> MinedText:
    """The template of each line, from the clusters of the distinct masks."""
    lines = len(masked.pattern_ids)
    labels = np.memmap(scratch / "labels", np.int32, "w+", shape=(lines,)) if lines else np.empty(0, np.int32)
    # In the order of their first line, for masks are; the mask there gives the id.
    mined = masked.masks["pattern_id"].to_numpy()
    template_ids = [f"{mined[cluster.members[0]]:016x}" for cluster in clusters] + [_OTHER[0]]
    templates = [cluster.template for cluster in clusters] + [_OTHER[1]]
    of_mined = np.empty(len(mined), np.int32)
    for number, cluster in enumerate(clusters):
        of_mined[list(cluster.members)] = number
    _label(masked.pattern_ids, mined, of_mined, labels, other=len(clusters))
    return MinedText(pa.array(template_ids), pa.array(templates), labels)


def _label(lines: np.ndarray, mined: np.ndarray, of_mined: np.ndarray, labels: np.ndarray, *, other: int) -> None:
    """Write the template's index of each line: by its pattern where that was mined, else `other`."""
    order = np.argsort(mined)
    ranked, step = mined[order], 1 << 20
    for start in range(0, len(lines), step):
        part = pa.array(lines[start : start + step]).dictionary_encode()  # few patterns stand in many lines
        found = part.dictionary.to_numpy()
        place = np.minimum(np.searchsorted(ranked, found), len(ranked) - 1)
        of_found = np.where(ranked[place] == found, of_mined[order[place]], other)
        labels[start : start + step] = of_found[part.indices.to_numpy()]

"""`logsight mine`: every physical line of every file has a row, whatever its bytes."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logsight_assets.cli import main
from logsight_assets.intake.mask import FOLDED_DIGITS, mask_sql
from logsight_assets.templates import text_files
from logsight_assets.templates.mine import mine
from tests.templates.mining import masked

CONTENT = b'user 1 ok\r\n\nbad \xff\xfe bytes\nuser 2 ok\nsaid "x", y\nuser 3 ok'


def run(*arguments: str | Path) -> tuple[int, str, str]:
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main(["mine", *map(str, arguments)])
    return code, out.getvalue(), err.getvalue()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "a.log"
    file.write_bytes(CONTENT)
    return file


def test_each_line_has_a_row_through_all_files(log: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty.log"
    empty.touch()
    code, out, _ = run(log, empty, log)
    found = rows(out)
    assert code == 0
    assert out.startswith("line,template_id,template\n")
    assert [row["line"] for row in found] == [str(n) for n in range(1, 13)]
    assert [row["template"] for row in found[:6]] == [
        "user <NUM> ok", "", "bad \N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} bytes", "user <NUM> ok",
        'said "x", y', "user <NUM> ok",
    ]  # fmt: skip
    assert found[0]["template_id"] == found[3]["template_id"] == found[11]["template_id"] != found[1]["template_id"]


def test_json_is_one_document_with_the_same_rows(log: Path) -> None:
    _, out, _ = run("--json", log)
    document = json.loads(out)
    assert out.count("\n") == 1
    assert [row["template"] for row in document["lines"]] == [row["template"] for row in rows(run(log)[1])]
    assert {found["template"]: found["line_count"] for found in document["templates"]}["user <NUM> ok"] == 3
    assert document["line_count"] == 6


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    empty = tmp_path / "empty.log"
    empty.touch()
    assert run(empty) == (0, "line,template_id,template\n", "")
    assert json.loads(run("--json", empty)[1]) == {"line_count": 0, "templates": [], "lines": []}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    code, out, err = run(tmp_path / "nope.log")
    assert (code, out) == (2, "")
    assert "nope.log" in err


def test_batches_change_nothing(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code, whole, _ = run(log, log)
    assert code == 0
    monkeypatch.setattr(text_files, "BATCH_BYTES", 16)
    assert run(log, log)[1] == whole


def test_masks_beyond_the_limit_are_one_template(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "MOST_MASKS", 2)
    found = rows(run(log)[1])
    assert [row["template"] for row in found] == ["user <NUM> ok", "", "<*>", "user <NUM> ok", "<*>", "user <NUM> ok"]


LINES = st.lists(
    st.text("019abfgABF_-. \u00e4\r", max_size=24)
    | st.binary(max_size=12).map(lambda raw: raw.decode("utf-8", "replace")),
    max_size=30,
).map(lambda lines: [line.replace("\n", " ").rstrip("\r") for line in lines])


@given(LINES)
def test_a_mask_is_that_of_the_text_with_its_digits_folded(lines: list[str]) -> None:
    folded = [line.encode().translate(FOLDED_DIGITS).decode() for line in lines]
    query = f"select {mask_sql('text')} from (select unnest(?::varchar[]) as text)"
    assert duckdb.execute(query, [folded]).fetchall() == duckdb.execute(query, [lines]).fetchall()


@settings(max_examples=25, deadline=None)
@given(LINES)
def test_a_line_is_labelled_by_its_mask_whatever_batch_it_stands_in(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("mined")
    (folder / "lines").write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text_files, "BATCH_BYTES", 48)
        patch.setattr(text_files, "_CHUNK", 2)
        mined = text_files.mine_files([folder / "lines"], folder)
    found = [text for batch in mined.batches() for text in batch["template"].to_pylist()]
    rows = masked(lines)
    of_mask = {rows[index].mask: cluster.template for cluster in mine(rows) for index in cluster.members}
    assert found == [of_mask[masked([line])[0].mask] for line in lines]


def test_lines_that_one_hash_of_the_engine_takes_for_one_have_masks_of_their_own(tmp_path: Path) -> None:
    lines = [f"Processed session termination for sessionid: {at}" for at in ("0x814e3354c951", "0xa56e5277f455")]
    texts = [line.encode().translate(FOLDED_DIGITS).decode() for line in lines]
    assert duckdb.execute("select hash(?) = hash(?)", texts).fetchone() == (True,)
    (tmp_path / "lines").write_text("\n".join(lines), encoding="utf-8")
    found = text_files.mask_files([tmp_path / "lines"], tmp_path)
    assert found.masks["mask"].to_pylist() == [row.mask for row in masked(lines)]
    assert found.masks["pattern_id"].to_pylist() == found.pattern_ids.tolist()

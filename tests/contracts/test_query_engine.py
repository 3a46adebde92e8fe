"""What every query engine does: rows of Parquet objects by name, sessions apart from each other, bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from logsight_assets.tables import EVENTS, PATTERNS, TABLES
from resources.query_engine import DuckDBEngine, QueryEngine, Session


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[DuckDBEngine]:
    engine = DuckDBEngine(memory_mb=128, threads=2, scratch=tmp_path / "spill")
    yield engine
    engine.close()


@pytest.fixture
def session(engine: DuckDBEngine) -> Iterator[Session]:
    with engine.session() as session:
        yield session


def put(path: Path, *masks: str) -> str:
    """A Parquet object of `patterns`, a row a mask; returns its URI."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{"service": "cart", "pattern_id": number, "mask": mask} for number, mask in enumerate(masks)]
    pq.write_table(pa.Table.from_pylist(rows, PATTERNS.arrow_schema), path)
    return str(path)


def column(session: Session, query: str) -> list[Any]:
    """The first column of an answer."""
    found: list[Any] = session.fetch(query).column(0).to_pylist()
    return found


# Names for rows -------------------------------------------------------------------------------------------------------


def test_a_name_stands_for_the_rows_of_all_its_objects(session: Session, tmp_path: Path) -> None:
    session.define("p", PATTERNS, [put(tmp_path / "1.parquet", "a", "b"), put(tmp_path / "2.parquet", "c")])
    assert column(session, "select mask from p order by 1") == ["a", "b", "c"]


def test_columns_are_the_tables_own_and_none_of_the_path(session: Session, tmp_path: Path) -> None:
    session.define("p", PATTERNS, [put(tmp_path / "tenant=acme" / "dt=2025-06-01" / "part.parquet", "a")])
    answer = session.fetch("select * from p")
    assert answer.schema.equals(PATTERNS.arrow_schema)


def test_an_object_with_further_columns_gives_the_tables_own(session: Session, tmp_path: Path) -> None:
    uri = put(tmp_path / "1.parquet", "a")
    wider = pq.read_table(uri).append_column("later", pa.array([1]))
    pq.write_table(wider, uri)
    session.define("p", PATTERNS, [uri])
    assert session.fetch("select * from p").column_names == PATTERNS.arrow_schema.names


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_no_object_means_no_rows_of_the_right_types(session: Session, table: Any) -> None:
    session.define("t", table, [])
    answer = session.fetch("select * from t")
    assert answer.num_rows == 0
    assert answer.schema.equals(table.arrow_schema)


def test_tenants_rows_carry_the_tenant_that_was_said(session: Session, tmp_path: Path) -> None:
    misleading = tmp_path / "tenant=other"
    uris = {
        "acme": [put(misleading / "1.parquet", "a"), put(misleading / "2.parquet", "b")],
        "o'neil": [put(misleading / "3.parquet", "c")],
        "none": [],
    }
    session.define_tenants("p", PATTERNS, uris)
    answer = session.fetch("select tenant, mask from p order by mask").to_pylist()
    assert [(row["tenant"], row["mask"]) for row in answer] == [("acme", "a"), ("acme", "b"), ("o'neil", "c")]


def test_no_tenant_means_no_rows_with_a_tenant(session: Session) -> None:
    session.define_tenants("e", EVENTS, {})
    answer = session.fetch("select * from e")
    assert answer.num_rows == 0
    assert answer.column_names == ["tenant", *EVENTS.arrow_schema.names]


def test_a_name_can_be_given_again(session: Session, tmp_path: Path) -> None:
    session.define("p", PATTERNS, [put(tmp_path / "1.parquet", "a")])
    session.define("p", PATTERNS, [put(tmp_path / "2.parquet", "b")])
    session.keep("kept", "select mask from p")
    session.keep("kept", "select mask || '!' as mask from p")
    assert column(session, "select * from kept") == ["b!"]


@pytest.mark.parametrize("name", ["select", 'a "quoted" name', "UPPER and é", "a;b"])
def test_any_text_is_a_name(session: Session, name: str) -> None:
    session.define(name, PATTERNS, [])
    session.keep(f"{name} kept", "select 1 as one")
    quoted = name.replace('"', '""')
    assert column(session, f'select count(*) from "{quoted}"') == [0]
    assert column(session, f'select one from "{quoted} kept"') == [1]


@pytest.mark.parametrize("folder", ["a 'quoted' one", "x[1]", "star*", "what?", "é {a,b}", "back\\slash"])
def test_a_path_is_never_a_pattern(session: Session, tmp_path: Path, folder: str) -> None:
    put(tmp_path / "x1" / "part.parquet", "of another")
    put(tmp_path / "starry" / "part.parquet", "of another")
    session.define("p", PATTERNS, [put(tmp_path / folder / "part.parquet", "mine")])
    assert column(session, "select mask from p") == ["mine"]


# Keeping --------------------------------------------------------------------------------------------------------------


def test_what_is_kept_is_computed_once(session: Session, tmp_path: Path) -> None:
    uri = put(tmp_path / "1.parquet", "a")
    session.define("p", PATTERNS, [uri])
    session.keep("kept", "select mask from p")
    Path(uri).unlink()
    assert column(session, "select mask from kept") == ["a"]
    assert column(session, "select mask from kept") == ["a"]


def test_an_answer_outlives_its_session(engine: DuckDBEngine) -> None:
    with engine.session() as session:
        answer = session.fetch("select 'still here' as text")
    assert answer.to_pylist() == [{"text": "still here"}]


# Sessions -------------------------------------------------------------------------------------------------------------


def test_sessions_do_not_see_each_other(engine: QueryEngine, tmp_path: Path) -> None:
    with engine.session() as one, engine.session() as two:
        for session, mask in ((one, "of one"), (two, "of two")):
            session.define("p", PATTERNS, [put(tmp_path / f"{mask}.parquet", mask)])
            session.keep("kept", "select mask from p")
        assert column(one, "select mask from p union all select mask from kept") == ["of one", "of one"]
        assert column(two, "select mask from p union all select mask from kept") == ["of two", "of two"]
        one.keep("alone", "select 1")
        with pytest.raises(duckdb.CatalogException):
            two.fetch("select * from alone")


def test_names_go_with_their_session(engine: QueryEngine) -> None:
    with engine.session() as session:
        session.define("p", PATTERNS, [])
        session.keep("kept", "select 1")
    with engine.session() as session:
        for name in ("p", "kept"):
            with pytest.raises(duckdb.CatalogException):
                session.fetch(f"select * from {name}")


# Limits ---------------------------------------------------------------------------------------------------------------


def test_what_does_not_fit_into_memory_spills_to_scratch(session: Session, tmp_path: Path) -> None:
    # Random text, which nothing packs: 256 bytes a row are 250 MB of 128.
    session.keep("big", "select n, repeat(cast(random() as varchar), 13) as text from range(1_000_000) as r (n)")
    spilt = sum(file.stat().st_size for file in (tmp_path / "spill").iterdir())
    assert spilt > 32 * 1024**2
    assert column(session, "select count(distinct n) from big") == [1_000_000]


def test_the_scratch_folder_is_made(tmp_path: Path) -> None:
    DuckDBEngine(memory_mb=128, threads=1, scratch=tmp_path / "not" / "there" / "yet").close()
    assert (tmp_path / "not" / "there" / "yet").is_dir()


@pytest.mark.parametrize("setting", ["autoinstall_known_extensions", "autoload_known_extensions"])
def test_no_extension_is_fetched_or_loaded_by_itself(session: Session, setting: str) -> None:
    assert column(session, f"select current_setting('{setting}')") == [False]


@pytest.mark.parametrize("uri", ["https://127.0.0.1:1/a.parquet", "s3://bucket/a.parquet"])
def test_an_address_of_the_network_is_an_error_and_no_connection(session: Session, uri: str) -> None:
    with pytest.raises(duckdb.Error, match="httpfs"):
        session.define("p", PATTERNS, [uri])

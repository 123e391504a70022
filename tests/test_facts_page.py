"""docs/facts.md is fresh, and its examples work on a sample."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import re
import sqlite3
from pathlib import Path

import pytest

from analyzers.facts import Facts
from diagnostics.source import facts_of
from diagnostics.tables import parquet
from diagnostics.tables.catalog import TABLES
from diagnostics.tables.jsonl import lines
from tests.codeblocks import blocks_in
from tests.factspage import PAGE, page
from tests.samples import SAMPLES

QUERIES = blocks_in(PAGE, "sql")
PANDAS, PLAIN = blocks_in(PAGE, "python")
FILES = re.compile(r"""(['"])facts/(\w+)\.parquet\1""")


@pytest.fixture(scope="module")
def facts() -> Facts:
    return facts_of(str(SAMPLES / "tls.chain_incomplete-basic"))


def installed(*packages: str) -> bool:
    return all(importlib.util.find_spec(package) for package in packages)


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `make docs` and commit"


def test_the_page_explains_every_table_and_column() -> None:
    text = PAGE.read_text("utf-8")
    for table in TABLES:
        _, _, section = text.partition(f"\n### {table.name}\n")
        section = section.partition("\n### ")[0]
        assert all(f"\n| `{column.name}` | " in section for column in table.columns)


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_finds_its_columns_and_something_in_them(query: str, facts: Facts) -> None:
    """SQLite knows as much SQL as the examples use, and comes with Python."""
    tables = {name for _, name in FILES.findall(query)}
    assert tables
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        for table in (table for table in TABLES if table.name in tables):
            names = [column.name for column in table.columns]
            quoted = ", ".join(f'"{name}"' for name in names)
            database.execute(f"CREATE TABLE {table.name} ({quoted})")
            marks = ", ".join("?" * len(names))
            for line in lines(facts, table.section):
                row = json.loads(line)
                if row["table"] == table.name:
                    cells = [_plain(row[name]) for name in names]
                    database.execute(f"INSERT INTO {table.name} VALUES ({marks})", cells)
        found = database.execute(FILES.sub(r"\2", query)).fetchall()
    assert found or "retransmissions" in tables


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_runs_in_duckdb(
    query: str, facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not installed("duckdb", "pyarrow"):
        return  # SQLite has seen the columns.
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    dict(parquet.write(facts, None, Path("facts")))
    with duckdb.connect() as database:
        (count,) = database.execute(f"SELECT count(*) FROM ({query})").fetchall()[0]
    assert count or "retransmissions" in query


def test_the_pandas_example_runs(
    facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = [table for table in TABLES if table.name in {n for _, n in FILES.findall(PANDAS)}]
    known = {column.name for table in tables for column in table.columns} | {"server"}
    assert tables
    assert set(re.findall(r'"(\w+)"', PANDAS)) <= known
    if not installed("pandas", "pyarrow"):
        return  # Its columns exist.
    monkeypatch.chdir(tmp_path)
    dict(parquet.write(facts, None, Path("facts")))
    assert facts.connections[0].server.address in printed_by(PANDAS)


def test_the_example_without_packages_runs(
    facts: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("facts.jsonl").write_text("".join(f"{line}\n" for line in lines(facts, None)))
    assert printed_by(PLAIN).startswith("Counter(")


def printed_by(code: str) -> str:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, str(PAGE), "exec"), {})
    return printed.getvalue()


def _plain(value: object) -> object:
    return json.dumps(value) if isinstance(value, list) else value

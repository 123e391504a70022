"""One Parquet file per table, and what happens where they cannot be written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from analyzers.facts import Facts
from diagnostics import cli, source
from diagnostics.tables import parquet
from diagnostics.tables.catalog import TABLES
from diagnostics.tables.jsonl import lines
from tests.diagnostics import handmade


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli.cli, ("analyze", *arguments))


def test_without_pyarrow_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def unread(*_: object) -> Facts:
        raise AssertionError("the capture was read in vain")

    monkeypatch.setattr(parquet, "available", lambda: False)
    monkeypatch.setattr(source, "facts_of", unread)
    done = run("x.pcap", "--parquet", str(tmp_path / "facts"))
    assert done.exit_code == 2
    assert done.stderr == (
        "badhop: --parquet needs pyarrow, which is not installed: pip install 'pyarrow>=15'\n"
    )
    assert not (tmp_path / "facts").exists()


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "facts").write_text("")
    done = run("x.pcap", "--parquet", str(tmp_path / "facts"))
    assert done.exit_code == 2
    assert "is a file" in done.stderr


def read(directory: Path, name: str) -> list[dict[str, Any]]:
    reader = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    found: list[dict[str, Any]] = reader.read_table(directory / f"{name}.parquet").to_pylist()
    return found


def as_json(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as a reader of JSON has them."""
    from diagnostics.tables.jsonl import _moment

    return [json.loads(json.dumps(row, default=_moment)) for row in rows]


def test_both_forms_hold_the_same(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    facts = handmade.facts(connections=3)
    written = dict(parquet.write(facts, None, tmp_path / "a" / "b"))
    assert [path.name for path in written] == [f"{table.name}.parquet" for table in TABLES]
    assert {*(tmp_path / "a" / "b").iterdir()} == {*written}
    told = [json.loads(line) for line in lines(facts, None)]
    for table in TABLES:
        rows = read(tmp_path / "a" / "b", table.name)
        assert as_json(rows) == [
            {k: v for k, v in row.items() if k != "table"}
            for row in told
            if row["table"] == table.name
        ]
        assert written[tmp_path / "a" / "b" / f"{table.name}.parquet"] == len(rows)


def test_long_tables_are_written_in_batches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    monkeypatch.setattr(parquet, "BATCH_ROWS", 4)
    dict(parquet.write(handmade.facts(connections=10), "tcp", tmp_path))
    assert [row["stream"] for row in read(tmp_path, "connections")] == [*range(10)]
    from pyarrow.parquet import ParquetFile

    with ParquetFile(tmp_path / "connections.parquet") as file:
        assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [
            4,
            4,
            2,
        ]


def test_hostile_text_and_empty_tables_are_written(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    facts = replace(handmade.facts(), dns=(handmade.exchange("\x00\ud800\u202e"),), icmp=())
    dict(parquet.write(facts, None, tmp_path))
    assert read(tmp_path, "dns_exchanges")[0]["name"] == "\x00?\u202e"
    assert read(tmp_path, "icmp_errors") == []


def test_a_failed_write_leaves_no_half_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parquet, "_record_batch", full)
    monkeypatch.setattr(source, "facts_of", lambda *_: handmade.facts())
    done = run("x.pcap", "--parquet", str(tmp_path))
    where = tmp_path / f"{TABLES[0].name}.parquet"
    assert (done.exit_code, done.stderr) == (2, f"badhop: {where}: No space left on device\n")
    assert not [*tmp_path.iterdir()]


def test_the_command_says_what_it_wrote(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    monkeypatch.setattr(source, "facts_of", lambda *_: handmade.facts())
    done = run("x.pcap", "http", "--parquet", str(tmp_path))
    assert (done.exit_code, done.stdout) == (0, f"3 tables with 2 rows in {tmp_path}\n")

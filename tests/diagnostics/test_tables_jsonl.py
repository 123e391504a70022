"""One line of JSON per fact: complete, ASCII, written as they come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from analyzers.facts import DnsExchange
from diagnostics import cli, source
from diagnostics.tables.catalog import TABLES
from diagnostics.tables.jsonl import lines
from tests.diagnostics import handmade

UNSEEN = ("overtaken", "transfers", "http2_aborts", "probes")
"""Tables to which the handmade facts have no rows."""


def test_every_table_of_the_facts_has_its_lines() -> None:
    found = [json.loads(line) for line in lines(handmade.facts(), None)]
    tables = list(dict.fromkeys(row["table"] for row in found))
    assert tables == [table.name for table in TABLES if table.name not in UNSEEN]
    for row in found:
        table = next(table for table in TABLES if table.name == row["table"])
        assert [*row] == ["table", *(column.name for column in table.columns)]


def test_times_of_day_sort_as_text() -> None:
    (row,) = [json.loads(line) for line in lines(handmade.facts(), "tls") if '"alerts"' in line]
    assert row["time_utc"] == "2023-11-14T22:13:20.114000Z"


def test_hostile_text_stays_data() -> None:
    evil = '\x1b[31m\u202e\n","table":"x\ud800'
    facts = replace(
        handmade.facts(), dns=(handmade.exchange(evil),), handshakes=(handmade.handshake(evil),)
    )
    for line in lines(facts, None):
        assert line.isascii()
        assert line.isprintable()
        json.loads(line)
    (row,) = [json.loads(line) for line in lines(facts, "dns") if '"dns_exchanges"' in line[:30]]
    assert row["name"] == evil.replace("\ud800", "?")


class Untouched(tuple[DnsExchange, ...]):
    """Facts that nobody should have asked for yet."""

    def __iter__(self) -> Iterator[DnsExchange]:
        raise AssertionError("read before it was needed")


def test_a_line_is_made_when_it_is_asked_for() -> None:
    found = lines(replace(handmade.facts(), dns=Untouched()), None)
    tables = [json.loads(next(found))["table"] for _ in range(4)]
    assert tables == ["capture", "interfaces", "comments", "attempts"]
    with pytest.raises(AssertionError, match="before it was needed"):
        next(found)


@pytest.fixture
def analyzed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `badhop analyze` on the handmade facts."""
    monkeypatch.setattr(source, "facts_of", lambda *_: handmade.facts())

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli.cli, ("analyze", "x.pcap", *arguments))

    return run


def test_the_command_prints_all_or_one_section(analyzed: Any) -> None:
    everything = analyzed("--jsonl")
    assert everything.exit_code == 0
    assert everything.stdout.splitlines() == [*lines(handmade.facts(), None)]
    one = analyzed("http", "--jsonl").stdout.splitlines()
    assert [json.loads(line)["table"] for line in one] == ["capture", "http_exchanges"]


@pytest.mark.parametrize("two", [("--json", "--jsonl"), ("--jsonl", "--parquet", "out")])
def test_one_form_at_a_time(analyzed: Any, two: tuple[str, ...]) -> None:
    done = analyzed(*two)
    assert done.exit_code == 2
    assert done.stderr.startswith("badhop: Give one of --json, --jsonl and --parquet.\n")

"""The facts as tables and as JSON: complete, bounded, safe for a terminal."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from analyzers.facts import Facts
from captures.session import OutputLine, Session
from diagnostics.commands.analyze import SECTIONS
from diagnostics.report import facts_json, facts_text
from diagnostics.report.numbers import ms, spread
from diagnostics.report.style import Style
from diagnostics.report.table import Table
from diagnostics.report.table import render as render_table
from tests.diagnostics import handmade

PLAIN = Style()


def test_every_section_of_the_command_has_tables_and_json() -> None:
    assert tuple(facts_text.SECTIONS) == SECTIONS
    assert tuple(facts_json.SECTIONS) == SECTIONS


@pytest.mark.parametrize("section", [None, *SECTIONS])
def test_text_made_item_by_item_is_that_of_the_document(section: str | None) -> None:
    facts = handmade.facts(connections=3)
    whole = json.dumps(facts_json.document(facts, section), indent=1, allow_nan=False)
    assert facts_json.render(facts, section) == whole


@pytest.mark.parametrize(
    ("section", "rows"),
    [
        ("dns", ["proxy.example.org  A     10.2.0.53  udp         1        1  NOERROR  12"]),
        ("tcp", ["10.1.0.1:40000  [2001:db8::2]:443", "sent again: timeout, after capture"]),
        ("tcp", ["data       rst        server                  19"]),
        ("tcp", ["0.100      50          11      39"]),
        (
            "tcp",
            [
                "data       rst        server                  19",
                "0.100      50          11      39",
            ],
        ),
        ("tls", ["server flight, client ended it", "bad_certificate", "CN=Lab CA 2"]),
        ("http", ["GET /m/@v/list", "4,000+", "4, 6, 20"]),
        ("path", ["fragmentation needed (3/4)", "10.3.0.2 port 443", "10.1.0.2"]),
    ],
)
def test_a_section_shows_its_facts_with_their_frames(section: str, rows: list[str]) -> None:
    text = facts_text.render(handmade.facts(), section, 20, PLAIN)
    assert text.startswith("Capture\n")
    for row in rows:
        assert row in text


def test_the_capture_comes_with_its_interfaces_and_comments() -> None:
    text = facts_text.render(handmade.facts(), None, 20, PLAIN)
    assert "format                         pcapng" in text
    assert "Ethernet       22        40     -       96" in text
    assert "Comments (1)" in text
    assert "\x1b" not in text


def test_all_sections_end_with_the_attempts() -> None:
    text = facts_text.render(handmade.facts(), None, 20, PLAIN)
    for title in (
        "DNS lookups (1)",
        "Round trips (ms) (1)",
        "Certificates as sent (1)",
        "Hosts (2)",
    ):
        assert title in text
    assert text.splitlines()[-1].endswith("failed   tls    alert   yes")


def test_long_tables_say_how_much_they_leave_out() -> None:
    text = facts_text.render(handmade.facts(connections=50), "tcp", 20, PLAIN)
    assert "TCP connections (50)" in text
    assert "and 30 more: --rows 0 shows all" in text
    everything = facts_text.render(handmade.facts(connections=50), "tcp", 0, PLAIN)
    assert "more:" not in everything


def test_an_empty_capture_can_be_shown() -> None:
    nothing = replace_all(handmade.facts())
    assert facts_text.render(nothing, None, 20, PLAIN).startswith("Capture\n")
    assert "DNS lookups (0)" in facts_text.render(nothing, "dns", 20, PLAIN)
    json.loads(facts_json.render(nothing, None))


def replace_all(facts: Facts) -> Facts:
    """Facts of a capture without packets."""
    empty: dict[str, Any] = {
        field.name: ()
        for field in fields(Facts)
        if field.name not in ("capture", "session", "decryption")
    }
    none = replace(facts.capture, packets=0, first_ns=0, last_ns=0, duration_s=0.0)
    return replace(facts, **{**empty, "hosts": {}, "capture": none})


def test_hostile_names_stay_text_and_short() -> None:
    evil = "\x1b[31m\u202e\n" + "a" * 5000
    facts = replace(
        handmade.facts(),
        dns=(handmade.exchange(evil),),
        handshakes=(handmade.handshake(evil),),
        requests=(handmade.request(evil),),
    )
    text = facts_text.render(facts, None, 20, PLAIN)
    assert all(unicodedata.category(c)[0] != "C" for c in text if c != "\n")
    assert max(map(len, text.splitlines())) < 400
    json.loads(facts_json.render(facts, None))


def test_json_holds_every_field_of_the_facts() -> None:
    answer: Any = facts_json.document(handmade.facts())
    assert set(answer) == {"schema"} | {field.name for field in fields(Facts)}
    assert answer["schema"] == "badhop/facts/1"
    hello = answer["handshakes"][0]
    assert hello["stage"] == "server_flight"
    leaf = hello["chain"]["certificates"][0]
    assert leaf["serial"] == f"{2**159 + 1:x}"
    assert leaf["der"] == "3003020100"
    assert leaf["not_after"] == "2026-04-01T00:00:00Z"
    connection = answer["connections"][0]
    assert connection["rtt"]["count"] == 3
    assert connection["rtt"]["median_s"] == 0.012
    assert connection["rtt"]["jitter_s"] > 0
    assert connection["client_rtt"] == {"count": 0}
    assert connection["rows"] == {"count": 22}
    assert connection["resets"][0]["signs"] == ["ttl_differs"]
    assert answer["attempts"][0]["stage"] == "tls"


def test_json_of_one_section_keeps_the_capture() -> None:
    assert set(facts_json.document(handmade.facts(), "dns")) == {
        "schema",
        "capture",
        "dns",
        "lookups",
    }


def test_json_of_a_session_and_of_what_is_not_finite() -> None:
    session = Session(command=("go", "mod", "download"), output=(OutputLine(0.1, "stderr", "no"),))
    answer: Any = facts_json.document(replace(handmade.facts(), session=session))
    assert answer["session"]["command"] == ["go", "mod", "download"]
    assert answer["session"]["output"][0]["text"] == "no"
    assert facts_json.value(float("nan")) is None
    assert facts_json.value(np.float64(0.5)) == 0.5
    assert facts_json.value(np.int64(5)) == 5
    with pytest.raises(TypeError, match="complex"):
        facts_json.value(1j)


def test_samples_that_are_no_numbers_are_none() -> None:
    assert spread(np.array([np.nan])) is None
    seen = spread(np.array([0.03, np.nan, 0.01]))
    assert seen is not None
    assert (seen.count, seen.min_s, seen.median_s) == (2, 0.01, 0.02)


def test_milliseconds_keep_three_digits() -> None:
    assert [ms(0.0001234), ms(0.0123), ms(0.1234), ms(12.3), ms(None)] == [
        "0.123",
        "12.3",
        "123",
        "12300",
        None,
    ]


def test_a_table_without_rows_is_its_title() -> None:
    assert render_table(Table("Silences", ("a", ">b"), []), PLAIN, 20) == ["Silences (0)"]


def test_numbers_stand_to_the_right() -> None:
    table = Table("T", ("name", ">count"), [("a", 5), ("bcd", 1000), ("e", None)])
    assert render_table(table, PLAIN, 0)[1:] == [
        "name  count",
        "a         5",
        "bcd    1000",
        "e         -",
    ]

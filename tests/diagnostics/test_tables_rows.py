"""Facts become rows: keys that join, frames, times of day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from analyzers.facts import Dialogue, Facts, Overtaken
from diagnostics.source import facts_of
from diagnostics.tables.catalog import TABLES
from diagnostics.tables.moments import Moments, moment
from tests.diagnostics import handmade
from tests.samples import samples

ZERO = datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
"""Of the handmade capture."""


def rows(name: str, facts: Facts | None = None) -> list[dict[str, Any]]:
    table = next(table for table in TABLES if table.name == name)
    names = [column.name for column in table.columns]
    found = table.rows(handmade.facts() if facts is None else facts)
    return [dict(zip(names, row, strict=True)) for row in found]


def test_the_capture_is_one_row() -> None:
    (row,) = rows("capture")
    assert (row["schema"], row["packets"], row["files"]) == (
        "badhop/tables/1",
        22,
        ["download.pcapng"],
    )
    assert row["first_utc"] == ZERO
    assert row["last_utc"] == ZERO.replace(second=21)


def test_attempts_refer_to_the_other_tables() -> None:
    (row,) = rows("attempts")
    assert (row["lookup"], row["stream"], row["handshake"], row["requests"]) == (0, 0, 0, [0])
    assert (row["outcome"], row["stage"], row["reason"]) == ("failed", "tls", "alert")
    assert row["frames"] == [1, 2, 4, 6, 7, 8, 22]
    assert row["start_utc"] == ZERO.replace(microsecond=1000)


def test_dns_messages_are_queries_and_responses() -> None:
    query, response = rows("dns_messages")
    assert (query["kind"], query["frame"], query["edns_size"]) == ("query", 1, 1232)
    assert query["rcode"] is None
    assert (response["kind"], response["frame"], response["rcode"]) == ("response", 2, "NOERROR")
    assert response["extended_errors"] == [{"code": 22, "text": "No Reachable Authority"}]
    assert response["edns_size"] is None
    assert query["exchange"] == response["exchange"] == rows("dns_exchanges")[0]["index"]


def test_dns_exchanges_say_what_the_resolver_takes() -> None:
    (row,) = rows("dns_exchanges")
    assert (row["rcode"], row["addresses"], row["frames"]) == ("NOERROR", ["10.3.0.2"], [1, 2])
    (answer,) = rows("dns_answers")
    assert (answer["frame"], answer["type"], answer["data"]) == (2, "A", "10.3.0.2")
    (lookup,) = rows("lookups")
    assert (lookup["exchanges"], lookup["frames"]) == ([0], [1, 2])


def test_connections_have_both_halves() -> None:
    (row,) = rows("connections")
    assert (row["client_address"], row["server_address"]) == ("10.1.0.1", "2001:db8::2")
    assert row["server_retransmissions_count"] == 1
    assert (row["rtt_samples"], row["rtt_median_s"]) == (3, 0.012)
    assert (row["client_rtt_samples"], row["client_rtt_median_s"]) == (0, None)
    assert row["client_pace_payload"] is None


def test_events_name_their_connection_and_side() -> None:
    assert [(r["stream"], r["sender"], r["frame"], r["kind"]) for r in rows("retransmissions")] == [
        (0, "client", 9, "timeout"),
        (0, "server", 9, "timeout"),
    ]
    assert [(r["sender"], r["frames"]) for r in rows("zero_windows")] == [
        ("client", [15, 16]),
        ("server", [15, 16]),
    ]
    (reset,) = rows("resets")
    assert (reset["sender"], reset["frame"], reset["signs"]) == ("server", 22, ["ttl_differs"])
    (silence,) = rows("silences")
    assert (silence["after_frame"], silence["before_frame"], silence["after"]) == (14, 15, "server")


def test_overtaken_segments_are_rows() -> None:
    facts = handmade.facts()
    (one,) = facts.connections
    late = replace(one.server, overtaken=(Overtaken(11, 0.5, 0.001),))
    facts = replace(facts, connections=(replace(one, server=late),))
    assert [(r["sender"], r["frame"]) for r in rows("overtaken", facts)] == [("server", 11)]


def test_samples_name_the_segment_that_answered_where_one_can() -> None:
    facts = handmade.facts()
    (one,) = facts.connections
    heard = Dialogue(
        np.empty(0), np.empty(0, np.int64), np.array([0.1, 0.2, 0.2]), np.array([5, 6, 7])
    )
    asking = replace(one.client, dialogue=heard)
    facts = replace(facts, connections=(replace(one, client=asking),))
    found = [(row["path"], row["time_s"], row["frame"]) for row in rows("rtt_samples", facts)]
    assert found == [("server", 0.1, 5), ("server", 0.2, None), ("server", 0.3, None)]


def test_certificates_keep_what_64_bits_do_not() -> None:
    (row,) = rows("certificates")
    assert row["serial"] == f"{2**159 + 1:x}"
    assert (row["der"], row["position"], row["frames"]) == ("3003020100", 0, [6, 7])
    assert row["not_after"] == datetime(2026, 4, 1, tzinfo=UTC)
    (shake,) = rows("handshakes")
    assert (shake["sni"], shake["stage"]) == ("proxy.example.org", "server_flight")
    assert shake["frames"] == [4, 6, 7, 8]
    assert shake["chain_certificates_count"] == 1
    (alert,) = rows("alerts")
    assert (alert["handshake"], alert["name"], alert["frame"]) == (0, "bad_certificate", 8)


def test_requests_errors_hosts_and_hops() -> None:
    (request,) = rows("http_exchanges")
    assert request["headers"] == [{"name": "content-type", "value": "text/plain"}]
    assert (request["body_start"], request["frames"]) == ("00504b", [4, 6, 20])
    (error,) = rows("icmp_errors")
    assert (error["kind"], error["mtu"], error["frame"]) == ("fragmentation_needed", 1400, 10)
    assert [(h["address"], h["streams"]) for h in rows("hosts")] == [
        ("10.1.0.1", [0]),
        ("10.3.0.2", []),
    ]
    (hop,) = rows("hops")
    assert (hop["rtts_s"], hop["frames"]) == ([0.0004, 0.0006, 0.0005], [30, 31])


def test_seconds_count_from_frame_1_even_when_a_later_frame_is_older() -> None:
    capture = handmade.facts().capture
    clock = Moments(replace(capture, zero_ns=capture.first_ns + 5_000_000_000))
    assert clock.at(-5.0) == ZERO
    assert clock.at(None) is None


def test_times_that_no_calendar_has_are_none() -> None:
    assert moment(2**63 - 1) == datetime(2262, 4, 11, 23, 47, 16, 854775, tzinfo=UTC)
    assert moment(-(10**21)) is None
    capture = replace(handmade.facts().capture, packets=0, first_ns=0)
    assert Moments(capture).at(0.0) is None


def test_the_rows_of_a_sample_hold_together() -> None:
    for sample in samples():
        facts = facts_of(str(sample.directory))
        last = facts.capture.packets
        streams = {row["stream"] for row in rows("connections", facts)}
        for table in TABLES:
            for row in rows(table.name, facts):
                assert row.get("stream") in streams | {None}
                assert all(1 <= frame <= last for frame in _frames(row, "frames", list))
                assert all(1 <= frame <= last for frame in _frames(row, "frame", lambda f: [f]))


def _frames(row: dict[str, Any], ending: str, as_list: Callable[[Any], list[int]]) -> list[int]:
    named = [row[name] for name in row if name == ending or name.endswith(f"_{ending}")]
    return [frame for value in named if value is not None for frame in as_list(value)]

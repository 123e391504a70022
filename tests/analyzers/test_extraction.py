"""A whole capture read at once: its parts refer to each other, and to their frames."""

from __future__ import annotations

from pathlib import Path

import pytest

import captures.files
from analyzers.extraction import extract
from analyzers.facts import Facts, Outcome, Stage
from captures.session import Session
from tests.analyzers.talk import (
    CLIENT,
    RESOLVER,
    SERVER,
    Connection,
    answer,
    ask,
    captured,
    query,
    tell,
)
from tests.packets import START_S, Frame, icmp, ip, udp, write_pcap

NAME = "proxy.example.org"
GET = (
    f"GET /example.com/m/@v/v1.0.0.info HTTP/1.1\r\nHost: {NAME}\r\n"
    "User-Agent: Go-http-client/1.1\r\n\r\n"
).encode()
BODY = b'{"Version":"v1.0.0"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def looked_up() -> list[Frame]:
    """A and AAAA from two ports, both answered after 5 ms."""
    frames: list[Frame] = []
    for number, kind in enumerate(("A", "AAAA")):
        asked = query(f"{NAME}.", kind, ident=number + 1)
        records = [f"{NAME}. 60 IN A {SERVER}"] if kind == "A" else []
        frames.append((0.001 * number, ask(asked, 40001 + number)))
        frames.append((0.005 + 0.001 * number, tell(answer(asked, *records), 40001 + number)))
    return sorted(frames, key=lambda frame: frame[0])


def download() -> list[Frame]:
    """A lookup, a connection, one clear request and its answer."""
    talk = Connection(80, start_s=0.02)
    talk.client(GET)
    talk.server(OK)
    talk.close(0)
    talk.close(1)
    return [*looked_up(), *talk.frames]


def facts(frames: list[Frame], session: Session | None = None, snaplen: int = 262144) -> Facts:
    with captured(frames, snaplen=snaplen) as capture:
        return extract(capture, session)


def test_the_parts_of_a_download_refer_to_each_other() -> None:
    found = facts(download())
    (attempt,) = found.attempts
    assert (attempt.outcome, attempt.stage) == (Outcome.SUCCEEDED, Stage.RESPONSE)
    assert attempt.lookup is not None and attempt.stream is not None
    assert found.lookups[attempt.lookup].addresses == (SERVER,)
    assert found.connection(attempt.stream).server.address == SERVER
    assert [found.requests[i].status for i in attempt.requests] == [200]
    assert attempt.is_go
    assert found.hosts[RESOLVER].distance == 2
    assert found.hosts[SERVER].distance == 5
    assert found.hosts[SERVER].names == (NAME,)
    assert found.hosts[CLIENT].is_local


def test_numbers_are_places() -> None:
    found = facts(download())
    for parts in (found.dns, found.lookups, found.handshakes, found.requests, found.attempts):
        assert [part.index for part in parts] == list(range(len(parts)))
    assert [c.stream for c in found.connections] == list(range(len(found.connections)))
    places = [e.index for lookup in found.lookups for e in lookup.exchanges]
    assert sorted(places) == list(range(len(found.dns)))


def test_times_count_from_the_first_packet_and_frames_from_one() -> None:
    found = facts(download())
    assert found.dns[0].queries[0].time_s == 0.0
    assert found.dns[0].queries[0].frame == 1
    assert found.connections[0].first_s == pytest.approx(0.02)
    assert found.connections[0].syn_frame == 5


def test_the_capture_itself() -> None:
    frames = download()
    capture = facts(frames).capture
    assert capture.packets == len(frames)
    assert capture.first_ns == round(START_S * 1e9)
    assert capture.duration_s == pytest.approx(frames[-1][0], abs=1e-6)
    assert (capture.dropped, capture.cut, capture.truncated_packets) == (None, None, 0)
    assert capture.unsupported_packets == 0
    assert capture.link_types == (101,)


def test_what_a_snaplen_cut_is_counted() -> None:
    assert facts(download(), snaplen=60).capture.truncated_packets > 0


def test_packets_of_other_protocols_are_counted_and_left_alone() -> None:
    sctp = (0.5, ip(CLIENT, SERVER, 132, b"\0" * 12))
    found = facts([*download(), sctp])
    assert found.capture.unsupported_packets == 1
    assert len(found.attempts) == 1


def test_bytes_that_the_capture_missed_are_counted_over_all_connections() -> None:
    talk = Connection(80, start_s=0.02)
    talk.client(GET)
    talk.server(OK, seen=False)
    talk.server(b"x")
    assert facts(talk.frames).capture.unseen_acked_bytes == len(OK)


def test_the_sessions_count_of_losses_is_believed() -> None:
    assert facts(download(), Session(packets_dropped=7)).capture.dropped == 7
    assert facts(download(), Session()).capture.dropped is None


def test_an_icmp_error_finds_its_query() -> None:
    asked = ask(query(f"{NAME}."), 40001)
    error = ip(RESOLVER, CLIENT, 1, icmp(3, 3, body=asked), ttl=63)
    found = facts([(0.0, asked), (0.004, error), (3.0, ip(CLIENT, SERVER, 17, udp(1, 2)))])
    assert found.dns[0].icmp_frames == (2,)
    assert found.attempts[0].reason == "unreachable"


def test_an_empty_capture_has_empty_facts(tmp_path: Path) -> None:
    with captures.files.open(write_pcap(tmp_path / "empty.pcap", [])) as capture:
        found = extract(capture)
    assert found.capture.packets == 0
    assert found.capture.duration_s == 0.0
    assert not found.attempts
    assert not found.connections


def test_the_same_bytes_give_the_same_facts() -> None:
    one, two = facts(download()), facts(download())
    assert one.attempts == two.attempts
    assert one.capture == two.capture

"""Packets that the prober sends, read back by badhop's own readers."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzers.dnsmessages import parse as parse_dns
from captures.files import open as open_capture
from captures.pathprobe.clienthello import USER_CANCELED, client_hello
from captures.pathprobe.packets import ROOT, SYN, Flow, checksum, datagram, echo, query, syn
from captures.pathprobe.seen import parse
from tests.packets import ACK, ip, tcp, write_pcap

FLOW4 = Flow("192.0.2.10", "203.0.113.5", 40000, 443)
FLOW6 = Flow("2001:db8::10", "2001:db8:1::5", 40000, 443)


@pytest.mark.parametrize("flow", [FLOW4, FLOW6], ids=["IPv4", "IPv6"])
def test_syn(flow: Flow) -> None:
    packet = syn(flow, 3, 0x12345678)
    seen = parse(packet)
    assert seen is not None
    assert (seen.source, seen.destination, seen.ports) == (
        flow.source,
        flow.destination,
        (40000, 443),
    )
    assert (seen.number, seen.flags, seen.payload) == (0x12345678, SYN, 0)
    assert packet[8 if flow is FLOW4 else 7] == 3


@pytest.mark.parametrize("flow", [FLOW4, FLOW6], ids=["IPv4", "IPv6"])
def test_echoes_share_one_checksum(flow: Flow) -> None:
    at = 22 if flow is FLOW4 else 42
    sums = {echo(flow, 2, 77, number)[at : at + 2] for number in (1, 2, 500, 0xFFFF)}
    assert len(sums) == 1


def test_an_echo_can_be_as_long_as_a_full_packet() -> None:
    assert len(echo(FLOW4, 2, 77, 1, 1500)) == len(echo(FLOW6, 2, 77, 1, 1500)) == 1500


def test_checksums_are_right() -> None:
    packet = datagram(FLOW4, 9, 4711, b"odd")
    ends = packet[12:20]
    pseudo = ends + bytes((0, 17)) + len(packet[20:]).to_bytes(2, "big")
    assert checksum(pseudo + packet[20:]) == 0
    assert packet[4:6] == (4711).to_bytes(2, "big")
    message = echo(FLOW4, 2, 77, 5)[20:]
    assert checksum(message) == 0


def test_query() -> None:
    message = parse_dns(query(99, "mod.example.org"))
    assert message is not None and message.whole
    assert (message.transaction_id, message.name, message.qtype) == (99, "mod.example.org", "A")
    root = parse_dns(query(1, ROOT))
    assert root is not None and (root.name, root.qtype) == (".", "NS")


@pytest.mark.parametrize("large", [False, True])
def test_client_hello_is_read_as_meant(tmp_path: Path, large: bool) -> None:
    import analyzers

    record = client_hello("proxy.example.org", large)
    client, server = "192.0.2.10", "203.0.113.5"
    syn_ack = tcp(443, 40000, 900, 101, SYN | ACK)
    frames = [
        (0.0, ip(client, server, 6, tcp(40000, 443, 100, 0, SYN))),
        (0.01, ip(server, client, 6, syn_ack, ttl=60)),
        (0.011, ip(client, server, 6, tcp(40000, 443, 101, 901, ACK))),
        (0.012, ip(client, server, 6, tcp(40000, 443, 101, 901, ACK, record))),
    ]
    with open_capture(write_pcap(tmp_path / "hello.pcap", frames)) as capture:
        (handshake,) = analyzers.extract(capture).handshakes
    hello = handshake.client_hello
    assert hello is not None and hello.complete
    assert (hello.sni, hello.size, hello.post_quantum) == ("proxy.example.org", len(record), large)
    assert not hello.is_go, "the download's own hellos must be told from the prober's"
    assert (len(record) > 1448) is large


def test_hellos_differ() -> None:
    assert client_hello("a.example", True) != client_hello("a.example", True)
    assert USER_CANCELED[0] == 21

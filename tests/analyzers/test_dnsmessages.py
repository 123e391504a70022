"""DNS messages: what whole, cut, odd and hostile ones say."""

from __future__ import annotations

import struct
import time

import dns.edns
import dns.flags
import dns.message
from hypothesis import given
from hypothesis import strategies as st

from analyzers.dnsmessages import MAX_RECORDS, parse
from tests.analyzers.talk import answer, query


def test_query_says_name_type_and_edns_size() -> None:
    message = parse(query("Proxy.Golang.org", "AAAA", ident=77, edns=1232))
    assert message is not None
    assert (message.name, message.qtype) == ("proxy.golang.org", "AAAA")
    assert (message.transaction_id, message.is_response, message.edns_size) == (77, False, 1232)


def test_query_without_edns() -> None:
    message = parse(query("a.test", edns=None))
    assert message is not None
    assert message.edns_size is None


def test_answer_keeps_records_in_order_and_follows_pointers() -> None:
    # Given a CNAME and two addresses, compressed as dnspython compresses them
    wire = answer(
        query("www.example.org"),
        "www.example.org. 300 IN CNAME cdn.example.net.",
        "cdn.example.net. 60 IN A 192.0.2.7",
        "cdn.example.net. 60 IN A 192.0.2.3",
    )
    # When it is read
    message = parse(wire)
    # Then data and lifetimes are those put in
    assert message is not None
    assert [(r.name, r.type, r.data, r.ttl_s) for r in message.answers] == [
        ("www.example.org", "CNAME", "cdn.example.net", 300),
        ("cdn.example.net", "A", "192.0.2.7", 60),
        ("cdn.example.net", "A", "192.0.2.3", 60),
    ]
    assert message.rcode == "NOERROR"
    assert message.recursion_available
    assert message.whole


def test_rcodes_as_iana_spells_them() -> None:
    names = {1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
    for code, name in names.items():
        message = parse(answer(query("a.test"), rcode=code))
        assert message is not None
        assert message.rcode == name


def test_extended_rcode_is_put_together_with_edns() -> None:
    asked = dns.message.make_query("a.test", "A", use_edns=True)
    told = dns.message.make_response(asked)
    told.use_edns(0, ednsflags=1 << 24)
    message = parse(told.to_wire())
    assert message is not None
    # RFC 6891 section 9: 16 is BADVERS.
    assert message.rcode == "BADVERS"


def test_extended_dns_errors() -> None:
    told = dns.message.make_response(dns.message.from_wire(query("a.test")))
    errors = ((dns.edns.EDECode.NO_REACHABLE_AUTHORITY, "no servers"), (dns.edns.EDECode(6),))
    told.use_edns(0, options=[dns.edns.EDEOption(*e) for e in errors])
    message = parse(told.to_wire())
    assert message is not None
    assert message.extended_errors == ((22, "no servers"), (6, ""))


def test_truncated_and_authoritative_flags() -> None:
    message = parse(answer(query("a.test"), flags=dns.flags.TC | dns.flags.AA))
    assert message is not None
    assert message.truncated
    assert message.authoritative


def test_response_without_question() -> None:
    message = parse(struct.pack("!HHHHHH", 9, 0x8001, 0, 0, 0, 0))
    assert message is not None
    assert (message.name, message.rcode, message.is_response) == (None, "FORMERR", True)


def test_cut_answer_keeps_what_is_there() -> None:
    wire = answer(query("a.test"), "a.test. 60 IN A 192.0.2.1", "a.test. 60 IN AAAA 2001:db8::1")
    # An A record is 16 bytes with its pointer, AAAA 28, OPT 11: the cut goes through AAAA.
    message = parse(wire[: len(wire) - 11 - 8])
    assert message is not None
    assert [r.data for r in message.answers] == ["192.0.2.1"]
    assert not message.whole


def test_root_and_unknown_types_have_names() -> None:
    message = parse(query(".", "TYPE65280"))
    assert message is not None
    assert (message.name, message.qtype) == (".", "TYPE65280")


def test_what_is_no_query_is_none() -> None:
    assert parse(b"\0" * 11) is None
    # Opcode 5 is UPDATE; two questions; a byte stream of some VPN.
    assert parse(struct.pack("!HHHHHH", 1, 5 << 11, 1, 0, 0, 0)) is None
    assert parse(struct.pack("!HHHHHH", 1, 0, 2, 0, 0, 0)) is None


def test_pointer_loops_end() -> None:
    wire = struct.pack("!HHHHHH", 1, 0x8000, 1, 9, 0, 0) + b"\xc0\x0c" + b"\0\1\0\1"
    message = parse(wire)
    assert message is not None
    assert message.name is None
    assert message.answers == ()


def test_records_without_end_are_cut_off() -> None:
    question = b"\1a\0\0\1\0\1"
    record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\1\2\3\4"
    wire = struct.pack("!HHHHHH", 1, 0x8000, 1, 0xFFFF, 0, 0) + question + record * 4000
    message = parse(wire)
    assert message is not None
    assert len(message.answers) == MAX_RECORDS


def test_pointer_chains_made_to_take_long_do_not() -> None:
    # Given 16 kB of pointers, each to the one before, and records whose names are their ends
    head = struct.pack("!HHHHHH", 1, 0x8000, 1, 4000, 0, 0) + b"\0\0\1\0\1"
    chain = b"".join(struct.pack("!H", 0xC000 | (17 + 2 * i - 2)) for i in range(1, 8000))
    record = struct.pack("!H", 0xC000 | 0x3FFE) + b"\0\1\0\1\0\0\0\1\0\0"
    began = time.process_time()
    parse(head + chain + record * 4000)
    # Then it takes no time worth the name (dnspython: 30 s)
    assert time.process_time() - began < 0.5


@given(st.binary(max_size=600))
def test_garbage_is_read_or_none(data: bytes) -> None:
    parse(data)


@given(st.integers(0, 120), st.integers(0, 255), st.integers(0, 120), st.integers(0, 255))
def test_damaged_answers_are_read_or_none(at: int, value: int, other: int, cut: int) -> None:
    wire = bytearray(
        answer(
            query("www.example.org"),
            "www.example.org. 300 IN CNAME cdn.example.net.",
            "cdn.example.net. 60 IN A 192.0.2.7",
        )
    )
    wire[at % len(wire)] = value
    wire[other % len(wire)] = cut
    parse(bytes(wire[: max(12, len(wire) - cut % 40)]))

"""DNS exchanges: retries joined, answers matched, duplicates and forgeries kept."""

from __future__ import annotations

import struct

import pytest

from tests.analyzers.talk import (
    CLIENT,
    CLIENT6,
    ICMP,
    RESOLVER,
    RESOLVER6,
    ROUTER,
    UDP,
    answer,
    ask,
    exchanges_in,
    query,
    tell,
)
from tests.packets import Frame, icmp, ip, udp

NAME = "proxy.example.org"
A_RECORD = f"{NAME}. 60 IN A 192.0.2.80"


def test_query_and_answer() -> None:
    asked = query(NAME, ident=7)
    (one,) = exchanges_in(
        [(0.0, ask(asked, 5000)), (0.02, tell(answer(asked, A_RECORD), 5000, ip_id=99, ttl=61))]
    )
    assert (one.name, one.qtype, one.client, one.server) == (NAME, "A", CLIENT, RESOLVER)
    assert (one.transport, one.stream, one.server_port) == ("udp", None, 53)
    assert one.queries[0].frame == 1
    assert (one.queries[0].source_port, one.queries[0].transaction_id) == (5000, 7)
    assert (one.queries[0].edns_size, one.queries[0].ip_ttl) == (1232, 64)
    assert one.response is not None
    assert one.response.latency_s == pytest.approx(0.02)
    assert one.response.addresses == ("192.0.2.80",)
    assert (one.response.ip_ttl, one.response.ip_id) == (61, 99)
    assert one.response.ip_dont_fragment
    assert one.frames == (1, 2)


def test_retry_of_go_has_a_new_id_and_port() -> None:
    # Given go's second try after 5 s (go-facts 1.5)
    first, second = query(NAME, ident=1), query(NAME, ident=2)
    (one,) = exchanges_in(
        [
            (0.0, ask(first, 5000)),
            (5.0, ask(second, 6000)),
            (5.03, tell(answer(second, A_RECORD), 6000)),
        ]
    )
    # Then it is one exchange, and the answer is to its second query
    assert [q.source_port for q in one.queries] == [5000, 6000]
    assert one.response is not None
    assert one.response.latency_s == pytest.approx(0.03)


def test_retry_of_glibc_has_the_same_id() -> None:
    asked = query(NAME, ident=1)
    (one,) = exchanges_in([(0.0, ask(asked, 5000)), (5.0, ask(asked, 5000))])
    assert len(one.queries) == 2
    assert one.rcode is None


def test_same_question_after_its_answer_is_a_new_exchange() -> None:
    first, second = query(NAME, ident=1), query(NAME, ident=2)
    found = exchanges_in(
        [
            (0.0, ask(first, 5000)),
            (0.1, tell(answer(first, A_RECORD), 5000)),
            (0.2, ask(second, 6000)),
        ]
    )
    assert [len(e.responses) for e in found] == [1, 0]
    assert [e.index for e in found] == [0, 1]


def test_same_question_long_after_is_a_new_exchange() -> None:
    found = exchanges_in(
        [(0.0, ask(query(NAME, ident=1), 5000)), (31.0, ask(query(NAME, ident=2), 6000))]
    )
    assert len(found) == 2


def test_two_askers_at_once_are_two_exchanges() -> None:
    found = exchanges_in(
        [(0.0, ask(query(NAME, ident=1), 5000)), (0.01, ask(query(NAME, ident=2), 6000))]
    )
    assert len(found) == 2


def test_other_server_client_or_type_is_another_exchange() -> None:
    asked = query(NAME)
    found = exchanges_in(
        [
            (0.0, ask(asked, 5000)),
            (5.0, ask(asked, 5000, server="10.9.0.54")),
            (5.1, ask(asked, 5000, client="10.1.0.3")),
            (5.2, ask(query(NAME, "AAAA"), 5000)),
        ]
    )
    assert len(found) == 4


def test_new_lookup_is_told_from_a_retry_by_its_answered_sibling() -> None:
    """go asks A and AAAA together; AAAA is never answered, A always is (go-facts D19)."""
    frames: list[Frame] = []
    # Given a lookup with its two tries of AAAA, and the next lookup right after it gave up
    for start_s, port in ((0.0, 5000), (10.0, 6000)):
        four, six = query(NAME, ident=port), query(NAME, "AAAA", ident=port + 1)
        frames += [
            (start_s, ask(six, port + 1)),
            (start_s + 0.0001, ask(four, port)),
            (start_s + 0.02, tell(answer(four, A_RECORD), port)),
            (start_s + 5.0, ask(query(NAME, "AAAA", ident=port + 2), port + 2)),
        ]
    found = exchanges_in(frames)
    # Then each AAAA exchange has its own two queries, and none of the other lookup's
    times = [[q.time_s for q in e.queries] for e in found if e.qtype == "AAAA"]
    assert times == [pytest.approx([0.0, 5.0]), pytest.approx([10.0, 15.0])]


def test_contradicting_answers_are_kept_in_order() -> None:
    """DNS injection: two answers to one query id that disagree."""
    asked = query(NAME, ident=7)
    (one,) = exchanges_in(
        [
            (0.0, ask(asked, 5000)),
            (0.001, tell(answer(asked, f"{NAME}. 60 IN A 198.18.0.1"), 5000, ttl=60, ip_id=1)),
            (0.030, tell(answer(asked, A_RECORD), 5000, ttl=61, ip_id=2)),
        ]
    )
    assert [r.addresses for r in one.responses] == [("198.18.0.1",), ("192.0.2.80",)]
    assert [r.ip_ttl for r in one.responses] == [60, 61]
    assert [r.transaction_id for r in one.responses] == [7, 7]
    assert [r.latency_s for r in one.responses] == pytest.approx([0.001, 0.030])


def test_datagram_captured_twice_counts_once() -> None:
    """`-i any` shows a packet at every interface it crosses."""
    asked = query(NAME)
    told = tell(answer(asked, A_RECORD), 5000, ip_id=9)
    (one,) = exchanges_in(
        [
            (0.0, ask(asked, 5000, ip_id=3)),
            (0.0002, ask(asked, 5000, ip_id=3)),
            (0.02, told),
            (0.0203, told),
        ]
    )
    assert (len(one.queries), len(one.responses)) == (1, 1)


def test_answer_sent_twice_counts_twice() -> None:
    asked = query(NAME)
    told = answer(asked, A_RECORD)
    (one,) = exchanges_in(
        [
            (0.0, ask(asked, 5000)),
            (0.02, tell(told, 5000, ip_id=9)),
            (0.0203, tell(told, 5000, ip_id=10)),
        ]
    )
    assert len(one.responses) == 2


def test_response_to_another_question_does_not_answer() -> None:
    """A home router swaps the answers: AAAA data under the A query's id (go issue 35521)."""
    asked = query(NAME, "A", ident=7)
    (one,) = exchanges_in(
        [(0.0, ask(asked, 5000)), (0.02, tell(answer(query(NAME, "AAAA", ident=7)), 5000))]
    )
    assert [r.question_matches for r in one.responses] == [False]
    assert one.response is None
    assert one.rcode is None


def test_error_without_question_answers() -> None:
    """Old servers answer EDNS with a bare header (go-facts D5)."""
    asked = query(NAME, ident=7)
    bare = struct.pack("!HHHHHH", 7, 0x8001, 0, 0, 0, 0)
    (one,) = exchanges_in([(0.0, ask(asked, 5000)), (0.02, tell(bare, 5000))])
    assert one.rcode == "FORMERR"


def test_response_alone() -> None:
    told = answer(query(NAME), A_RECORD)
    (one,) = exchanges_in([(0.0, tell(told, 5000))])
    assert one.queries == ()
    assert one.name == NAME
    assert one.responses[0].latency_s is None


def test_icmp_error_and_the_retry_that_follows_at_once() -> None:
    # Given a resolver whose port is closed: the client hears it at once and tries again
    frames: list[Frame] = []
    for number, time_s in ((1, 0.0), (2, 0.001)):
        asked = ask(query(NAME, ident=number), 5000 + number, ip_id=number)
        error = ip(RESOLVER, CLIENT, ICMP, icmp(3, 3, body=asked[:28]), ttl=63)
        frames += [(time_s, asked), (time_s + 0.0005, error)]
    # Then both tries are one exchange with both errors
    (one,) = exchanges_in(frames)
    assert len(one.queries) == 2
    assert one.icmp_frames == (2, 4)


def test_icmp_error_about_an_answer_is_no_error_about_the_query() -> None:
    asked = query(NAME)
    told = tell(answer(asked, A_RECORD), 5000)
    late = ip(CLIENT, RESOLVER, ICMP, icmp(3, 3, body=told[:28]))
    (one,) = exchanges_in([(0.0, ask(asked, 5000)), (0.02, told), (0.03, told), (0.031, late)])
    assert one.icmp_frames == ()


def test_icmp_error_from_a_router() -> None:
    asked = ask(query(NAME), 5000)
    error = ip(ROUTER, CLIENT, ICMP, icmp(3, 13, body=asked[:28]))
    (one,) = exchanges_in([(0.0, asked), (0.001, error)])
    assert one.icmp_frames == (2,)


def test_ipv6() -> None:
    asked = query(NAME, "AAAA")
    (one,) = exchanges_in(
        [
            (0.0, ask(asked, 5000, client=CLIENT6, server=RESOLVER6)),
            (
                0.01,
                tell(
                    answer(asked, f"{NAME}. 60 IN AAAA 2001:db8:80::80"),
                    5000,
                    client=CLIENT6,
                    server=RESOLVER6,
                ),
            ),
        ]
    )
    assert one.server == RESOLVER6
    assert one.response is not None
    assert one.response.addresses == ("2001:db8:80::80",)


def test_forwarder_has_two_exchanges() -> None:
    """systemd-resolved: the client asks 127.0.0.53, that asks upstream."""
    asked, onward = query(NAME, ident=1), query(NAME, ident=2)
    found = exchanges_in(
        [
            (0.0, ask(asked, 5000, client="127.0.0.1", server="127.0.0.53")),
            (0.001, ask(onward, 6000)),
            (0.02, tell(answer(onward, A_RECORD), 6000)),
            (
                0.021,
                tell(answer(asked, A_RECORD), 5000, client="127.0.0.1", server="127.0.0.53"),
            ),
        ]
    )
    assert [(e.client, e.server) for e in found] == [
        ("127.0.0.1", "127.0.0.53"),
        (CLIENT, RESOLVER),
    ]
    assert all(e.rcode == "NOERROR" for e in found)
    assert [e.forwarded_for for e in found] == [None, 0]


def test_both_halves_of_a_forwarding_gateway() -> None:
    """A router between two networks: its own server asks on, with other ids, twice."""
    inside, gateway = "10.1.0.7", "10.1.0.1"
    first, other = query(NAME, ident=1), query("other.example.org", ident=2)
    onward, retry = query(NAME, ident=901), query(NAME, ident=902)
    frames = [
        (0.0, ask(first, 5000, client=inside, server=gateway)),
        (0.001, ask(onward, 6000, client=gateway)),
        (0.002, ask(other, 6001, client=gateway)),
        (2.0, ask(retry, 6002, client=gateway, server="10.9.0.54")),
        (2.02, tell(answer(retry, A_RECORD), 6002, client=gateway, server="10.9.0.54")),
        (2.03, tell(answer(first, A_RECORD), 5000, client=inside, server=gateway)),
        (2.5, ask(query(NAME, ident=903), 6003, client=gateway, server="10.9.0.54")),
    ]
    found = exchanges_in(frames)
    # The other question, and the one after the answer, are the gateway's own.
    assert [e.forwarded_for for e in found] == [None, 0, None, 0, None]


def test_two_clients_of_one_resolver_forward_nothing() -> None:
    a, b = query(NAME, ident=1), query(NAME, ident=2)
    found = exchanges_in([(0.0, ask(a, 5000)), (0.001, ask(b, 5001, client="10.1.0.9"))])
    assert [e.forwarded_for for e in found] == [None, None]


def test_names_that_lead_to_others() -> None:
    asked = query(NAME)
    records = (
        f"{NAME}. 60 IN CNAME edge.example.net.",
        "edge.example.net. 60 IN CNAME a.cdn.example.",
        "a.cdn.example. 60 IN A 192.0.2.80",
    )
    (one,) = exchanges_in([(0.0, ask(asked, 5000)), (0.01, tell(answer(asked, *records), 5000))])
    assert one.aliases == ("edge.example.net", "a.cdn.example")
    circle = (f"{NAME}. 60 IN CNAME b.example.", f"b.example. 60 IN CNAME {NAME}.")
    (one,) = exchanges_in([(0.0, ask(asked, 5000)), (0.01, tell(answer(asked, *circle), 5000))])
    assert one.aliases == ("b.example",)


@pytest.mark.parametrize(
    ("second", "differ"),
    [
        ((A_RECORD,), False),
        ((f"{NAME}. 7 IN A 192.0.2.80",), False),
        ((f"{NAME}. 60 IN A 192.0.2.81",), True),
        ((), True),
    ],
)
def test_answers_that_differ(second: tuple[str, ...], differ: bool) -> None:
    asked = query(NAME)
    frames = [(0.0, ask(asked, 5000)), (0.01, tell(answer(asked, A_RECORD), 5000, ip_id=1))]
    frames.append((0.02, tell(answer(asked, *second), 5000, ip_id=2)))
    (one,) = exchanges_in(frames)
    assert len(one.responses) == 2
    assert one.answers_differ is differ


@pytest.mark.parametrize(("group", "port"), [("224.0.0.251", 5353), ("224.0.0.252", 5355)])
def test_names_asked_of_the_neighbourhood_are_no_dns(group: str, port: int) -> None:
    """mDNS and LLMNR (RFC 6762, 4795): nobody need answer."""
    asked = query("printer.local", ident=0)
    frames = [(0.1 * n, ip(CLIENT, group, UDP, udp(port, port, asked))) for n in range(4)]
    assert exchanges_in(frames) == ()

"""Lookups: which exchanges are one, what they resolve to, and search-list tries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.facts import DnsExchange, DnsLookup, DnsQuery, DnsRecord, DnsResponse
from analyzers.lookups import lookups

NAME = "proxy.example.org"


def asked(
    start_s: float,
    qtype: str = "A",
    took_s: float | None = 0.02,
    *,
    name: str = NAME,
    rcode: str = "NOERROR",
    data: Sequence[str] = (),
    server: str = "10.9.0.53",
    client: str = "10.1.0.2",
    again_s: Sequence[float] = (),
    stream: int | None = None,
    truncated: bool = False,
) -> DnsExchange:
    """An exchange; `took_s` None: without an answer; `again_s`: times of its retries."""
    times = (start_s, *again_s)
    response = DnsResponse(
        frame=2,
        time_s=times[-1] + (took_s or 0.0),
        transaction_id=1,
        rcode=rcode,
        answers=tuple(DnsRecord(name, "AAAA" if ":" in d else "A", d, 60) for d in data),
        whole=True,
        truncated=truncated,
        authoritative=False,
        recursion_available=True,
        has_edns=True,
        extended_errors=(),
        ip_ttl=63,
        ip_id=0,
        ip_dont_fragment=True,
        latency_s=took_s,
    )
    return DnsExchange(
        index=0,
        name=name,
        qtype=qtype,
        client=client,
        server=server,
        server_port=53,
        transport="udp" if stream is None else "tcp",
        stream=stream,
        queries=tuple(DnsQuery(1, time_s, 5000, 1, 1232, 64) for time_s in times),
        responses=(response,) if took_s is not None else (),
        icmp_frames=(),
    )


def grouped(*exchanges: DnsExchange) -> tuple[DnsLookup, ...]:
    return lookups([replace(e, index=i) for i, e in enumerate(exchanges)])


def test_a_and_aaaa_are_one_lookup() -> None:
    (one,) = grouped(
        asked(0.0, data=["192.0.2.1", "192.0.2.2"]),
        asked(0.001, "AAAA", 0.03, data=["2001:db8::1"]),
    )
    assert one.addresses == ("192.0.2.1", "192.0.2.2", "2001:db8::1")
    assert (one.start_s, one.end_s) == pytest.approx((0.0, 0.031))
    assert one.search_of is None


def test_aaaa_asked_after_a_was_answered_is_the_same_lookup() -> None:
    (one,) = grouped(asked(0.0, took_s=1.0), asked(1.01, "AAAA"))
    assert len(one.exchanges) == 2


def test_same_name_again_is_another_lookup() -> None:
    """go has no cache: every connection looks up (go-facts 1.4)."""
    found = grouped(asked(0.0), asked(0.0, "AAAA"), asked(0.05), asked(0.05, "AAAA"))
    assert [len(k.exchanges) for k in found] == [2, 2]
    assert [k.index for k in found] == [0, 1]


def test_other_clients_have_their_own() -> None:
    assert len(grouped(asked(0.0), asked(0.0, "AAAA", client="10.1.0.3"))) == 2


def test_next_server_after_a_time_out() -> None:
    (one,) = grouped(
        asked(0.0, took_s=None),
        asked(5.001, server="10.9.0.54", data=["192.0.2.1"]),
    )
    assert [e.server for e in one.exchanges] == ["10.9.0.53", "10.9.0.54"]
    assert one.end_s == pytest.approx(5.021)


def test_next_server_after_servfail() -> None:
    (one,) = grouped(
        asked(0.0, rcode="SERVFAIL"), asked(0.021, server="10.9.0.54"), asked(0.05, "AAAA")
    )
    assert len(one.exchanges) == 3


def test_tcp_after_truncation_gives_the_addresses() -> None:
    (one,) = grouped(
        asked(0.0, truncated=True, data=["192.0.2.66"]), asked(0.03, stream=4, data=["192.0.2.1"])
    )
    assert one.addresses == ("192.0.2.1",)


def test_next_try_after_tcp_in_vain() -> None:
    """go-facts D9: TCP/53 is dropped, which no DNS message shows."""
    (one,) = grouped(asked(0.0, truncated=True), asked(5.025, truncated=True))
    assert len(one.exchanges) == 2


def test_one_type_never_answered() -> None:
    """go-facts D19: A at once, AAAA twice in vain."""
    (one,) = grouped(asked(0.0, data=["192.0.2.1"]), asked(0.0, "AAAA", None, again_s=[5.0]))
    assert one.end_s == 5.0


def test_two_such_lookups_in_a_row_stay_two() -> None:
    # Given the second one's AAAA on the wire before its A
    found = grouped(
        asked(0.0),
        asked(0.0, "AAAA", None, again_s=[5.0]),
        asked(10.0, "AAAA", None, again_s=[15.0]),
        asked(10.0001),
    )
    assert [[e.qtype for e in k.exchanges] for k in found] == [["A", "AAAA"], ["AAAA", "A"]]


def test_first_response_counts() -> None:
    forged = asked(0.0, data=["198.18.0.1"])
    both = replace(forged, responses=forged.responses + asked(0.0, data=["192.0.2.1"]).responses)
    assert grouped(both)[0].addresses == ("198.18.0.1",)


def test_other_types_are_no_lookup() -> None:
    assert grouped(asked(0.0, "HTTPS"), asked(0.0, "PTR"), asked(0.0, "TXT")) == ()


def test_search_list_before_the_name_proper() -> None:
    """Kubernetes' ndots:5: every suffix first (go-facts 1.8)."""
    found = grouped(
        asked(0.0, name=f"{NAME}.default.svc.cluster.local", rcode="NXDOMAIN"),
        asked(0.03, name=f"{NAME}.svc.cluster.local", rcode="NXDOMAIN"),
        asked(0.06, name=f"{NAME}.cluster.local", rcode="NXDOMAIN"),
        asked(0.09, data=["192.0.2.1"]),
    )
    assert [k.search_of for k in found] == [NAME, NAME, NAME, None]


def test_search_list_after_the_name_proper() -> None:
    """go-facts D18: NXDOMAIN, then a wildcard in the search domain."""
    found = grouped(
        asked(0.0, rcode="NXDOMAIN"), asked(0.03, name=f"{NAME}.corp.test", data=["10.0.0.9"])
    )
    assert [k.search_of for k in found] == [None, NAME]


def test_search_list_behind_time_outs() -> None:
    found = grouped(asked(0.0, took_s=None, name=f"{NAME}.corp.test", again_s=[5.0]), asked(10.001))
    assert [k.search_of for k in found] == [NAME, None]


def test_longer_name_at_another_time_is_its_own() -> None:
    found = grouped(asked(0.0), asked(60.0, name=f"{NAME}.corp.test"))
    assert [k.search_of for k in found] == [None, None]


def test_longer_name_of_another_client_is_its_own() -> None:
    found = grouped(asked(0.0), asked(0.03, name=f"{NAME}.corp.test", client="10.1.0.9"))
    assert [k.search_of for k in found] == [None, None]


def test_tries_of_the_longest_name_proper() -> None:
    """Both "mirror" and "mirror.corp.test" are names that are asked for."""
    found = grouped(
        asked(0.0, name="mirror.corp.test.corp.test", rcode="NXDOMAIN"),
        asked(0.03, name="mirror.corp.test"),
        asked(0.06, name="mirror"),
    )
    assert found[0].search_of == "mirror.corp.test"


@given(
    st.lists(
        st.tuples(
            st.floats(0, 20),
            st.sampled_from(["A", "AAAA", "MX"]),
            st.none() | st.floats(0, 6),
            st.sampled_from(["a.test", "a.test.corp", "a", ""]),
            st.sampled_from(["NOERROR", "SERVFAIL"]),
        ),
        max_size=20,
    )
)
def test_every_address_question_is_in_one_lookup(
    questions: list[tuple[float, str, float | None, str, str]],
) -> None:
    exchanges = [
        asked(start_s, qtype, took_s, name=name, rcode=rcode)
        for start_s, qtype, took_s, name, rcode in questions
    ]
    found = grouped(*exchanges)
    wanted = sum(1 for e in exchanges if e.qtype != "MX" and e.name)
    assert sum(len(k.exchanges) for k in found) == wanted
    assert [k.index for k in found] == list(range(len(found)))
    assert all(k.start_s <= k.end_s for k in found)

"""Two answers to one query that cannot be one server's, and pairs of answers that can."""

from __future__ import annotations

import pytest

from analyzers.facts import DnsExchange, DnsResponse
from diagnostics.verdict import Role
from tests.diagnostics.findings import found, frames, only, place, root_of
from tests.factories import (
    OTHER,
    SERVER,
    Part,
    facts,
    fetched,
    frame_at,
    query,
    question,
    resolved,
    response,
    unconnected,
)

CODE = "dns.forged"
FORGED = response(0.004, OTHER, ip_ttl=63, latency_s=0.004, has_edns=False)
GENUINE = response(0.01, SERVER)
LED_ASTRAY = unconnected(0.05, 1.05, 3.05, address=OTHER, last_s=3.05)


def test_the_ttl_of_the_forged_answer_places_the_box() -> None:
    forged = facts(question([0.0], [FORGED, GENUINE]), LED_ASTRAY, duration_s=30.0)
    finding = only(CODE, forged)
    assert place(finding) == (Role.MIDDLEBOX, None, (2, 2))
    assert frames(finding) == {frame_at(t) for t in (0.0, 0.004, 0.01)}
    assert finding.impact_s == pytest.approx(3.05, abs=0.05)
    assert root_of(forged) == ("failed", CODE)


@pytest.mark.parametrize("ttl", [62, 61], ids=["the resolver's", "from farther away"])
def test_a_copied_ttl_only_says_that_the_box_is_before_the_resolver(ttl: int) -> None:
    first = response(0.004, OTHER, ip_ttl=ttl, authoritative=True)
    forged = facts(question([0.0], [first, GENUINE]), LED_ASTRAY)
    assert place(only(CODE, forged)) == (Role.MIDDLEBOX, None, (1, 3))


def test_made_up_ttls_place_nobody() -> None:
    """Some injectors give each copy another TTL."""
    second = response(0.005, OTHER, ip_ttl=113, latency_s=0.005, has_edns=False)
    forged = facts(question([0.0], [FORGED, second, GENUINE]), LED_ASTRAY)
    assert place(only(CODE, forged)) == (Role.MIDDLEBOX, None, (1, 3))


def test_a_ttl_of_no_path_is_made_up_too() -> None:
    """Nothing of the resolver comes through: all copies are forged."""
    last = response(0.01, SERVER, ip_ttl=90, latency_s=0.01)
    forged = facts(question([0.0], [FORGED, last]), LED_ASTRAY)
    finding = only(CODE, forged)
    assert finding.hop.distance != (2, 2)
    assert "made up" in finding.evidence[0].text


def test_a_forged_denial_counts_too() -> None:
    denied = response(0.004, rcode="NXDOMAIN", ip_ttl=63, has_edns=False)
    forged = facts(question([0.0], [denied, GENUINE]))
    assert place(only(CODE, forged)) == (Role.MIDDLEBOX, None, (2, 2))
    assert root_of(forged) == ("failed", CODE)


def test_what_a_stub_hands_on_leads_astray_too() -> None:
    """A capture on all interfaces of a machine with systemd-resolved: go asks the stub."""
    asked = question([0.0], [response(0.02, OTHER)], server="127.0.0.53", client="127.0.0.1")
    upstream = question([query(0.001, port=50_000)], [FORGED, GENUINE])
    forged = facts(asked, upstream, LED_ASTRAY, duration_s=30.0)
    assert root_of(forged) == ("failed", CODE)
    assert only(CODE, forged).impact_s == pytest.approx(3.05, abs=0.05)


def test_what_was_asked_of_the_wrong_address_follows_from_it() -> None:
    forged = facts(question([0.0], [FORGED, GENUINE]), LED_ASTRAY, duration_s=30.0)
    assert found("tcp.syn_timeout", forged)
    assert root_of(forged) == ("failed", CODE)


AGAIN = response(0.012, SERVER, frame=99)
SHUFFLED = response(0.01, "198.51.100.8", SERVER)
NEXT = response(5.01, OTHER, transaction_id=8, ip_ttl=61)
ROTATED = response(5.01, "198.51.100.8", latency_s=0.01)


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(question([0.0], [GENUINE, AGAIN]), id="one answer, twice"),
        pytest.param(
            question([0.0], [GENUINE, response(0.012, SERVER, ip_ttl=61)]),
            id="one answer, twice, over two ways",
        ),
        pytest.param(question([0.0], [GENUINE, SHUFFLED]), id="an address more"),
        pytest.param(question([0.0, 5.0], [GENUINE, ROTATED]), id="a set that rotates"),
        pytest.param(
            question([0.0], [GENUINE, response(0.012, "198.51.100.8")]),
            id="two answers of one server that rotates",
        ),
        pytest.param(
            question([0.0], [response(0.01, whole=False, ip_ttl=63), GENUINE]),
            id="the capture cut one of them",
        ),
        pytest.param(
            question(
                [query(0.0), query(5.0, number=8)],
                [GENUINE, response(5.01, OTHER, transaction_id=8, ip_ttl=61)],
            ),
            id="the next query, another anycast server",
        ),
    ],
)
def test_a_resolver_may_answer_differently_by_itself(asked: DnsExchange) -> None:
    assert not found(CODE, facts(asked, fetched()))


def lone(answer: DnsResponse, others: int) -> list[Part]:
    """One answer, and others of the same server for other names."""
    known = [resolved(SERVER, at_s=1.0 + i, name=f"n{i}.example.org") for i in range(others)]
    return [question([0.0], [answer]), *(e for pair in known for e in pair)]


def test_a_lone_answer_from_elsewhere_sooner_than_any_is_forged() -> None:
    quick = response(0.002, OTHER, ip_ttl=63, latency_s=0.002)
    assert place(only(CODE, facts(lone(quick, 2), LED_ASTRAY)))[2] == (2, 2)


def test_a_ttl_that_answers_for_other_names_have_too_is_the_servers() -> None:
    """Two ways to the resolver, or two machines behind its address."""
    quick = response(0.002, SERVER, ip_ttl=63, latency_s=0.002)
    again = question([8.0], [response(8.01, SERVER, ip_ttl=63)], name="n9.example.org")
    assert not found(CODE, facts(lone(quick, 2), again, fetched()))


@pytest.mark.parametrize(
    ("answer", "others"),
    [
        pytest.param(response(0.03, SERVER, ip_ttl=61, latency_s=0.03), 2, id="later: a detour"),
        pytest.param(response(0.002, SERVER, latency_s=0.002), 2, id="sooner: a cache"),
        pytest.param(response(0.002, SERVER, ip_ttl=63, latency_s=0.002), 0, id="no comparison"),
    ],
)
def test_one_odd_sign_convicts_nobody(answer: DnsResponse, others: int) -> None:
    assert not found(CODE, facts(lone(answer, others), fetched()))


def test_both_sides_of_a_nat_see_answers_with_other_ttls() -> None:
    """A capture on all interfaces of a container host: each answer arrives, and is passed on."""
    outside = [
        question([query(0.001)], [response(0.011, SERVER, latency_s=0.010)]),
        question([query(0.002)], [response(0.012, SERVER, latency_s=0.010)], qtype="AAAA"),
    ]
    early = [response(0.004, SERVER, latency_s=0.004, ip_ttl=61)]
    inside = question([0.0], early, client="172.17.0.2")
    assert not found(CODE, facts(inside, outside, fetched()))

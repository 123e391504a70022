"""Questions and answers, made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from analyzers.facts import DnsExchange, DnsQuery, DnsRecord, DnsResponse
from tests.factories.world import CLIENT, NAME, RESOLVER, RESOLVER_TTL, frame_at


def query(
    at_s: float,
    *,
    edns: int | None = 1232,
    port: int = 40001,
    number: int = 7,
    whole: bool = True,
) -> DnsQuery:
    """One query, as go's resolver sends it."""
    return DnsQuery(frame_at(at_s), at_s, port, number, edns, 64, whole)


def response(at_s: float, *addresses: str, rcode: str = "NOERROR", **changes: Any) -> DnsResponse:
    """One response of the resolver with these addresses."""
    records = tuple(DnsRecord(NAME, "AAAA" if ":" in a else "A", a, 60) for a in addresses)
    genuine = DnsResponse(
        frame=frame_at(at_s),
        time_s=at_s,
        transaction_id=7,
        rcode=rcode,
        answers=records,
        whole=True,
        truncated=False,
        authoritative=False,
        recursion_available=True,
        has_edns=True,
        extended_errors=(),
        ip_ttl=RESOLVER_TTL,
        ip_id=4321,
        ip_dont_fragment=True,
        latency_s=0.01,
    )
    return replace(genuine, **changes)


def question(
    queries: Sequence[DnsQuery | float],
    responses: Sequence[DnsResponse] = (),
    *,
    name: str = NAME,
    qtype: str = "A",
    **changes: Any,
) -> DnsExchange:
    """One question with its retries, and what came back."""
    asked = DnsExchange(
        index=0,
        name=name,
        qtype=qtype,
        client=CLIENT,
        server=RESOLVER,
        server_port=53,
        transport="udp",
        stream=None,
        queries=tuple(q if isinstance(q, DnsQuery) else query(q) for q in queries),
        responses=tuple(responses),
        icmp_frames=(),
    )
    return replace(asked, **changes)


def resolved(
    *addresses: str, at_s: float = 0.0, name: str = NAME, took_s: float = 0.01, **changes: Any
) -> tuple[DnsExchange, DnsExchange]:
    """A lookup as go makes it: A and AAAA at once from two ports, both answered."""
    four = [a for a in addresses if ":" not in a]
    six = [a for a in addresses if ":" in a]
    said = {"rcode": changes.pop("rcode", "NOERROR"), "latency_s": took_s}
    a = response(at_s + took_s, *four, **said)
    aaaa = response(at_s + took_s + 0.002, *six, **said)
    return (
        question([query(at_s)], [a], name=name, **changes),
        question([query(at_s + 0.001, port=40002)], [aaaa], name=name, qtype="AAAA", **changes),
    )


def unanswered(*at_s: float, name: str = NAME, **changes: Any) -> tuple[DnsExchange, DnsExchange]:
    """A lookup that got nothing: A and AAAA asked at these times."""
    more = [query(t + 0.001, port=40002) for t in at_s]
    return (
        question(at_s, name=name, **changes),
        question(more, name=name, qtype="AAAA", **changes),
    )

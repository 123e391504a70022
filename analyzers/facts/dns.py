"""The vocabulary of DNS facts: queries, responses, exchanges, and the lookups they add up to."""

from __future__ import annotations

from captures.lazyclass import dataclass


@dataclass(frozen=True, slots=True)
class DnsQuery:
    """One query datagram (or TCP message)."""

    frame: int
    time_s: float
    source_port: int
    transaction_id: int
    edns_size: int | None
    """UDP payload size of the OPT record (RFC 6891); None without EDNS."""
    ip_ttl: int
    whole: bool = True
    """False: the capture's snaplen hides the rest of it, perhaps its OPT record."""


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """One resource record of an answer section."""

    name: str
    type: str
    data: str
    """Address or target name as text, "" for types that are not decoded."""
    ttl_s: int


@dataclass(frozen=True, slots=True)
class DnsResponse:
    """One response datagram (or TCP message)."""

    frame: int
    time_s: float
    transaction_id: int
    rcode: str
    """As IANA spells it: NOERROR, FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, …"""
    answers: tuple[DnsRecord, ...]
    whole: bool
    """Every announced record was read: a capture's snaplen hides the rest of an answer."""
    truncated: bool
    authoritative: bool
    recursion_available: bool
    has_edns: bool
    extended_errors: tuple[tuple[int, str], ...]
    """Extended DNS Errors (RFC 8914): code and text."""
    ip_ttl: int
    ip_id: int
    ip_dont_fragment: bool
    latency_s: float | None
    """Since the query it answers (same transaction id and ports)."""
    question_matches: bool = True
    """False when it repeats another question than the one asked: a resolver waits on."""
    fragments_missing: bool = False
    """Fragments of its datagram are not in the capture: lost on the way, or by the capture."""

    @property
    def unread(self) -> bool:
        """Addresses may be in the part that is not captured; errors are told at the start."""
        return not self.whole and self.rcode == "NOERROR"

    @property
    def addresses(self) -> tuple[str, ...]:
        """A and AAAA data in answer order."""
        return tuple(r.data for r in self.answers if r.type in ("A", "AAAA"))


@dataclass(frozen=True, slots=True)
class DnsExchange:
    """One question asked of one server over one transport, its retries joined."""

    index: int
    """Position in Facts.dns."""
    name: str
    """Lower case, without the trailing dot."""
    qtype: str
    client: str
    server: str
    server_port: int
    transport: str
    """"udp" or "tcp"."""
    stream: int | None
    """TCP stream when asked over TCP."""
    queries: tuple[DnsQuery, ...]
    """In time order; empty when only responses were captured."""
    responses: tuple[DnsResponse, ...]
    """In time order, duplicates and contradictions included."""
    icmp_frames: tuple[int, ...]
    """ICMP errors that quote one of the queries."""
    forwarded_for: int | None = None
    """Index of the exchange that its client, a forwarding resolver, asked it for."""

    @property
    def first_s(self) -> float:
        """Time of its first message."""
        return (self.queries or self.responses)[0].time_s

    @property
    def response(self) -> DnsResponse | None:
        """The first response to this very question: the one a stub resolver takes.

        Who asks again after one of which fragments are missing did not receive it.
        """
        last_s = self.queries[-1].time_s if self.queries else 0.0
        fit = (r for r in self.responses if r.question_matches)
        return next((r for r in fit if not r.fragments_missing or last_s <= r.time_s), None)

    @property
    def rcode(self) -> str | None:
        """Rcode of the response that a stub resolver takes; None when there is none."""
        return self.response.rcode if self.response else None

    @property
    def aliases(self) -> tuple[str, ...]:
        """Names that the response leads to, CNAME by CNAME, as far as it goes without a circle."""
        records = self.response.answers if self.response else ()
        targets = {r.name: r.data for r in reversed(records) if r.type == "CNAME"}
        found: dict[str, None] = {}
        name = targets.get(self.name)
        while name is not None and name not in found and name != self.name:
            found[name] = None
            name = targets.get(name)
        return tuple(found)

    @property
    def answers_differ(self) -> bool:
        """Its responses disagree: about the rcode, the addresses, or where the name leads to."""
        said = {
            (r.rcode, frozenset((a.type, a.data) for a in r.answers))
            for r in self.responses
            if r.question_matches and r.whole and not r.truncated
        }
        return len(said) > 1

    @property
    def frames(self) -> tuple[int, ...]:
        """Every frame of it, in order."""
        return tuple(sorted([q.frame for q in self.queries] + [r.frame for r in self.responses]))


@dataclass(frozen=True, slots=True)
class DnsLookup:
    """Everything a client asked to resolve one name once: A and AAAA, retries, servers, TCP."""

    index: int
    name: str
    client: str
    exchanges: tuple[DnsExchange, ...]
    start_s: float
    end_s: float
    """Last response, or the last query when nothing more came."""
    addresses: tuple[str, ...]
    """All distinct A and AAAA data of accepted responses (the first one to each question)."""
    search_of: str | None
    """The name proper, when this was a try with a search-list suffix."""

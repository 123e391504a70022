"""Everything the analyzers say about one capture: facts with frame numbers, no opinions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TYPE_CHECKING

from analyzers.facts.attempt import Attempt, Outcome, Stage
from analyzers.facts.capture import CaptureFacts, Comment, Interface
from analyzers.facts.dns import DnsExchange, DnsLookup, DnsQuery, DnsRecord, DnsResponse
from analyzers.facts.http import HttpExchange, InsideTls, StreamAbort
from analyzers.facts.path import Hop, Host, IcmpError, PathProbe, ProbeEnding, ProbeStep
from analyzers.facts.resets import BreakOff, Followed, LastSent, Reset
from analyzers.facts.side import Side
from analyzers.facts.tcp import (
    Connection,
    Dialogue,
    Half,
    LossSide,
    Overtaken,
    Pace,
    Retransmission,
    RetransmissionKind,
    RttSamples,
    Silence,
    Turn,
    ZeroWindow,
)
from analyzers.facts.tls import (
    Certificate,
    Chain,
    ClientHello,
    Decryption,
    HelloRetry,
    ServerHello,
    TlsAlert,
    TlsHandshake,
    TlsStage,
)
from captures.lazyclass import dataclass
from captures.session import Session

if TYPE_CHECKING:
    from analyzers.facts.vantage import Comparison

__all__ = [
    "Attempt",
    "BreakOff",
    "CaptureFacts",
    "Certificate",
    "Chain",
    "ClientHello",
    "Comment",
    "Connection",
    "Decryption",
    "Dialogue",
    "DnsExchange",
    "DnsLookup",
    "DnsQuery",
    "DnsRecord",
    "DnsResponse",
    "Facts",
    "Followed",
    "Half",
    "HelloRetry",
    "Hop",
    "Host",
    "HttpExchange",
    "IcmpError",
    "InsideTls",
    "Interface",
    "LastSent",
    "LossSide",
    "Outcome",
    "Overtaken",
    "Pace",
    "PathProbe",
    "ProbeEnding",
    "ProbeStep",
    "Reset",
    "Retransmission",
    "RetransmissionKind",
    "RttSamples",
    "ServerHello",
    "Side",
    "Silence",
    "Stage",
    "StreamAbort",
    "TlsAlert",
    "TlsHandshake",
    "TlsStage",
    "Turn",
    "ZeroWindow",
]


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """All facts of one capture (and of its session, when it was recorded by badhop)."""

    capture: CaptureFacts
    dns: tuple[DnsExchange, ...]
    lookups: tuple[DnsLookup, ...]
    connections: tuple[Connection, ...]
    handshakes: tuple[TlsHandshake, ...]
    requests: tuple[HttpExchange, ...]
    icmp: tuple[IcmpError, ...]
    hosts: Mapping[str, Host]
    hops: tuple[Hop, ...]
    attempts: tuple[Attempt, ...]
    session: Session | None
    decryption: Decryption = field(default_factory=Decryption)
    probes: tuple[PathProbe, ...] = ()

    @property
    def comparison(self) -> Comparison | None:
        """What a capture at another point, farther from the client, adds; None with one capture."""
        return None

    def connection(self, stream: int) -> Connection:
        """The connection with this stream number."""
        return self.connections[stream]

    def requests_of(self, stream: int) -> tuple[HttpExchange, ...]:
        """The HTTP exchanges on a connection, in clear and decrypted, in order."""
        return tuple(r for r in self.requests if r.stream == stream)

"""The verdict: outcome, root cause, findings and path, as `badhop/verdict/1` names them.

Rules build `Finding`s; the engine orders them into one `Verdict`; `diagnostics.report` prints it.
"""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from analyzers.facts import Stage
from captures.lazyclass import dataclass

SCHEMA = "badhop/verdict/1"


class Outcome(StrEnum):
    """What became of the download."""

    FAILED = "failed"
    DEGRADED = "degraded"
    HEALTHY = "healthy"
    INCONCLUSIVE = "inconclusive"


class Role(StrEnum):
    """What a hop is, from the client outwards."""

    CLIENT = "client"
    GATEWAY = "gateway"
    RESOLVER = "resolver"
    PROXY = "proxy"
    MIDDLEBOX = "middlebox"
    TRANSIT = "transit"
    SERVER = "server"
    UPSTREAM = "upstream"
    PATH = "path"


Distance = tuple[int, int]
"""Closed interval in IP hops from the capture point: client 0, gateway 1, …"""


@dataclass(frozen=True, slots=True)
class Hop:
    """Where the fault is, as narrowly as the capture allows."""

    role: Role
    address: str | None = None
    name: str | None = None
    distance: Distance | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is seen, and where anybody can see it in Wireshark."""

    text: str
    """With numbers, and the threshold they crossed."""
    frames: tuple[int, ...] = ()
    stream: int | None = None


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing to do; `command` can be pasted into a shell as it is."""

    text: str
    command: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One cause that the facts show, with its hop, cost, evidence and remedy."""

    hop: Hop
    summary: str
    """One sentence a person can act on."""
    evidence: tuple[Evidence, ...]
    fix: tuple[Fix, ...]
    confidence: float
    impact_s: float
    """Seconds of the download that it cost."""
    attempts: frozenset[int] = frozenset()
    """Indices of the attempts it accounts for; they decide whether the download failed by it."""
    streams: frozenset[int] = frozenset()
    """TCP streams it was seen on: a deeper cause on the same streams explains it."""
    fatal: bool = False
    """The go command gives up on this, whatever succeeds beside it."""
    delays_only: bool = False
    """It can fail an attempt only at its own stage: what got past it was late, not broken."""
    stage: Stage = Stage.RESPONSE
    """Where in a try it strikes: of several blocking causes the earliest is the root."""
    cause: str = ""
    """Filled in by the registry from the rule's place."""
    id: str = ""
    """F1, F2, … filled in by the engine."""
    explained_by: str | None = None
    explains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RttSummary:
    """Round-trip times to one hop, in milliseconds."""

    min: float
    median: float
    p95: float


@dataclass(frozen=True, slots=True)
class PathHop:
    """One known hop on the way."""

    distance: int | None
    role: Role
    address: str | None
    name: str | None = None
    rtt_ms: RttSummary | None = None
    loss: float | None = None
    """Share of packets lost on the way there, 0 to 1; None when it cannot be told."""


@dataclass(frozen=True, slots=True)
class TimeSpent:
    """Where the wall time of the download went, in seconds; the parts add up to the total."""

    total_s: float = 0.0
    dns_s: float = 0.0
    connect_s: float = 0.0
    tls_s: float = 0.0
    wait_s: float = 0.0
    transfer_s: float = 0.0
    stall_s: float = 0.0
    client_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CaptureSummary:
    """Which capture was judged."""

    files: tuple[str, ...]
    packets: int
    bytes: int
    first: str | None
    """RFC 3339, UTC; None without packets."""
    last: str | None
    dropped: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one capture."""

    outcome: Outcome
    root_cause: Finding | None
    findings: tuple[Finding, ...]
    """Root cause first."""
    path: tuple[PathHop, ...]
    time: TimeSpent
    capture: CaptureSummary
    reason: str | None = None
    """Why there is no root cause, when there is none."""
    background: tuple[Finding, ...] = ()
    """What failed in traffic that is not the download's."""
    notes: tuple[str, ...] = field(default=())
    """What the capture could not show, one sentence each."""

    @property
    def exit_status(self) -> int:
        """0 healthy, 1 a root cause was found, 3 inconclusive."""
        if self.root_cause is not None:
            return 1
        return 3 if self.outcome is Outcome.INCONCLUSIVE else 0

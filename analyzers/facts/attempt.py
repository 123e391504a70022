"""The vocabulary of attempts: one try to get something, from its name to its answer."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from captures.lazyclass import dataclass


class Stage(IntEnum):
    """The steps of a try, in the order they happen."""

    DNS = 1
    CONNECT = 2
    PROXY = 3
    TLS = 4
    REQUEST = 5
    RESPONSE = 6


class Outcome(StrEnum):
    """How a try ended."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """It cannot be told: the capture ends, or what followed is encrypted."""
    ABANDONED = "abandoned"
    """The client gave it up, nothing being wrong (a happy-eyeballs loser, a spare connection)."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: name → address → connection → (CONNECT) → TLS → request."""

    index: int
    need: str
    """What was wanted: "host:port" for TLS and lookups, the URL for clear HTTP."""
    name: str | None
    address: str | None
    port: int | None
    lookup: int | None
    """Index in Facts.lookups."""
    stream: int | None
    handshake: int | None
    """Index in Facts.handshakes."""
    requests: tuple[int, ...]
    """Indices in Facts.requests."""
    via_proxy: bool
    is_go: bool
    """It carries a sign of the go command (a go ClientHello or User-Agent, a module proxy's path
    or name, a socket of the recorded command)."""
    start_s: float
    end_s: float
    outcome: Outcome
    stage: Stage
    """Where it ended: the stage that failed, or the last one seen to work."""
    reason: str
    """Few words: "answered", "no answer", "reset", "closed", "alert", "status 404" …"""

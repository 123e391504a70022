"""The vocabulary of resets and of connections that broke off."""

from __future__ import annotations

from dataclasses import field
from enum import StrEnum

from analyzers.facts.side import Side
from captures.lazyclass import dataclass


@dataclass(frozen=True, slots=True)
class Reset:
    """One RST segment with what tells its origin."""

    frame: int
    time_s: float
    sender: Side
    """Whose address it carries; not necessarily who sent it."""
    ttl: int
    ip_id: int
    window: int
    sequence: int | None
    """Relative to that side's initial sequence number; None when that is unknown."""
    acknowledges: int | None
    has_timestamps: bool
    signs: frozenset[str] = field(default_factory=frozenset)
    """Signs that the address it carries did not send it (Weaver, NDSS 2009):
    "ttl_differs", "ip_id_differs", "timestamps_missing", "sequence_below_data",
    "sequence_changes", "peer_went_on", "before_rtt", "window_odd". TTL alone proves nothing.
    "never_sent" comes from a second capture nearer to the sender, which does not have it."""


class LastSent(StrEnum):
    """What the client had sent last when a connection broke off."""

    SYN = "syn"
    ACK = "ack"
    """The handshake's third segment, and no data."""
    MESSAGE = "message"
    """Its first message, up to the segment with the first PSH: a ClientHello, a request."""
    DATA = "data"
    """More than that."""


class Followed(StrEnum):
    """What came then."""

    NOTHING = "nothing"
    """Nothing at all from the server for 3 s and more, to the end of the capture."""
    RST = "rst"
    """One RST without ACK flag (after SYN and DATA: or several)."""
    RST_ACK = "rst_ack"
    """One RST with ACK flag (after SYN and DATA: or several)."""
    BOTH = "both"
    """RSTs with and without ACK flag."""
    RSTS = "rsts"
    """Several RSTs without ACK flag."""
    RST_ACKS = "rst_acks"
    """Several RSTs with ACK flag."""
    RSTS_SAME_ACK = "rsts_same_ack"
    """Several RSTs without ACK flag, all with one acknowledgement number."""
    RSTS_OTHER_ACK = "rsts_other_ack"
    """… with different ones, none of them 0."""
    RSTS_ZERO_ACK = "rsts_zero_ack"
    """… with different ones, one of them 0."""


@dataclass(frozen=True, slots=True)
class BreakOff:
    """A connection that ended by RST or in silence, with no FIN before, in one of the 19 ways in
    which boxes on the path break connections off (Sundara Raman et al., "Global, Passive Detection
    of Connection Tampering", SIGCOMM 2023, table 1). Refusals, aborts and dead paths look the same:
    it says what happened, not who did it."""

    signature: int
    """1 to 19, in the order of that table."""
    after: LastSent
    followed: Followed
    sender: Side | None
    """Whose address the RSTs carry; None when nothing came."""
    frames: tuple[int, ...]
    """The RSTs; of a silence, what stayed unanswered first."""

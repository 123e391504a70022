"""The vocabulary of TCP facts: what one connection did, frame by frame where it matters.

Times are seconds since the first packet of the capture, frames count from 1 in file order,
addresses are text. `None` means not seen or not knowable from this capture.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from analyzers.facts.resets import BreakOff, Reset
from analyzers.facts.side import Side
from captures.lazyclass import dataclass


class RetransmissionKind(StrEnum):
    """What made the sender send bytes again."""

    SYN = "syn"
    """A SYN or SYN-ACK sent again (RFC 6298 section 5.7)."""
    TIMEOUT = "timeout"
    """The retransmission timer ran out (RFC 6298)."""
    FAST = "fast"
    """Duplicate ACKs, SACK or RACK told of the loss (RFC 5681, 6675, 8985)."""
    TAIL_PROBE = "tail_probe"
    """The last segment sent once more to provoke an ACK (TLP, RFC 8985 section 7)."""
    SPURIOUS = "spurious"
    """The receiver had the bytes already: ACKed as seen here, or DSACKed (RFC 2883)."""
    UNKNOWN = "unknown"


class LossSide(StrEnum):
    """Where, seen from the capture point, the original of a retransmission was lost."""

    BEFORE_CAPTURE = "before_capture"
    """Between sender and capture point: the capture never saw the original."""
    AFTER_CAPTURE = "after_capture"
    """Between capture point and receiver: the capture saw the bytes twice."""
    NOT_LOST = "not_lost"
    """Spurious: the original arrived."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Retransmission:
    """One segment whose bytes were sent before (seen here or not)."""

    frame: int
    time_s: float
    sequence: int
    """Relative to the sender's initial sequence number."""
    length: int
    """Bytes of payload."""
    kind: RetransmissionKind
    loss: LossSide
    delay_s: float | None
    """Since the first copy, or since the hole became visible."""
    original_frame: int | None


@dataclass(frozen=True, slots=True)
class Overtaken:
    """One segment that others overtook on the way."""

    frame: int
    time_s: float
    delay_s: float
    """Since the first segment that had overtaken it."""


@dataclass(frozen=True, slots=True, eq=False)
class Dialogue:
    """What one side sent that the other must answer, and when the other showed it had heard."""

    asked_s: npt.NDArray[np.float64]
    """Data, SYN, FIN and keep-alives, each time they were sent."""
    asked_frames: npt.NDArray[np.int64]
    heard_s: npt.NDArray[np.float64]
    """The peer's segments that acknowledge more than before, or what was asked once more."""
    heard_frames: npt.NDArray[np.int64]


SILENT = Dialogue(np.empty(0), np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Pace:
    """How fast one side's data came in: payload bytes (repeats too) by spans of equal length."""

    start_s: float
    """Its first data segment; the first span begins here."""
    span_s: float
    """Length of each span."""
    payload: npt.NDArray[np.int64]
    """Bytes in each span."""

    @property
    def end_s(self) -> float:
        """Where the last span ends."""
        return self.start_s + self.span_s * len(self.payload)


@dataclass(frozen=True, slots=True)
class Silence:
    """A span in which the connection (or one side of it) moved no new data."""

    start_s: float
    end_s: float
    after_frame: int
    before_frame: int | None
    """None when the capture (or the connection) ends in the silence."""
    cause: str
    """"loss" | "window" | "sender_idle" | "client_idle" | "path_silent" | "unseen" (the client
    ended it, and packets of it are not in the capture) | "unknown"."""
    after: Side
    """Whose data (or FIN) came last before it."""
    before: Side | None
    """Who ended it."""
    lost_packets: int | None = None
    """Of who ended it: packets that it sent in the span and that never got to the capture, by its
    own count of them (the IP identification). None where that does not count them one by one."""
    starts_slowly: bool = False
    """Who ended it began again with one full segment and waited for its ACK, as after a time-out
    (RFC 5681 section 3.1): it had sent that segment before."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question of the client, whatever it was, and the first byte that answers it: new data of
    the server that comes a round trip later at the earliest (sooner it was under way already)."""

    asked_frame: int
    """With the last new bytes that the client sent before the answer."""
    asked_s: float
    answered_frame: int
    answered_s: float
    waited_s: float
    """Between the two."""
    acked_after_s: float | None
    """When the question had been acknowledged, since it was sent."""
    sent_again: bool
    """The client sent something again while it waited."""
    rtt_s: float
    """The connection's smallest round trip to the server: the network's part."""
    server_s: float | None
    """What remains: the wait less that round trip, or since the acknowledgement of what had to be
    sent again. The server's part, and what queued, or was lost before the capture point, of the
    answer. None where the answer shows to have been sent again."""


@dataclass(frozen=True, slots=True)
class ZeroWindow:
    """A span in which one side announced a receive window of zero."""

    start_s: float
    end_s: float | None
    frames: tuple[int, ...]
    """The zero-window ACKs, and last the ACK that opened the window (when seen)."""


@dataclass(frozen=True, slots=True)
class Half:
    """What one side of a connection sent."""

    address: str
    port: int
    packets: int
    """Frames, without those that the capture recorded twice."""
    payload_bytes: int
    """Distinct stream bytes seen (a retransmitted byte counts once)."""
    data_packets: int
    """Of these, the ones with payload."""
    first_s: float | None
    last_s: float | None
    first_data_s: float | None
    first_data_frame: int | None
    last_data_s: float | None
    last_data_frame: int | None
    ttl: int | None
    """The most frequent IP TTL of segments other than RST."""
    ttl_syn: int | None
    """TTL of the SYN or SYN-ACK."""
    mss: int | None
    """Of its SYN: the largest segment that it takes. None when the SYN has no such option."""
    window_scale: int | None
    """Of its SYN (RFC 7323): windows that it announces count in units of 2 to this power."""
    sack_permitted: bool
    """Its SYN offers selective acknowledgements (RFC 2018)."""
    timestamps: bool
    """Its SYN offers timestamps (RFC 7323)."""
    max_segment: int
    """Largest payload seen in one frame (above the MSS: offload)."""
    max_ip_length: int
    """Longest IP packet."""
    acked_bytes: int
    """Stream bytes that the other side acknowledged (relative highest ACK less the SYN)."""
    highest_acked_frame: int | None
    """The other side's frame that last moved that acknowledgement on."""
    unseen_acked_bytes: int
    """Acknowledged by the receiver but never in the capture: the capture's own loss."""
    missing_bytes: int
    """Holes below the highest byte seen that were never filled nor acknowledged."""
    retransmissions: tuple[Retransmission, ...]
    out_of_order_frames: tuple[int, ...]
    """Segments that others overtook; none of their bytes were seen before."""
    duplicate_ack_frames: tuple[int, ...]
    """Its bare ACKs that repeat the one before (RFC 5681 section 2)."""
    zero_windows: tuple[ZeroWindow, ...]
    window_full_frames: tuple[int, ...]
    """Its segments that fill the window which the other side announced."""
    keep_alive_frames: tuple[int, ...]
    """Its segments that only ask whether the peer is there, or has room again (RFC 9293 3.8.4)."""
    dsack_frames: tuple[int, ...]
    """Its ACKs that tell of bytes it received twice (RFC 2883)."""
    syn_frames: tuple[int, ...]
    """SYNs (client) or SYN-ACKs (server), copies included."""
    syn_times_s: tuple[float, ...]
    """When these were sent."""
    fin_frame: int | None
    fin_s: float | None
    fin_ttl: int | None
    max_window: int | None
    """Largest receive window announced, scaled, in bytes; None when the scale is unknown."""
    late_original_frames: tuple[int, ...] = ()
    """Segments that arrived after their own retransmission: reordered so far that the sender gave
    them up. All their bytes were seen, so they are not out of order; nor were they sent again."""
    sent_bytes: int = 0
    """Stream bytes that it had sent by its own sequence numbers, those of bare ACKs included:
    what lies above the highest byte seen, and is not acknowledged, was lost before the capture."""
    overtaken: tuple[Overtaken, ...] = ()
    """The frames of `out_of_order_frames`, with their delays."""
    dialogue: Dialogue = SILENT
    pace: Pace | None = None
    """None when it sent less than 16 kB."""


@dataclass(frozen=True, slots=True, eq=False)
class RttSamples:
    """Round-trip samples of one connection, in time order; three arrays of one length."""

    time_s: npt.NDArray[np.float64]
    rtt_s: npt.NDArray[np.float64]
    bytes_in_flight: npt.NDArray[np.int64]
    """What was under way when the sample began: sent and unacknowledged bytes, or, where the
    data comes towards the capture point, bytes that arrived within the sample's own span."""


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """One TCP connection as the capture shows it."""

    stream: int
    """Wireshark's tcp.stream."""
    client: Half
    server: Half
    first_frame: int
    last_frame: int
    first_s: float
    last_s: float
    starts_midway: bool
    """No SYN was seen; client and server were told apart by port numbers."""
    state: str
    """Zeek's conn_state (S0, S1, SF, REJ, RSTO, RSTR, RSTOS0, RSTRH, SH, SHR, OTH)."""
    history: str
    """Zeek's history letters."""
    syn_frame: int | None
    syn_ack_frame: int | None
    ack_frame: int | None
    """The client's first ACK after the SYN-ACK."""
    established: bool
    """The client's ACK of the SYN-ACK was seen, or what only follows on one."""
    handshake_rtt_s: float | None
    """SYN to SYN-ACK; None when a SYN was repeated before it."""
    connect_s: float | None
    """First SYN to SYN-ACK, repeats included."""
    min_rtt_s: float | None
    """Smallest of all samples towards the server."""
    rtt: RttSamples
    """Samples of the path between the capture point and the server."""
    client_rtt: RttSamples
    """Samples of the path between the capture point and the client."""
    resets: tuple[Reset, ...]
    silences: tuple[Silence, ...]
    """Spans above 0.2 s while the connection was open."""
    duplicate_frames: tuple[int, ...]
    """Frames the capture recorded twice (same IP-ID and bytes, or TTL one off)."""
    rows: npt.NDArray[np.int64]
    """Rows of the packet table (frame - 1), in file order."""
    break_off: BreakOff | None = None
    """How it broke off, where that is one of the ways in which boxes on the path do it."""
    turns: tuple[Turn, ...] = ()
    """Its questions and answers, the TLS handshake's too, as far as timing can tell them."""

    @property
    def server_reset(self) -> Reset | None:
        """The first RST that carries the server's address."""
        return next((r for r in self.resets if r.sender is Side.SERVER), None)

    @property
    def client_reset(self) -> Reset | None:
        """The first RST that carries the client's address."""
        return next((r for r in self.resets if r.sender is Side.CLIENT), None)

    def half(self, side: Side) -> Half:
        """The half that `side` sent."""
        return self.client if side is Side.CLIENT else self.server

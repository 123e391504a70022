"""The vocabulary of the capture itself: what it is, and what it lost."""

from __future__ import annotations

from captures.lazyclass import dataclass


@dataclass(frozen=True, slots=True)
class Interface:
    """Where packets were captured."""

    index: int
    name: str
    """As the capturing program wrote it; "" when the file does not say."""
    description: str
    link_type: int
    """LINKTYPE_ value; -1 when packets name an interface that the file does not describe."""
    snaplen: int
    """Most bytes kept of a packet, 0 for no limit."""
    packets: int
    """Of them in the file."""
    received: int | None
    """Packets that the interface saw while capturing; None when the file does not say."""
    dropped: int | None
    """Packets that the capturing program or its system lost; None when the file does not say."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment in the file."""

    frame: int | None
    """The packet that it is about; None: the file, a section or an interface."""
    text: str


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """What the capture itself is, and what it lost."""

    files: tuple[str, ...]
    """Their names as given."""
    packets: int
    bytes: int
    """Size of the file on disk."""
    first_ns: int
    """Time of the earliest packet, ns since the epoch (0 when there is none)."""
    last_ns: int
    """Time of the latest packet."""
    duration_s: float
    """Between the earliest and the latest packet."""
    dropped: int | None
    """Packets the capture tool or kernel says it lost; None when it does not say."""
    cut: str | None
    """Why the file ends before its end."""
    truncated_packets: int
    """Packets recorded shorter than they were (snaplen)."""
    unseen_acked_bytes: int
    """Acknowledged TCP bytes that the capture never shows, over all connections."""
    duplicate_packets: int
    """TCP segments that were recorded twice."""
    unsupported_packets: int
    """Packets of link types or protocols that were not read."""
    link_types: tuple[int, ...]
    """LINKTYPE_ values of its interfaces, https://www.tcpdump.org/linktypes.html."""
    zero_ns: int | None = None
    """Time of frame 1, from which all seconds count. It is `first_ns`, unless packets were recorded
    out of order; None when there is no packet."""
    container: str = ""
    """"pcap" or "pcapng"."""
    interfaces: tuple[Interface, ...] = ()
    """In the order of the file, all sections together."""
    comments: tuple[Comment, ...] = ()
    """What people or programs wrote into the file."""
    has_secrets: bool = False
    """The file carries TLS secrets (a pcapng decryption secrets block)."""
    earlier_packets: int = 0
    """Packets whose time is before that of the packet before them: several interfaces or queues
    written in turn, or a clock that was set."""
    farthest_back_s: float = 0.0
    """The largest such step; 0 without any."""
    notes: tuple[str, ...] = ()
    """Damage and oddities of the file, one line each."""

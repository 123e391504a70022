"""The vocabulary of path facts: ICMP errors, hosts by their TTL, hops that showed themselves."""

from __future__ import annotations

from enum import StrEnum

from captures.lazyclass import dataclass


@dataclass(frozen=True, slots=True)
class IcmpError:
    """One ICMP or ICMPv6 error message and the packet it quotes."""

    index: int
    frame: int
    time_s: float
    sender: str
    receiver: str
    version: int
    """4 or 6."""
    type: int
    code: int
    kind: str
    """One word for both versions: "network_unreachable", "host_unreachable", "port_unreachable",
    "protocol_unreachable", "admin_prohibited", "fragmentation_needed", "time_exceeded",
    "source_route_failed", "parameter_problem", "redirect", "other"."""
    ip_ttl: int
    distance: int | None
    """Of the sender, from its TTL."""
    mtu: int | None
    """Next-hop MTU of fragmentation needed / packet too big."""
    quoted_protocol: int | None
    quoted_source: str | None
    quoted_destination: str | None
    quoted_source_port: int | None
    quoted_destination_port: int | None
    quoted_sequence: int | None
    """TCP sequence number in the quoted header."""
    quoted_ttl: int | None
    """TTL left when the router took the packet."""
    quoted_length: int | None
    """Length of the IP packet it refuses."""
    quoted_frame: int | None
    """The frame it answers, when the capture holds it."""
    stream: int | None
    """TCP stream of the quoted packet."""


@dataclass(frozen=True, slots=True)
class Host:
    """One address as its packets show it at the capture point."""

    address: str
    packets: int
    ttl: int | None
    """Most frequent TTL of its packets (RST and ICMP errors left out)."""
    initial_ttl: int | None
    """The smallest of 32, 64, 128, 255 that is not below it."""
    distance: int | None
    """initial_ttl - ttl + 1; 0 for an address of the capturing host."""
    is_local: bool
    """The capture was taken on this host (its packets carry their initial TTL, ICMP and DNS
    answers go to it, …)."""
    names: tuple[str, ...]
    """Names that DNS answers (or SNI, CONNECT, Host) in this capture gave it; without any, the
    first one that the file itself notes (pcapng name resolution block)."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One router on the way, known from ICMP time exceeded (traceroute, mtr, probes)."""

    destination: str
    distance: int
    address: str | None
    """None: probes at this distance stayed unanswered."""
    sent: int
    answered: int
    rtts_s: tuple[float, ...]
    """One per answer."""
    frames: tuple[int, ...]
    reached: bool
    """The answer came from the destination itself."""
    protocol: str = ""
    """Of the probes: "udp", "icmp" or "tcp"."""


class ProbeStep(StrEnum):
    """Which step of a connection a TTL-limited probe repeats."""

    SYN = "syn"
    HELLO = "hello"
    QUERY = "query"
    ECHO = "echo"
    DATAGRAM = "datagram"


class ProbeEnding(StrEnum):
    """What a probe met in the name of its destination; an expired one meets nothing."""

    ANSWERED = "answered"
    RESET = "reset"
    CLOSED = "closed"
    ACKNOWLEDGED = "acknowledged"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class PathProbe:
    """One packet that was sent with a TTL for a part of the way only, and what it met."""

    step: ProbeStep
    destination: str
    port: int | None
    name: str | None
    """SNI of a ClientHello, name of a DNS query."""
    size: int
    """Bytes of the largest IP packet."""
    ttl: int
    """With which it passed the capture point."""
    time_s: float
    copies: int
    """How often it was sent: TCP repeats what is not acknowledged."""
    stream: int | None
    frames: tuple[int, ...]
    """Of the probe and of what it met."""
    expired_at: str | None
    """The router that took the last of its TTL and said so."""
    ending: ProbeEnding | None
    ending_from: str | None
    ending_ttl: int | None
    """IP TTL with which the ending arrived."""

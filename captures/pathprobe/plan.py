"""What to probe, how politely, and how it went."""

from __future__ import annotations

from captures.lazyclass import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Nothing goes beyond these, whatever the path does."""

    max_ttl: int = 30
    """traceroute's; no path is longer."""
    rounds: int = 3
    """Probes of each hop in a walk."""
    gap_s: float = 0.05
    """Between two packets: twenty a second wake no rate limit on routers for long."""
    wait_s: float = 1.0
    """For the answer to a probe; a slower path gets more."""
    patience_s: float = 3.6
    """For a whole step: a SYN or a ClientHello is sent three times in it."""
    quiet_hops: int = 5
    """A walk ends after so many hops without an answer."""
    max_packets: int = 700
    budget_s: float = 90.0


@dataclass(frozen=True, slots=True)
class Target:
    """Whose path is probed, and with what."""

    host: str
    """As the user named it."""
    address: str
    port: int
    sni: str | None
    """Name in the ClientHello that fails; None: no TLS is tried."""
    control: str | None
    """Name in a ClientHello (or query) that should pass."""
    query: str | None = None
    """Name to ask the resolver at `address` for; then there is no TCP at all."""

    @property
    def version(self) -> int:
        """IP version."""
        return 6 if ":" in self.address else 4


@dataclass(frozen=True, slots=True)
class Probed:
    """How the probing went."""

    source: str
    source_port: int
    packets: int
    """Sent by this machine, acknowledgements and retransmissions included."""
    seconds: float
    stopped: str | None
    """Which limit ended it early; None: it was done."""

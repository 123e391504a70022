"""IP TTLs (hop limits): what a packet arrived with in, how far its sender is out."""

from __future__ import annotations

#: What systems start with: old Windows, Unix, Windows, routers and Solaris.
INITIAL_TTLS = (32, 64, 128, 255)


def initial_ttl(ttl: int) -> int:
    """The smallest usual starting value that is not below `ttl`."""
    return next(initial for initial in INITIAL_TTLS if initial >= ttl)


def distance_of(ttl: int) -> int:
    """Hops from the capture point to the sender: 1 on the same link, 2 behind one router."""
    return initial_ttl(ttl) - ttl + 1

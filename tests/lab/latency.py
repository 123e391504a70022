"""Latency profiles that scenarios share: how far away the server is."""

from __future__ import annotations

from tests.lab.model import Impair, both

#: A mirror in the same region: 18 ms there and back.
METRO = {"transit-server": both(Impair(delay_ms=9))}
#: Another continent: 120 ms, steady.
FAR = {"transit-server": both(Impair(delay_ms=60))}
#: Server and mirror alike.
METRO_BOTH = METRO | {"transit-mirror": both(Impair(delay_ms=7))}

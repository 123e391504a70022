"""Addresses, names and times of the download that the factories tell of."""

from __future__ import annotations

CLIENT = "10.1.0.2"
GATEWAY = "10.1.0.1"
RESOLVER = "192.0.2.53"
SERVER = "198.51.100.7"
OTHER = "203.0.113.9"
NAME = "proxy.example.org"
"""Of the module proxy; go is known by its hellos and paths, not by this."""
RTT_S = 0.02
SERVER_TTL = 60
"""The server is at distance 5, …"""
RESOLVER_TTL = 62
"""… the resolver at 3."""
FIRST_NS = 1_717_243_200_000_000_000
"""2024-06-01T12:00:00Z, when the certificates of tests.analyzers.authority are valid."""


def frame_at(time_s: float) -> int:
    """The frame of what happens at a time."""
    return round(time_s * 1000) + 1

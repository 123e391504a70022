"""Connections that only probe the path, kept from rules that look for what befell connections."""

from __future__ import annotations

from dataclasses import replace

from analyzers.facts import Connection, Facts, Half


def without_fates(facts: Facts) -> Facts:
    """The facts with nothing lost, late or reset on connections that consist of probes.

    A ClientHello that was sent half the way is repeated because it was meant not to arrive.
    """
    probes = {p.stream for p in facts.probes if p.stream is not None}
    if not probes:
        return facts
    connections = tuple(_blank(c) if c.stream in probes else c for c in facts.connections)
    return replace(facts, connections=connections)


def _blank(connection: Connection) -> Connection:
    return replace(
        connection,
        client=_still(connection.client),
        server=_still(connection.server),
        resets=(),
        silences=(),
        break_off=None,
        turns=(),
    )


def _still(half: Half) -> Half:
    return replace(
        half,
        retransmissions=(),
        data_packets=0,
        pace=None,
        out_of_order_frames=(),
        duplicate_ack_frames=(),
        overtaken=(),
        missing_bytes=0,
        sent_bytes=half.payload_bytes,
        syn_frames=half.syn_frames[:1],
        syn_times_s=half.syn_times_s[:1],
    )

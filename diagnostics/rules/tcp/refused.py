"""The connection is refused.

What it means
-------------
The SYN was answered by a RST that is the host's own: nothing listens at that port.

Why it happens
--------------
The service is down or listens elsewhere, a wrong port in GOPROXY or HTTPS_PROXY, or a device that
answers with RST for an address it rejects.

How it is recognised
--------------------
RST answers SYN, and where other packets of the address are seen, its TTL is theirs.

Fix
---
Start the service or correct the port. Where the machine refuses itself (127.0.0.1, ::1), a name may
lead there by the hosts file or by a resolver that blocks it.

References
----------
RFC 9293 section 3.10.7.1 (a SYN to a closed port is answered by RST).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_address

from analyzers.facts import Attempt, Connection, Facts, Stage
from diagnostics.localize import distance_of_ttl, host_hop
from diagnostics.proxies import is_proxy
from diagnostics.report.escape import shell_word
from diagnostics.resets import refusal_is_forged
from diagnostics.tries import failed_at, grouped, indices, lost_s, plural, seconds, streams
from diagnostics.verdict import Evidence, Finding, Fix, Hop, Role

EXPLAINS = ()


def find(facts: Facts) -> Iterator[Finding]:
    """One finding per address and port that refuses connections."""
    failed = [
        a
        for a in failed_at(facts, Stage.CONNECT, "refused")
        if a.stream is not None and not refusal_is_forged(facts, facts.connection(a.stream))
    ]
    for (address, port), attempts in grouped(failed, lambda a: (a.address, a.port)).items():
        assert address is not None
        connections = [facts.connection(a.stream) for a in attempts if a.stream is not None]
        hop = _hop(facts, attempts[0], connections[0])
        yield Finding(
            hop=hop,
            summary=f"{address} refuses connections to port {port}: nothing listens there.",
            evidence=tuple(_evidence(c) for c in connections[:3]),
            fix=tuple(_fix(address, port)),
            confidence=0.95,
            impact_s=lost_s(attempts),
            attempts=indices(attempts),
            streams=streams(attempts),
            stage=Stage.CONNECT,
        )


def _fix(address: str, port: int | None) -> Iterator[Fix]:
    yield Fix(
        "Check that the service runs and the port is right.",
        f"nc -vz {shell_word(address)} {port}",
    )
    yield Fix("Check what go was told to use.", "go env GOPROXY; env | grep -i _proxy")
    if ip_address(address).is_loopback:
        yield Fix(
            "This is the machine itself. If go was told a name, see what leads here: the hosts "
            "file, or a resolver that blocks the name.",
            "cat /etc/hosts",
        )


def _hop(facts: Facts, attempt: Attempt, connection: Connection) -> Hop:
    """The host; a refusal is often all that is seen of it, so the RST's own TTL counts."""
    role = Role.PROXY if attempt.via_proxy or is_proxy(facts, connection) else Role.SERVER
    hop = host_hop(facts, role, attempt.address, attempt.name)
    reset = connection.server_reset
    if hop.distance is not None or reset is None:
        return hop
    distance = distance_of_ttl(reset.ttl)
    return hop if distance is None else replace(hop, distance=(distance, distance))


def _evidence(connection: Connection) -> Evidence:
    reset = connection.server_reset
    assert reset is not None and connection.syn_frame is not None
    after_s = reset.time_s - connection.client.syn_times_s[-1]
    return Evidence(
        f"{plural(len(connection.client.syn_frames), 'SYN')} to {connection.server.address} port "
        f"{connection.server.port}, answered by RST after {seconds(max(after_s, 0.0))}, "
        f"IP TTL {reset.ttl}",
        (*connection.client.syn_frames, reset.frame),
        connection.stream,
    )

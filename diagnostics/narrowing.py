"""A finding and the path's own faults in, the finding with the hop they leave out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from analyzers.facts import Facts, ProbeStep
from diagnostics.localize import distance_of, name_of
from diagnostics.pathfaults import How, PathFault
from diagnostics.verdict import Distance, Evidence, Finding, Hop, Role

STEPS = {
    "tcp.syn_timeout": ProbeStep.SYN,
    "tls.sni_blocked": ProbeStep.HELLO,
    "tls.client_hello_dropped": ProbeStep.HELLO,
    "tls.client_hello_rejected": ProbeStep.HELLO,
    "tcp.reset_injected": ProbeStep.HELLO,
    "path.mtu_blackhole": ProbeStep.HELLO,
    "dns.forged": ProbeStep.QUERY,
    "dns.no_response": ProbeStep.QUERY,
}
"""Causes that a walk can place, and the step that it must repeat."""
DROPPED = frozenset(
    (
        "tcp.syn_timeout",
        "tls.client_hello_dropped",
        "path.mtu_blackhole",
        "dns.no_response",
    )
)
"""Silence is what they are; a reset that probes met is another matter."""
SIZED = frozenset(("tls.client_hello_dropped", "tls.client_hello_rejected", "path.mtu_blackhole"))
"""A large hello meets them whatever name is in it."""


def narrowed(finding: Finding, facts: Facts, faults: Sequence[PathFault]) -> Finding:
    """The finding with its hop as narrow as probes of the same step show it."""
    if finding.cause not in STEPS or not faults:
        return finding
    fitting = [f for f in faults if f.distance is not None and _fits(f, finding, facts)]
    if not fitting:
        return finding
    fault = min(fitting, key=_width)
    assert fault.distance is not None
    distance = _meeting(finding.hop.distance, fault.distance)
    return replace(
        finding,
        hop=_at(finding.hop, distance, fault, facts),
        evidence=(*finding.evidence, Evidence(f"Probes: {fault.text}.", fault.frames)),
    )


def _width(fault: PathFault) -> int:
    return 0 if fault.high is None else fault.high - fault.low


def _fits(fault: PathFault, finding: Finding, facts: Facts) -> bool:
    if fault.step is not STEPS[finding.cause]:
        return False
    if finding.cause in DROPPED and fault.how is not How.SILENCE:
        return False
    anybody = fault.large and finding.cause in SIZED
    return any(
        fault.destination == address
        and fault.port in (None, port)
        and (anybody or fault.name in (None, name))
        for address, port, name in _meant(finding, facts)
    )


def _meant(finding: Finding, facts: Facts) -> Iterator[tuple[str | None, int | None, str | None]]:
    """Address, port and name of what the finding's attempts wanted at this step."""
    query = STEPS[finding.cause] is ProbeStep.QUERY
    for index in sorted(finding.attempts):
        attempt = facts.attempts[index]
        if query and attempt.lookup is not None:
            for exchange in facts.lookups[attempt.lookup].exchanges:
                yield exchange.server, exchange.server_port, exchange.name
        elif not query:
            yield attempt.address, attempt.port, attempt.name


def _meeting(known: Distance | None, probed: Distance) -> Distance:
    """What both allow; probes are the better evidence where they contradict each other."""
    if known is None:
        return probed
    low, high = max(known[0], probed[0]), min(known[1], probed[1])
    return (low, high) if low <= high else probed


def _at(hop: Hop, distance: Distance, fault: PathFault, facts: Facts) -> Hop:
    role = hop.role
    end = distance_of(facts, fault.destination)
    if role is Role.SERVER and end is not None and distance[1] < end:
        # A probe that did not get to the server met it all the same.
        return Hop(Role.MIDDLEBOX, None, None, distance)
    if distance[0] != distance[1] or hop.address is not None or role is not Role.MIDDLEBOX:
        return replace(hop, distance=distance)
    router = next(
        (h.address for h in facts.hops if h.distance == distance[0] and not h.reached), None
    )
    return Hop(role, router, name_of(facts, router), distance)

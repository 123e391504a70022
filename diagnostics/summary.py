"""The verdict's frame: which capture it was, and which hops are known on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from analyzers.facts import Connection, Facts
from diagnostics.hops import lasting_loss
from diagnostics.scope import Scope
from diagnostics.verdict import CaptureSummary, Finding, PathHop, Role, RttSummary


def capture_summary(facts: Facts) -> CaptureSummary:
    """Files, counts and clock range of the capture."""
    capture = facts.capture
    some = capture.packets > 0
    return CaptureSummary(
        files=capture.files,
        packets=capture.packets,
        bytes=capture.bytes,
        first=rfc3339(capture.first_ns) if some else None,
        last=rfc3339(capture.last_ns) if some else None,
        dropped=capture.dropped,
    )


def rfc3339(time_ns: int) -> str:
    """UTC time with microseconds; capture clocks may lie, so the range is clamped."""
    limit_ns = 253_402_300_799_000_000_000  # 9999-12-31T23:59:59, datetime's last second
    clamped = max(0, min(time_ns, limit_ns))
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=clamped // 1000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def path_hops(facts: Facts, scope: Scope, findings: Sequence[Finding]) -> tuple[PathHop, ...]:
    """Every known hop, nearest first: client, routers that showed themselves, hosts in use."""
    found = [*_ends(facts, scope), *_routers(facts), *_faulty(findings)]
    unique: dict[tuple[object, ...], PathHop] = {}
    for hop in found:
        unique.setdefault((hop.address or hop.distance, hop.address is None), hop)
    order = list(Role)
    return tuple(
        sorted(
            unique.values(),
            key=lambda h: (
                h.distance if h.distance is not None else 256,
                order.index(h.role),
                h.address or "",
            ),
        )
    )


def _ends(facts: Facts, scope: Scope) -> Iterator[PathHop]:
    local = sorted(h.address for h in facts.hosts.values() if h.is_local)
    yield PathHop(0, Role.CLIENT, local[0] if local else None)
    streams: dict[str, list[Connection]] = {}
    for connection in facts.connections:
        streams.setdefault(connection.server.address, []).append(connection)
    known: dict[str, tuple[Role, str | None]] = {}
    for index in sorted(scope.attempts):
        attempt = facts.attempts[index]
        if attempt.lookup is not None:
            for exchange in facts.lookups[attempt.lookup].exchanges:
                known.setdefault(exchange.server, (Role.RESOLVER, None))
        if attempt.address is not None:
            proxy = (Role.PROXY, None)
            known.setdefault(
                attempt.address, proxy if attempt.via_proxy else (Role.SERVER, attempt.name)
            )
    for address, (role, name) in known.items():
        yield _host(facts, streams.get(address, []), PathHop(None, role, address, name))


def _host(facts: Facts, streams: Sequence[Connection], hop: PathHop) -> PathHop:
    """The hop with what its packets show of it."""
    host = facts.hosts.get(hop.address or "")
    return replace(
        hop,
        distance=host.distance if host else None,
        rtt_ms=_rtt(streams),
        loss=_loss(streams),
    )


def _rtt(connections: Sequence[Connection]) -> RttSummary | None:
    samples = [c.rtt.rtt_s for c in connections if len(c.rtt.rtt_s)]
    if not samples:
        return None
    return _summary(np.concatenate(samples).tolist())


def _summary(rtts_s: Sequence[float]) -> RttSummary:
    low, median, high = np.percentile(np.asarray(rtts_s) * 1000.0, (0, 50, 95)).tolist()
    return RttSummary(low, median, high)


def _loss(connections: Sequence[Connection]) -> float | None:
    """Data segments sent again as a share of data segments, both directions."""
    halves = [h for c in connections for h in (c.client, c.server)]
    sent = sum(h.data_packets for h in halves)
    lost = sum(
        r.loss in ("before_capture", "after_capture") for h in halves for r in h.retransmissions
    )
    return min(1.0, lost / sent) if sent else None


def _routers(facts: Facts) -> Iterator[PathHop]:
    """Hops known from probes, and senders of ICMP errors."""
    for hop in facts.hops:
        if hop.address is None or hop.reached:
            continue
        yield PathHop(
            distance=hop.distance,
            role=Role.GATEWAY if hop.distance == 1 else Role.TRANSIT,
            address=hop.address,
            rtt_ms=_summary(hop.rtts_s) if hop.rtts_s else None,
            loss=lasting_loss(facts, hop),
        )
    for error in facts.icmp:
        if error.distance and error.sender != error.quoted_destination:
            role = Role.GATEWAY if error.distance == 1 else Role.TRANSIT
            yield PathHop(error.distance, role, error.sender)


def _faulty(findings: Sequence[Finding]) -> Iterator[PathHop]:
    """A box that only its forgeries show stands on the path where they place it."""
    for finding in findings:
        hop = finding.hop
        if hop.role is Role.MIDDLEBOX and hop.distance and hop.distance[0] == hop.distance[1]:
            yield PathHop(hop.distance[0], hop.role, hop.address, hop.name)

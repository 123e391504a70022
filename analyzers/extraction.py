"""One capture in, all its facts out: the analyzers in the order in which they need each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers import chains, dns, hosts, http, icmp, path, pathprobes, tcp, tls
from analyzers.attempts import Parts, attempts
from analyzers.facts import CaptureFacts, Comment, Connection, Decryption, Facts, Interface
from analyzers.forwarding import as_it_arrived
from analyzers.lookups import lookups
from analyzers.turns import with_server_times
from captures.packets import CUT, Capture
from captures.session import Session
from captures.watching import Watch, unwatched

SUPPORTED_PROTOCOLS = (1, 6, 17, 58)
"""ICMP, TCP, UDP, ICMPv6."""


def extract(
    capture: Capture,
    session: Session | None = None,
    keylog: bytes | None = None,
    watch: Watch = unwatched,
) -> Facts:
    """All facts of `capture`, joined with what its session knows.

    `keylog` is the text of a TLS key log, beside those that the capture itself carries.

    Never raises on bad packets; raises CaptureError when the file fails while it is read, or
    holds more than this machine has memory for.
    """
    table = capture.table
    connections = tcp.connections(capture, watch)
    watch("analysing", 1.0)
    capture = as_it_arrived(capture)
    errors = icmp.errors(capture, _streams(len(table), connections))
    limited = pathprobes.limited(capture, connections, errors)
    exchanges = dns.exchanges(capture, connections, limited.frames)
    requests = http.exchanges(capture, connections)
    handshakes, decryption = tls.handshakes(capture, connections, requests), Decryption()
    if capture.secrets or keylog is not None:
        from analyzers.decrypted import look_inside

        inside = look_inside(capture, connections, handshakes, requests, keylog)
        handshakes, requests, decryption = inside.handshakes, inside.requests, inside.decryption
    handshakes = chains.from_session(session, handshakes, connections)
    requests = with_server_times(requests, connections)
    resolved = lookups(exchanges)
    last_s = float(table.time_ns.max() - table.time_ns[0]) / 1e9 if len(table) else 0.0
    parts = Parts(
        resolved, connections, handshakes, requests, errors, session, last_s, limited.streams
    )
    return Facts(
        capture=_capture_facts(capture, connections, session),
        dns=exchanges,
        lookups=resolved,
        connections=connections,
        handshakes=handshakes,
        requests=requests,
        icmp=errors,
        hosts=hosts.hosts(capture, connections, exchanges, errors, handshakes, requests),
        hops=path.hops(capture, errors),
        attempts=attempts(parts),
        session=session,
        decryption=decryption,
        probes=pathprobes.path_probes(capture, connections, handshakes, errors, limited),
    )


def _streams(packets: int, connections: tuple[Connection, ...]) -> npt.NDArray[np.int32]:
    """Return the TCP stream of each row, -1 for others."""
    streams = np.full(packets, -1, dtype=np.int32)
    for connection in connections:
        streams[connection.rows] = connection.stream
    return streams


def _capture_facts(
    capture: Capture, connections: tuple[Connection, ...], session: Session | None
) -> CaptureFacts:
    table = capture.table
    times = table.time_ns
    dropped = [i.dropped for i in capture.interfaces if i.dropped is not None]
    if session is not None and session.packets_dropped is not None:
        dropped = [session.packets_dropped]
    steps = np.diff(times)
    first, last = (int(times.min()), int(times.max())) if len(table) else (0, 0)
    return CaptureFacts(
        files=(capture.name,),
        packets=len(table),
        bytes=capture.file_size,
        first_ns=first,
        last_ns=last,
        duration_s=(last - first) / 1e9,
        dropped=sum(dropped) if dropped else None,
        cut=capture.cut_reason,
        truncated_packets=int(np.count_nonzero(table.fragment & CUT)),
        unseen_acked_bytes=sum(
            half.unseen_acked_bytes for c in connections for half in (c.client, c.server)
        ),
        duplicate_packets=sum(len(c.duplicate_frames) for c in connections),
        unsupported_packets=int(np.count_nonzero(~np.isin(table.protocol, SUPPORTED_PROTOCOLS))),
        link_types=tuple(sorted({i.link_type for i in capture.interfaces})),
        zero_ns=int(times[0]) if len(table) else None,
        container=capture.container,
        interfaces=_interfaces(capture),
        comments=tuple(Comment(frame, text) for frame, text in capture.comments),
        has_secrets=bool(capture.secrets),
        earlier_packets=int(np.count_nonzero(steps < 0)),
        farthest_back_s=max(-int(steps.min(initial=0)), 0) / 1e9,
        notes=capture.notes,
    )


def _interfaces(capture: Capture) -> tuple[Interface, ...]:
    packets = np.bincount(capture.table.interface, minlength=len(capture.interfaces)).tolist()
    return tuple(
        Interface(
            index=index,
            name=found.name,
            description=found.description,
            link_type=found.link_type,
            snaplen=found.snaplen,
            packets=packets[index],
            received=found.received,
            dropped=found.dropped,
        )
        for index, found in enumerate(capture.interfaces)
    )

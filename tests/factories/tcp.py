"""Connections, resets and ICMP errors, made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from analyzers.facts import Connection, Dialogue, Half, IcmpError, Reset, RttSamples, Side
from analyzers.ttl import distance_of
from tests.factories.world import CLIENT, RTT_S, SERVER, SERVER_TTL, frame_at

NO_SAMPLES = RttSamples(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))


def half(address: str, port: int, **changes: Any) -> Half:
    """One side of a connection that sent nothing yet."""
    nothing = Half(
        address=address,
        port=port,
        packets=3,
        payload_bytes=0,
        data_packets=0,
        first_s=None,
        last_s=None,
        first_data_s=None,
        first_data_frame=None,
        last_data_s=None,
        last_data_frame=None,
        ttl=64,
        ttl_syn=64,
        mss=1460,
        window_scale=7,
        sack_permitted=True,
        timestamps=True,
        max_segment=0,
        max_ip_length=60,
        acked_bytes=0,
        highest_acked_frame=None,
        unseen_acked_bytes=0,
        missing_bytes=0,
        retransmissions=(),
        out_of_order_frames=(),
        duplicate_ack_frames=(),
        zero_windows=(),
        window_full_frames=(),
        keep_alive_frames=(),
        dsack_frames=(),
        syn_frames=(),
        syn_times_s=(),
        fin_frame=None,
        fin_s=None,
        fin_ttl=None,
        max_window=65535,
    )
    return replace(nothing, **changes)


def sent(size: int, first_s: float, last_s: float | None = None) -> dict[str, Any]:
    """Changes to a half that sent so many bytes, all acknowledged."""
    last_s = first_s if last_s is None else last_s
    return {
        "payload_bytes": size,
        "acked_bytes": size,
        "sent_bytes": size,
        "data_packets": size // 1448 + 1,
        "first_data_s": first_s,
        "first_data_frame": frame_at(first_s),
        "last_data_s": last_s,
        "last_data_frame": frame_at(last_s),
    }


def closed(at_s: float) -> dict[str, Any]:
    """Changes to a half that sent a FIN."""
    return {"fin_s": at_s, "fin_frame": frame_at(at_s)}


def asked_again(*times: tuple[float, float | None]) -> dict[str, Any]:
    """Changes to a half that asked at these times, each with when its peer was heard (or None)."""
    heard = [t for _, t in times if t is not None]
    return {
        "dialogue": Dialogue(
            np.array([t for t, _ in times]),
            np.array([frame_at(t) for t, _ in times], dtype=np.int64),
            np.array(heard, dtype=np.float64),
            np.array([frame_at(t) for t in heard], dtype=np.int64),
        )
    }


def connection(
    stream: int = 0,
    at_s: float = 0.1,
    *,
    address: str = SERVER,
    port: int = 443,
    last_s: float | None = None,
    rtt_s: float = RTT_S,
    ttl: int = SERVER_TTL,
    client: dict[str, Any] | None = None,
    server: dict[str, Any] | None = None,
    **changes: Any,
) -> Connection:
    """An established connection; `client` and `server` are changes to its halves."""
    last_s = at_s + 1.0 if last_s is None else last_s
    syn = {"syn_frames": (frame_at(at_s),), "syn_times_s": (at_s,)}
    plain = Connection(
        stream=stream,
        client=half(CLIENT, 41000 + stream, **(syn | (client or {}))),
        server=half(address, port, **({"ttl": ttl, "ttl_syn": ttl} | (server or {}))),
        first_frame=frame_at(at_s),
        last_frame=frame_at(last_s),
        first_s=at_s,
        last_s=last_s,
        starts_midway=False,
        state="S1",
        history="ShA",
        syn_frame=frame_at(at_s),
        syn_ack_frame=frame_at(at_s + rtt_s),
        ack_frame=frame_at(at_s + rtt_s),
        established=True,
        handshake_rtt_s=rtt_s,
        connect_s=rtt_s,
        min_rtt_s=rtt_s,
        rtt=NO_SAMPLES,
        client_rtt=NO_SAMPLES,
        resets=(),
        silences=(),
        duplicate_frames=(),
        rows=np.empty(0, dtype=np.int64),
    )
    return replace(plain, **changes)


NOTHING_BACK: dict[str, Any] = {
    "state": "S0",
    "syn_ack_frame": None,
    "ack_frame": None,
    "established": False,
    "handshake_rtt_s": None,
    "connect_s": None,
    "min_rtt_s": None,
}


def unconnected(
    *at_s: float, stream: int = 0, address: str = SERVER, port: int = 443, **changes: Any
) -> Connection:
    """SYNs at these times, and nothing back."""
    syns = {"syn_frames": tuple(map(frame_at, at_s)), "syn_times_s": at_s}
    silent = {"ttl": None, "ttl_syn": None, "packets": 0}
    last_s: float = changes.pop("last_s", at_s[-1])
    return connection(
        stream,
        at_s[0],
        address=address,
        port=port,
        last_s=last_s,
        client=syns,
        server=silent,
        **(NOTHING_BACK | changes),
    )


def reset(at_s: float, side: Side = Side.SERVER, **changes: Any) -> Reset:
    """A RST that looks like its sender's own."""
    signs = frozenset(changes.pop("signs", ()))
    own = Reset(frame_at(at_s), at_s, side, SERVER_TTL, 0, 0, 1, None, True, signs)
    return replace(own, **changes)


def icmp(
    at_s: float, sender: str, *, kind: str = "admin_prohibited", ttl: int = 254, **changes: Any
) -> IcmpError:
    """An ICMP error that quotes a packet of connection 0."""
    numbers = {"port_unreachable": 3, "host_unreachable": 1, "fragmentation_needed": 4}
    error = IcmpError(
        index=0,
        frame=frame_at(at_s),
        time_s=at_s,
        sender=sender,
        receiver=CLIENT,
        version=4,
        type=3,
        code=numbers.get(kind, 13),
        kind=kind,
        ip_ttl=ttl,
        distance=distance_of(ttl),
        mtu=None,
        quoted_protocol=6,
        quoted_source=CLIENT,
        quoted_destination=SERVER,
        quoted_source_port=41000,
        quoted_destination_port=443,
        quoted_sequence=None,
        quoted_ttl=None,
        quoted_length=None,
        quoted_frame=None,
        stream=0,
    )
    return replace(error, **changes)

"""How each connection opened: SYN, SYN-ACK, ACK (RFC 9293 section 3.5)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.grouping import firsts
from analyzers.segments import Segments
from captures.lazyclass import dataclass
from captures.packets import ACK, FIN, RST, SYN

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

FLAGS = SYN | ACK | RST

#: No system waits so long for a SYN-ACK (RFC 9293 3.8.3 asks for 3 minutes): a clock was set.
LONGEST_NS = 600_000_000_000


@dataclass(frozen=True, slots=True)
class Opening:
    """One connection's three-way handshake; None is what was not seen."""

    syn_frame: int | None
    syn_ack_frame: int | None
    ack_frame: int | None
    established: bool
    handshake_rtt_s: float | None
    """SYN to SYN-ACK; None when a SYN was repeated before it."""
    connect_s: float | None
    """First SYN to SYN-ACK."""


def openings(seen: Segments, midway: Bools) -> list[Opening]:
    """Return the opening of each stream of a batch; `midway` says which show none."""
    count = len(midway)
    stream, server = seen.half >> 1, (seen.half & 1) == 1
    kind = seen.flags & FLAGS
    syns = np.flatnonzero(~server & (kind == SYN))
    syn = firsts(stream[syns], syns, count)
    answers = np.flatnonzero(server & (kind == SYN | ACK))
    answers = answers[(syn[stream[answers]] < 0) | (seen.ack[answers] >= 1)]
    answer = firsts(stream[answers], answers, count)
    answered = np.where(answer >= 0, seen.rows[answer], -1)
    acks = np.flatnonzero(~server & (kind == ACK))
    later = acks[(answered[stream[acks]] >= 0) & (seen.rows[acks] > answered[stream[acks]])]
    ack = firsts(stream[later], later, count)
    tries = np.bincount(stream[syns[seen.rows[syns] < answered[stream[syns]]]], minlength=count)
    waited = np.where((syn >= 0) & (answer >= 0), seen.time_ns[answer] - seen.time_ns[syn], -1)
    waited[waited > LONGEST_NS] = -1
    talks = _talks(seen, stream, count)
    open_ = np.where(midway, talks, talks & ((ack >= 0) | (answer < 0)) | (ack >= 0))
    return [
        Opening(
            syn_frame=first,
            syn_ack_frame=second,
            ack_frame=third,
            established=established,
            handshake_rtt_s=wait / 1e9 if wait >= 0 and tried == 1 else None,
            connect_s=wait / 1e9 if wait >= 0 else None,
        )
        for first, second, third, established, wait, tried in zip(
            *(_frames(seen, places) for places in (syn, answer, ack)),
            open_.tolist(),
            waited.tolist(),
            tries.tolist(),
            strict=True,
        )
    ]


def _talks(seen: Segments, stream: Int64, count: int) -> Bools:
    """Return which streams show a segment as only open connections send them."""
    plain = (seen.flags & (SYN | RST | FIN)) == 0
    talks = np.zeros(count, dtype=np.bool_)
    talks[stream[plain & ((seen.flags & ACK) != 0)]] = True
    return talks


def _frames(seen: Segments, places: Int64) -> list[int | None]:
    found = (seen.rows[places] + 1).tolist()
    return [f if place >= 0 else None for f, place in zip(found, places.tolist(), strict=True)]

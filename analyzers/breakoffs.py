"""Connections that broke off as tampering breaks them off: segments in, signatures out.

The signatures are those of Sundara Raman et al. (SIGCOMM 2023), table 1, which the authors wrote
for captures at the server. Here "what followed" is judged at any capture point: RSTs of either
address, and silence of the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals
from analyzers.facts.resets import BreakOff, Followed, LastSent, Reset
from analyzers.grouping import firsts, lasts
from analyzers.openings import Opening
from analyzers.segments import Segments
from captures.packets import ACK, FIN, PSH, SYN, PacketTable

_NEVER = np.iinfo(np.int64).max

#: By then two SYNs or three segments have been sent again (RFC 6298: 1 s, doubling): who is there
#: has answered. The study waited as long.
SILENT_NS = 3_000_000_000

_SIGNATURES = {
    key: number
    for number, key in enumerate(
        (
            (LastSent.SYN, Followed.NOTHING),
            (LastSent.SYN, Followed.RST),
            (LastSent.SYN, Followed.RST_ACK),
            (LastSent.SYN, Followed.BOTH),
            (LastSent.ACK, Followed.NOTHING),
            (LastSent.ACK, Followed.RST),
            (LastSent.ACK, Followed.RSTS),
            (LastSent.ACK, Followed.RST_ACK),
            (LastSent.ACK, Followed.RST_ACKS),
            (LastSent.MESSAGE, Followed.NOTHING),
            (LastSent.MESSAGE, Followed.RST),
            (LastSent.MESSAGE, Followed.RST_ACK),
            (LastSent.MESSAGE, Followed.BOTH),
            (LastSent.MESSAGE, Followed.RST_ACKS),
            (LastSent.MESSAGE, Followed.RSTS_SAME_ACK),
            (LastSent.MESSAGE, Followed.RSTS_OTHER_ACK),
            (LastSent.MESSAGE, Followed.RSTS_ZERO_ACK),
            (LastSent.DATA, Followed.RST),
            (LastSent.DATA, Followed.RST_ACK),
        ),
        start=1,
    )
}


def break_offs(
    table: PacketTable,
    seen: Segments,
    arrived: Arrivals,
    opened: Sequence[Opening],
    resets: Mapping[int, tuple[Reset, ...]],
    last_ns: int,
) -> dict[int, BreakOff]:
    """Return the streams of a batch that broke off in one of the published ways.

    `last_ns` is the time of the capture's last packet since its first. A connection whose SYN was
    not captured has none: what its client had sent before is not known.
    """
    stages = _Stages(seen, arrived, opened)
    found = {}
    for stream, them in resets.items():
        broken = _by_reset(table, stages, stream, them)
        if broken is not None:
            found[stream] = broken
    return found | _silent(table, stages, resets, last_ns)


class _Stages:
    """Rows of each stream's steps; -1 for steps that it did not reach."""

    def __init__(self, seen: Segments, arrived: Arrivals, opened: Sequence[Opening]) -> None:
        count = len(opened)
        self.syn = np.array([(o.syn_frame or 0) - 1 for o in opened], dtype=np.int64)
        self.answer = np.array([(o.syn_ack_frame or 0) - 1 for o in opened], dtype=np.int64)
        self.ack = np.array([(o.ack_frame or 0) - 1 for o in opened], dtype=np.int64)
        self.established = np.array([o.established for o in opened], dtype=np.bool_)
        data = np.flatnonzero(arrived.new_bytes > 0)
        data = data[((seen.half[data] & 1) == 0) & ((seen.flags[data] & SYN) == 0)]
        stream, rows = seen.half[data] >> 1, seen.rows[data]
        self.data = firsts(stream, rows, count)
        pushed = (seen.flags[data] & PSH) != 0
        push = firsts(stream[pushed], rows[pushed], count)
        later = (push[stream] >= 0) & (rows > push[stream])
        self.more = firsts(stream[later], rows[later], count)
        steps = np.maximum(lasts(stream, rows, count), self.ack)
        #: What the client did last that was new.
        self.last = np.maximum(steps, self.syn)
        servers = 2 * np.arange(count) + 1
        last = np.searchsorted(seen.half, servers, side="right") - 1
        self.heard = np.where(seen.half[last] == servers, seen.rows[last], -1)
        self.end = np.full(count, _NEVER, dtype=np.int64)
        fins = np.flatnonzero(seen.flags & FIN)
        np.minimum.at(self.end, seen.half[fins] >> 1, seen.rows[fins])

    def at(self, stream: int, row: int) -> LastSent | None:
        """What the client had sent last before a row; None when that is not known."""
        steps = (
            (self.more, LastSent.DATA),
            (self.data, LastSent.MESSAGE),
            (self.ack, LastSent.ACK),
            (self.syn, LastSent.SYN),
        )
        if self.syn[stream] < 0:
            return None
        return next((what for rows, what in steps if 0 <= rows[stream] < row), None)


def _by_reset(
    table: PacketTable, stages: _Stages, stream: int, resets: tuple[Reset, ...]
) -> BreakOff | None:
    # A RST after which the client goes on broke nothing off.
    resets = tuple(reset for reset in resets if reset.frame - 1 > stages.last[stream])
    if not resets or stages.end[stream] < _NEVER:
        return None
    first = resets[0]
    after = stages.at(stream, first.frame - 1)
    if after is None:
        return None
    them = [reset for reset in resets if reset.sender is first.sender]
    frames = tuple(reset.frame for reset in them)
    rows = np.array(frames) - 1
    followed = _followed(after, (table.tcp_flags[rows] & ACK) != 0, table.ack[rows])
    signature = _SIGNATURES.get((after, followed))
    if signature is None:
        return None
    return BreakOff(signature, after, followed, first.sender, frames)


def _followed(
    after: LastSent, with_ack: npt.NDArray[np.bool_], numbers: npt.NDArray[np.uint32]
) -> Followed:
    if with_ack.any() != with_ack.all():
        return Followed.BOTH
    alike = after in (LastSent.SYN, LastSent.DATA) or len(with_ack) == 1
    if with_ack.all():
        return Followed.RST_ACK if alike else Followed.RST_ACKS
    if alike:
        return Followed.RST
    if after is LastSent.ACK:
        return Followed.RSTS
    different = set(numbers.tolist())
    if len(different) == 1:
        return Followed.RSTS_SAME_ACK
    return Followed.RSTS_ZERO_ACK if 0 in different else Followed.RSTS_OTHER_ACK


def _silent(
    table: PacketTable, stages: _Stages, resets: Mapping[int, tuple[Reset, ...]], last_ns: int
) -> dict[int, BreakOff]:
    """Streams whose server said nothing any more after one of the client's first steps."""
    first = np.where(stages.data >= 0, stages.data, np.maximum(stages.ack, stages.syn))
    # Where the server's part of the opening is not in the capture, its silence cannot be told.
    whole = stages.established == (stages.answer >= 0)
    quiet = (stages.syn >= 0) & whole & (stages.more < 0) & (stages.heard < first)
    found: dict[int, BreakOff] = {}
    for stream in np.flatnonzero(quiet).tolist():
        row, after = int(first[stream]), stages.at(stream, int(first[stream]) + 1)
        given_up = min((r.frame - 1 for r in resets.get(stream, ())), default=_NEVER)
        given_up = min(given_up, int(stages.end[stream]))
        end_ns = last_ns if given_up == _NEVER else _time_ns(table, given_up)
        if after is not None and end_ns - _time_ns(table, row) >= SILENT_NS:
            signature = _SIGNATURES[after, Followed.NOTHING]
            found[stream] = BreakOff(signature, after, Followed.NOTHING, None, (row + 1,))
    return found


def _time_ns(table: PacketTable, row: int) -> int:
    return int(table.time_ns[row] - table.time_ns[0])

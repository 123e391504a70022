"""What one side sent that the other must answer, and when the other showed that it had heard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzers.acks import Blocks
from analyzers.arrivals import Arrivals
from analyzers.facts.tcp import SILENT, Dialogue
from analyzers.segments import NOWHERE, Segments
from captures.packets import FIN, RST, SYN

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

@dataclass(frozen=True, slots=True)
class Dialogues:
    """Segments that ask, and segments that show what their sender heard; both by half."""

    seen: Segments
    asks: Int64
    hears: Int64

    def of(self, half: int) -> Dialogue:
        """Return what a half asked, and when its peer showed that it had heard."""
        asks = self._part(self.asks, half)
        if not len(asks):
            return SILENT
        hears = self._part(self.hears, half ^ 1)
        times, rows = self.seen.time_ns, self.seen.rows
        return Dialogue(
            asked_s=times[asks] / 1e9,
            asked_frames=rows[asks] + 1,
            heard_s=times[hears] / 1e9,
            heard_frames=rows[hears] + 1,
        )

    def _part(self, places: Int64, half: int) -> Int64:
        first, last = np.searchsorted(self.seen.half[places], (half, half + 1))
        return places[first:last]


def dialogues(seen: Segments, arrived: Arrivals, blocks: Blocks) -> Dialogues:
    """Find what asks and what answers in a batch."""
    carries = (seen.length > 0) | ((seen.flags & (SYN | FIN)) != 0)
    asks = (carries | arrived.keep_alive) & ((seen.flags & RST) == 0) & (seen.stop > NOWHERE)
    hears = _hears(seen, arrived, asks)
    hears[_report_more(seen, blocks)] = True
    return Dialogues(seen, np.flatnonzero(asks), np.flatnonzero(hears))


def _report_more(seen: Segments, blocks: Blocks) -> Int64:
    """Return segments whose SACK blocks reach higher than those before."""
    fresh = np.flatnonzero(~blocks.duplicate)
    carrier = blocks.segment[fresh]
    reach = seen.at(blocks.right[fresh], seen.half[carrier])
    before = np.full(len(reach), NOWHERE, dtype=np.int64)
    np.maximum.accumulate(reach[:-1], out=before[1:])
    return carrier[reach > before]


def _hears(seen: Segments, arrived: Arrivals, asks: Bools) -> Bools:
    """Return which segments show that their sender had heard something since it last spoke.

    They acknowledge more than before, or follow a question that was asked again (a keep-alive, a
    retransmission) and acknowledge it. A repeated ACK by itself shows nothing: a sender that
    hears no more goes on repeating its last one.
    """
    hears = seen.ack > seen.highest_before(seen.ack)
    repeats = np.flatnonzero(asks & (arrived.keep_alive | (seen.stop <= arrived.before)))
    if not len(repeats):
        return hears
    places = np.flatnonzero((seen.ack > NOWHERE) & ~arrived.keep_alive & (arrived.peer >= 0))
    peer = arrived.peer[places]
    latest = np.searchsorted(repeats, peer, side="right") - 1
    repeat = repeats[np.maximum(latest, 0)]
    follows = (latest >= 0) & (seen.half[repeat] == seen.half[peer])
    follows &= seen.ack[places] >= seen.stop[repeat]
    follows &= (repeat > arrived.peer[places - 1]) | (seen.half[places - 1] != seen.half[places])
    hears[places[follows]] = True
    return hears

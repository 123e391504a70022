"""What one side sent that the other must answer, and when the other showed that it had heard."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.acks import Blocks
from analyzers.arrivals import Arrivals
from analyzers.facts.tcp import SILENT, Dialogue
from analyzers.segments import NOWHERE, Segments
from captures.lazyclass import dataclass
from captures.packets import FIN, RST, SYN

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _Marked:
    """Some segments of a batch, by half."""

    time_s: npt.NDArray[np.float64]
    frames: Int64
    starts: list[int]
    """Those of half h are starts[h]:starts[h + 1]."""

    def of(self, half: int) -> slice:
        """Where those of one half are."""
        return slice(self.starts[half], self.starts[half + 1])


def dialogues(seen: Segments, arrived: Arrivals, blocks: Blocks) -> list[Dialogue]:
    """Return what each half of a batch asked, and when its peer showed that it had heard."""
    asks, hears = (_marked(seen, which) for which in _asks_and_hears(seen, arrived, blocks))
    return [
        _dialogue(asks, asks.of(half), hears, hears.of(half ^ 1)) for half in range(seen.halves)
    ]


def _dialogue(asks: _Marked, asked: slice, hears: _Marked, heard: slice) -> Dialogue:
    if asked.start == asked.stop:
        return SILENT
    return Dialogue(
        asked_s=asks.time_s[asked],
        asked_frames=asks.frames[asked],
        heard_s=hears.time_s[heard],
        heard_frames=hears.frames[heard],
    )


def _marked(seen: Segments, which: Bools) -> _Marked:
    places = np.flatnonzero(which)
    starts = np.searchsorted(seen.half[places], np.arange(seen.halves + 1))
    return _Marked(seen.time_ns[places] / 1e9, seen.rows[places] + 1, starts.tolist())


def _asks_and_hears(seen: Segments, arrived: Arrivals, blocks: Blocks) -> tuple[Bools, Bools]:
    """Return which segments ask, and which show what their sender heard."""
    carries = (seen.length > 0) | ((seen.flags & (SYN | FIN)) != 0)
    asks = (carries | arrived.keep_alive) & ((seen.flags & RST) == 0) & (seen.stop > NOWHERE)
    hears = _hears(seen, arrived, asks)
    hears[_report_more(seen, blocks)] = True
    return asks, hears


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
    hears = seen.acks_more.copy()
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

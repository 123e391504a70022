"""Round-trip times of TCP connections, from ACKs and from timestamps, seen from the capture point.

An ACK gives a sample when it covers exactly one segment's end and nothing was sent again between
the two (Karn's algorithm, RFC 6298 section 3). The first echo of a timestamp gives one for the
first segment that carried it (RFC 7323 section 4; Nichols' pping), also where data only arrives.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals
from analyzers.facts.tcp import RttSamples
from analyzers.segments import NOWHERE, Segments
from analyzers.sequences import unwrap_groups
from captures.lazyclass import dataclass
from captures.packets import ACK, FIN, RST, SYN, PacketTable

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

#: An echo this late answers something else (pping's limit).
OLDEST_ECHO_NS = 10_000_000_000

#: Gain of the jitter estimate, RFC 3550 section 6.4.1, and the weights of the last differences
#: that it leaves (those left out weigh less than 1e-28 in all).
GAIN = 1 / 16
WEIGHTS = GAIN * (1 - GAIN) ** np.arange(1023, -1, -1)

NO_SAMPLES = RttSamples(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64))

Pairs = tuple[Int64, Int64]
"""Indices of timed segments, and of the segments of the other half that answer them."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Samples of a batch, by the half that answered, in file order within each."""

    half: Int64
    """The half that answered: samples of an odd one are of the path to a server."""
    samples: RttSamples
    """Their `time_s` is the answer's."""
    starts: Int64
    """Samples that half h answered are starts[h]:starts[h + 1]."""

    def of(self, half: int) -> RttSamples:
        """Return the samples that one half answered."""
        part = slice(int(self.starts[half]), int(self.starts[half + 1]))
        if part.start == part.stop:
            return NO_SAMPLES
        whole = self.samples
        return RttSamples(whole.time_s[part], whole.rtt_s[part], whole.bytes_in_flight[part])

    def lowest(self) -> npt.NDArray[np.float64]:
        """Return the smallest sample that each half answered, infinite where there is none."""
        lowest = np.full(len(self.starts) - 1, np.inf)
        if len(self.half):
            firsts = Segments.firsts(self.half)
            lowest[self.half[firsts]] = np.minimum.reduceat(self.samples.rtt_s, firsts)
        return lowest


def timings(table: PacketTable, seen: Segments, arrived: Arrivals) -> Timings:
    """Return all samples; where an answer gives two, the smaller one."""
    best = np.full(len(seen.rows), OLDEST_ECHO_NS, dtype=np.int64)
    timed = np.zeros(len(seen.rows), dtype=np.int64)
    for find in (_by_ack, _by_echo):
        sent, answer = find(table, seen, arrived)
        span = seen.time_ns[answer] - seen.time_ns[sent]
        better = (span >= 0) & (span < best[answer])
        best[answer[better]] = span[better]
        timed[answer[better]] = sent[better]
    answers = np.flatnonzero(best < OLDEST_ECHO_NS)
    half = seen.half[answers]
    samples = RttSamples(
        time_s=seen.time_ns[answers] / 1e9,
        rtt_s=best[answers] / 1e9,
        bytes_in_flight=_under_way(seen, arrived, timed[answers], answers),
    )
    return Timings(half, samples, np.searchsorted(half, np.arange(seen.halves + 1)))


def jitter_s(samples: RttSamples) -> float | None:
    """Return RFC 3550 interarrival jitter of successive samples; None with fewer than two."""
    differences = np.abs(np.diff(samples.rtt_s))[-len(WEIGHTS) :]
    if not len(differences):
        return None
    return float(differences @ WEIGHTS[-len(differences) :])


def _by_ack(_: PacketTable, seen: Segments, arrived: Arrivals) -> Pairs:
    """Return segments and the ACKs that are their first, by exact match and Karn's rule."""
    counts = _takes_numbers(seen)
    sent = np.flatnonzero(counts & (seen.start > NOWHERE) & (seen.stop > arrived.before))
    acks = np.flatnonzero(seen.acks_more)
    ends = seen.at(seen.stop[sent], seen.half[sent])
    wanted = seen.at(seen.ack[acks], seen.half[acks] ^ 1)
    place = np.searchsorted(ends, wanted)
    hit = np.flatnonzero(place < len(ends))
    hit = hit[ends[place[hit]] == wanted[hit]]
    sent, acks = sent[place[hit]], acks[hit]
    clean = (seen.rows[sent] < seen.rows[acks]) & ~_resent_between(seen, arrived, sent, acks)
    return sent[clean], acks[clean]


def _takes_numbers(seen: Segments) -> Bools:
    return np.asarray((seen.length > 0) | ((seen.flags & (SYN | FIN)) != 0))


def _resent_between(seen: Segments, arrived: Arrivals, sent: Int64, answers: Int64) -> Bools:
    """Return whether the half of each segment sent anything again before the answer."""
    resent = np.cumsum(_takes_numbers(seen) & (arrived.behind | (seen.stop <= arrived.before)))
    return np.asarray(resent[arrived.peer[answers]] != resent[sent])


def _by_echo(table: PacketTable, seen: Segments, arrived: Arrivals) -> Pairs:
    """Return first carriers of timestamps and their first echoes.

    Karn's rule holds here too: the first answer may have been lost, and what is echoed then is no
    younger than the first copy.
    """
    stamped = np.flatnonzero(table.has_timestamps[seen.rows] & ((seen.flags & RST) == 0))
    echoing = stamped[(seen.flags[stamped] & ACK) != 0]
    if not len(echoing):
        return stamped[:0], echoing
    base = np.zeros(seen.halves, dtype=np.uint32)
    firsts = stamped[Segments.firsts(seen.half[stamped])]
    base[seen.half[firsts]] = table.tsval[seen.rows[firsts]]
    carriers, values = _first_ones(seen, stamped, table.tsval[seen.rows[stamped]], base)
    other = base[np.arange(seen.halves) ^ 1]
    echoes, echoed = _first_ones(seen, echoing, table.tsecr[seen.rows[echoing]], other)
    keys = seen.at(values, seen.half[carriers])
    wanted = seen.at(echoed, seen.half[echoes] ^ 1)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    hit = np.flatnonzero(keys[place] == wanted)
    carriers, echoes = carriers[place[hit]], echoes[hit]
    later = seen.rows[carriers] < seen.rows[echoes]
    carriers, echoes = carriers[later], echoes[later]
    good = _prompt(seen, carriers, echoes) & ~_resent_between(seen, arrived, carriers, echoes)
    return carriers[good], echoes[good]


def _first_ones(
    seen: Segments, places: Int64, values: npt.NDArray[np.uint32], base: npt.NDArray[np.uint32]
) -> Pairs:
    """Return the places, and unwrapped values, where a half shows a value above all before."""
    starts = Segments.firsts(seen.half[places])
    positions, belongs = unwrap_groups(values, starts, base[seen.half[places[starts]]])
    positions[~belongs] = NOWHERE
    mark = seen.at(positions, seen.half[places])
    np.maximum.accumulate(mark, out=mark)
    new = belongs
    new[1:] &= mark[1:] > mark[:-1]
    return places[new], positions[new]


def _prompt(seen: Segments, carriers: Int64, echoes: Int64) -> Bools:
    """Return which echoes were not kept waiting for something to say.

    A bare ACK asks for no answer: the next segment may be an idle time away. It is taken when it
    comes out of a flow of segments, the one before it being less than half the sample older.
    """
    asks = (seen.length[carriers] > 0) | ((seen.flags[carriers] & (SYN | FIN)) != 0)
    follows = (echoes > 0) & (seen.half[echoes - 1] == seen.half[echoes])
    pause = seen.time_ns[echoes] - seen.time_ns[echoes - 1]
    span = seen.time_ns[echoes] - seen.time_ns[carriers]
    return np.asarray(asks | (follows & (pause * 2 <= span)))


def _under_way(seen: Segments, arrived: Arrivals, sent: Int64, answers: Int64) -> Int64:
    """Return bytes in flight for each sample, as `RttSamples.bytes_in_flight` has it."""
    outgoing = seen.stop_so_far(sent) - arrived.acked[sent]
    outgoing[arrived.acked[sent] <= NOWHERE] = 0
    total = np.cumsum(arrived.new_bytes)
    peer = arrived.peer[sent]
    known = np.where(peer >= 0, total[peer], 0)
    firsts = np.searchsorted(seen.half, np.arange(seen.halves))[seen.half[answers]]
    known = np.maximum(known, total[firsts] - arrived.new_bytes[firsts])
    incoming = total[answers] - arrived.new_bytes[answers] - known
    return np.asarray(np.maximum(np.maximum(outgoing, incoming), 0))

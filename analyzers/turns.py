"""Questions and answers of each connection, encrypted ones too: segments in, turns out.

A turn is told from timing alone: the client sends something new, and the next new data of its
server comes one round trip later at the earliest. What comes sooner was under way already, and
answers something else; then no turn is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from analyzers.arrivals import Arrivals
from analyzers.facts.http import HttpExchange
from analyzers.facts.tcp import Connection, Retransmission, Turn
from analyzers.grouping import tuples
from analyzers.segments import Segments
from captures.packets import SYN

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

#: Clocks and queues differ by less: an answer in this share of the smallest round trip is one.
ROUND_TRIP = 0.95


def turns(
    seen: Segments,
    arrived: Arrivals,
    server_rtt_s: Float64,
    retransmissions: Mapping[int, tuple[Retransmission, ...]],
) -> dict[int, tuple[Turn, ...]]:
    """Return the turns of each stream of a batch.

    `server_rtt_s` has each stream's smallest round trip to its server (infinite: unknown: such
    streams have no turns), `retransmissions` those of each half.
    """
    asked, answered = _pairs(seen, arrived)
    stream = seen.half[asked] >> 1
    rtt_s = server_rtt_s[stream]
    waited_s = (seen.time_ns[answered] - seen.time_ns[asked]) / 1e9
    told = np.flatnonzero(np.isfinite(rtt_s) & (waited_s >= ROUND_TRIP * rtt_s))
    asked, answered, stream = asked[told], answered[told], stream[told]
    rtt_s, waited_s = rtt_s[told], waited_s[told]
    acked_s = _acked_s(seen, asked, answered)
    again = _sent_again(seen, arrived, asked, answered)
    late = {r.frame for half, them in retransmissions.items() if half & 1 for r in them}
    frames = (seen.rows[answered] + 1).tolist()
    lost = np.array([frame in late for frame in frames], dtype=np.bool_) if late else False
    server_s = np.where(again, waited_s - acked_s, waited_s - rtt_s)
    server_s = np.where(lost, np.nan, np.maximum(server_s, 0.0))
    columns = (
        seen.rows[asked] + 1,
        seen.time_ns[asked] / 1e9,
        seen.time_ns[answered] / 1e9,
        waited_s,
        acked_s,
        again,
        rtt_s,
        server_s,
    )
    found = [
        Turn(
            asked_frame=frame,
            asked_s=at_s,
            answered_frame=by,
            answered_s=until_s,
            waited_s=wait_s,
            acked_after_s=acked if acked == acked else None,
            sent_again=sent_again,
            rtt_s=trip_s,
            server_s=rest_s if rest_s == rest_s else None,
        )
        for by, (frame, at_s, until_s, wait_s, acked, sent_again, trip_s, rest_s) in zip(
            frames, zip(*(c.tolist() for c in columns), strict=True), strict=True
        )
    ]
    return tuples(stream, found)


def _pairs(seen: Segments, arrived: Arrivals) -> tuple[Int64, Int64]:
    """Return the client's last new data before each change of turn, and the answer to it."""
    data = np.flatnonzero(arrived.new_bytes > 0)
    client = (seen.half[data] & 1) == 0
    asks = data[client]
    asks = asks[(seen.flags[asks] & SYN) == 0]
    replies = data[~client]
    if not len(asks) or not len(replies):
        return asks[:0], replies[:0]
    width = int(seen.rows.max()) + 1
    keys = (seen.half[replies] >> 1) * width + seen.rows[replies]
    stream = seen.half[asks] >> 1
    place = np.searchsorted(keys, stream * width + seen.rows[asks])
    reply = replies[np.minimum(place, len(replies) - 1)]
    sound = (place < len(replies)) & (seen.half[reply] >> 1 == stream)
    # Of several segments before one answer, the last one ends the question.
    last = np.ones(len(asks), dtype=np.bool_)
    last[:-1] = (place[1:] != place[:-1]) | (stream[1:] != stream[:-1])
    return asks[sound & last], reply[sound & last]


def _acked_s(seen: Segments, asked: Int64, answered: Int64) -> Float64:
    """Return how long after it each question was acknowledged, at the latest by its answer."""
    peer = seen.half[asked] ^ 1
    place = np.searchsorted(seen.ack_reach, seen.at(seen.stop[asked], peer))
    place = np.minimum(place, len(seen.rows) - 1)
    known = (seen.half[place] == peer) & (seen.rows[place] <= seen.rows[answered])
    waited = (seen.time_ns[place] - seen.time_ns[asked]) / 1e9
    return np.where(known, waited, np.nan)


def _sent_again(
    seen: Segments, arrived: Arrivals, asked: Int64, answered: Int64
) -> npt.NDArray[np.bool_]:
    """Return which clients sent something again while they waited."""
    again = np.flatnonzero(arrived.behind)
    again = again[(seen.half[again] & 1) == 0]
    if not len(again):
        return np.zeros(len(asked), dtype=np.bool_)
    width = int(seen.rows.max()) + 1
    keys = seen.half[again] * width + seen.rows[again]
    half = seen.half[asked]
    first = np.searchsorted(keys, half * width + seen.rows[asked], side="right")
    return np.asarray(first < np.searchsorted(keys, half * width + seen.rows[answered]))


def with_server_times(
    requests: Sequence[HttpExchange], connections: Sequence[Connection]
) -> tuple[HttpExchange, ...]:
    """Give requests that are a turn of their own what that turn tells."""
    found: list[HttpExchange] = []
    by_answer: dict[int, dict[int, Turn]] = {}
    for request in requests:
        if request.stream not in by_answer:
            them = connections[request.stream].turns
            by_answer[request.stream] = {turn.answered_frame: turn for turn in them}
        turn = by_answer[request.stream].get(request.response_frame or 0)
        own = turn is not None and turn.asked_frame in request.request_frames
        found.append(replace(request, server_s=turn.server_s) if turn and own else request)
    return tuple(found)

"""What held the pace of a transfer down, as measures: application, window, losses, bottleneck.

After Siekkinen et al., "A root cause analysis toolkit for TCP" (Computer Networks 2008), and Zhang
et al., "On the characteristics and origins of Internet flow rates" (SIGCOMM 2002); the signature of
slow start is that of Sundaresan et al., "TCP Congestion Signatures" (IMC 2017). The measures have
no thresholds but those of their definitions: what is much is for others to say.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from analyzers.facts import Connection, Facts, Half, Pace, RttSamples, Side
from captures.lazyclass import dataclass

Float64 = npt.NDArray[np.float64]

#: A window counts as full when so much of it arrives in one round trip: T-RAT (SIGCOMM 2002) allows
#: a few segments less than all.
FULL = 0.8
#: Rates are compared over windows of so many spans at least, and so much time.
SHORTEST_WINDOW_S = 0.1
#: Into so many windows a transfer is cut, to see whether its rate changes.
WINDOWS = 24
#: So near to the median, a rate is the same.
NEAR = 0.15
#: Fewer samples say nothing about a distribution.
FEWEST_SAMPLES = 10

_APPLICATION = ("sender_idle", "client_idle")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one side sent on one connection (16 kB or more), and what held its pace down."""

    stream: int
    sender: Side
    start_s: float
    """Its first data segment."""
    end_s: float
    payload_bytes: int
    """Repeats too."""
    application_s: float
    """Silences above 0.2 s in it that its sender, or who asks it, could have ended."""
    loss_s: float
    """Silences in it that waited for lost segments."""
    window_s: float
    """Silences in it that waited for room at the receiver."""
    other_s: float
    """Silences in it of other and unknown cause."""
    busy_s: float
    """What remains of it."""
    rate: float
    """Bytes per second while busy."""
    best_rate: float
    """Bytes per second in the fastest window of a round trip, 0.1 s at least."""
    flat_share: float | None
    """Of up to 24 windows (0.1 s at least), first and last left out: those with a rate within 15 %
    of the median. Near 1: something holds the rate. None with fewer than four."""
    path_rtt_s: float | None
    """The smallest round trips to both ends, added: that of the whole path."""
    window_share: float | None
    """Of the round trips in which data came: those that brought 80 % or more of the largest window
    that the receiver announced. Near 1: the receive window holds the rate. None where the window's
    scale or the round trip is not known."""
    sent_again_share: float
    """Of the payload: sent again."""
    rtt_low_s: float | None
    """Median round trip of the quarter of samples with the fewest bytes in flight (of the paths to
    both ends: on the longer one). None with fewer than ten samples."""
    rtt_high_s: float | None
    """… of the quarter with the most: how round trips grow with bytes in flight."""
    start_norm_diff: float | None
    """(max - min) / max of the round trips until the first segment was sent again: near 1, the
    transfer filled a queue that was empty; near 0, with losses, the queue was full before. None
    with fewer than ten samples."""
    start_variation: float | None
    """Their standard deviation as a share of their mean."""


def limits(facts: Facts) -> Iterator[Limits]:
    """All transfers, connection by connection."""
    for connection in facts.connections:
        for side in Side:
            pace = connection.half(side).pace
            if pace is not None:
                yield _limits(connection, side, pace)


def _limits(connection: Connection, side: Side, pace: Pace) -> Limits:
    half = connection.half(side)
    payload = int(pace.payload.sum())
    end_s = half.last_data_s if half.last_data_s is not None else pace.end_s
    end_s = max(end_s, pace.start_s)
    waits = _silent_s(connection, pace.start_s, end_s)
    application_s = sum(waits.get(cause, 0.0) for cause in _APPLICATION)
    known_s = application_s + waits.get("loss", 0.0) + waits.get("window", 0.0)
    silent_s = sum(waits.values())
    busy_s = max(end_s - pace.start_s - silent_s, 0.0)
    rtt_s = _path_rtt_s(connection)
    rates = _rates(pace, max(SHORTEST_WINDOW_S, rtt_s or 0.0))
    samples = max(connection.rtt, connection.client_rtt, key=_middle)
    low, high = _by_flight(samples)
    spread, variation = _slow_start(half, samples)
    return Limits(
        stream=connection.stream,
        sender=side,
        start_s=pace.start_s,
        end_s=end_s,
        payload_bytes=payload,
        application_s=application_s,
        loss_s=waits.get("loss", 0.0),
        window_s=waits.get("window", 0.0),
        other_s=silent_s - known_s,
        busy_s=busy_s,
        rate=payload / max(busy_s, pace.span_s),
        best_rate=float(rates.max(initial=0.0)),
        flat_share=_flat_share(pace),
        path_rtt_s=rtt_s,
        window_share=_window_share(pace, connection.half(_other(side)).max_window, rtt_s),
        sent_again_share=sum(r.length for r in half.retransmissions) / max(payload, 1),
        rtt_low_s=low,
        rtt_high_s=high,
        start_norm_diff=spread,
        start_variation=variation,
    )


def _middle(samples: RttSamples) -> float:
    return float(np.median(samples.rtt_s)) if len(samples.rtt_s) else -1.0


def _other(side: Side) -> Side:
    return Side.CLIENT if side is Side.SERVER else Side.SERVER


def _silent_s(connection: Connection, start_s: float, end_s: float) -> dict[str, float]:
    """Time in silences between two moments, by cause."""
    found: dict[str, float] = {}
    for silence in connection.silences:
        length_s = min(silence.end_s, end_s) - max(silence.start_s, start_s)
        if length_s > 0.0:
            found[silence.cause] = found.get(silence.cause, 0.0) + length_s
    return found


def _path_rtt_s(connection: Connection) -> float | None:
    parts = [s.rtt_s for s in (connection.rtt, connection.client_rtt) if len(s.rtt_s)]
    if connection.min_rtt_s is None or len(parts) < 2:
        return connection.min_rtt_s
    return sum(float(part.min()) for part in parts)


def _rates(pace: Pace, width_s: float) -> Float64:
    """Bytes per second in consecutive windows; one window when there is less than that."""
    count = max(1, round(width_s / pace.span_s))
    starts = np.arange(0, max(len(pace.payload) - count, 0) + 1, count)
    total = np.concatenate(([0], np.cumsum(pace.payload)))
    ends = np.minimum(starts + count, len(pace.payload))
    return np.asarray((total[ends] - total[starts]) / (count * pace.span_s), dtype=np.float64)


def _flat_share(pace: Pace) -> float | None:
    length_s = len(pace.payload) * pace.span_s
    rates = _rates(pace, max(SHORTEST_WINDOW_S, length_s / WINDOWS))[1:-1]
    if len(rates) < 4:
        return None
    middle = float(np.median(rates))
    return float(np.mean(np.abs(rates - middle) <= NEAR * middle))


def _window_share(pace: Pace, window: int | None, rtt_s: float | None) -> float | None:
    if not window or not rtt_s:
        return None
    steps = max(1, round(rtt_s / pace.span_s))
    total = np.concatenate(([0], np.cumsum(pace.payload)))
    if len(total) <= steps:
        return None
    arrived = (total[steps:] - total[:-steps]) * (rtt_s / (steps * pace.span_s))
    arrived = arrived[arrived > 0]
    return float(np.mean(arrived >= FULL * window)) if len(arrived) else None


def _by_flight(samples: RttSamples) -> tuple[float | None, float | None]:
    """Median round trips of the quarters with the fewest and the most bytes in flight."""
    if len(samples.rtt_s) < FEWEST_SAMPLES:
        return None, None
    order = np.argsort(samples.bytes_in_flight, kind="stable")
    quarter = len(order) // 4
    parts = order[:quarter], order[-quarter:]
    low, high = (float(np.median(samples.rtt_s[part])) for part in parts)
    return low, high


def _slow_start(half: Half, samples: RttSamples) -> tuple[float | None, float | None]:
    """Spread of the round trips until something was sent again."""
    first_s = min((r.time_s for r in half.retransmissions), default=np.inf)
    early = samples.rtt_s[samples.time_s < first_s]
    largest = float(early.max(initial=0.0))
    if len(early) < FEWEST_SAMPLES or largest <= 0.0:
        return None, None
    spread = (largest - float(early.min())) / largest
    return spread, float(early.std() / early.mean())

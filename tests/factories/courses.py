"""The course of a transfer, made by hand: its pace, its round trips, what it lost or waited for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from analyzers.facts import (
    Dialogue,
    LossSide,
    Overtaken,
    Pace,
    Retransmission,
    RetransmissionKind,
    RttSamples,
    Side,
    Silence,
    ZeroWindow,
)
from tests.factories.tcp import sent
from tests.factories.world import frame_at

SPAN_S = 0.1
SEGMENT = 1448


def paced(start_s: float, mbit: Sequence[float], span_s: float = SPAN_S) -> dict[str, Any]:
    """Changes to a half that sent at these rates (Mbit/s), one for each span."""
    payload = np.array([rate * 1e6 / 8 * span_s for rate in mbit]).astype(np.int64)
    whole = sent(int(payload.sum()), start_s, start_s + span_s * len(mbit))
    return whole | {"pace": Pace(start_s, span_s, payload)}


def samples(*groups: tuple[Iterable[float], float | Sequence[float], int]) -> RttSamples:
    """Round trips in groups: times, their length (one for all, or one each), bytes under way."""
    rows: list[tuple[float, float, int]] = []
    for times, rtts, under_way in groups:
        at = list(times)
        each = [rtts] * len(at) if isinstance(rtts, float) else list(rtts)
        rows += [(t, r, under_way) for t, r in zip(at, each, strict=True)]
    rows.sort()
    time_s, rtt_s, load = zip(*rows, strict=True)
    return RttSamples(np.array(time_s), np.array(rtt_s), np.array(load, dtype=np.int64))


def again(
    at_s: float,
    *,
    delay_s: float = 0.02,
    kind: RetransmissionKind = RetransmissionKind.FAST,
    loss: LossSide = LossSide.BEFORE_CAPTURE,
    sequence: int = 1,
    length: int = SEGMENT,
) -> Retransmission:
    """A segment sent again: by default one that the capture had never seen."""
    return Retransmission(frame_at(at_s), at_s, sequence, length, kind, loss, delay_s, None)


def needless(at_s: float, *, delay_s: float = 0.02, sequence: int = 1) -> Retransmission:
    """A segment sent again for nothing."""
    kind, loss = RetransmissionKind.SPURIOUS, LossSide.NOT_LOST
    return again(at_s, delay_s=delay_s, kind=kind, loss=loss, sequence=sequence)


def overtaken(*late: tuple[float, float]) -> dict[str, Any]:
    """Changes to a half of whose segments these came late: when, and how long after others."""
    return {
        "overtaken": tuple(Overtaken(frame_at(t), t, delay_s) for t, delay_s in late),
        "out_of_order_frames": tuple(frame_at(t) for t, _ in late),
    }


def silence(
    start_s: float,
    end_s: float,
    cause: str,
    after: Side = Side.SERVER,
    before: Side | None = Side.CLIENT,
) -> Silence:
    """A span without new data."""
    ended = None if before is None else frame_at(end_s)
    return Silence(start_s, end_s, frame_at(start_s), ended, cause, after, before)


def shut(start_s: float, end_s: float | None) -> ZeroWindow:
    """A window that was closed."""
    ends = (start_s,) if end_s is None else (start_s, end_s)
    return ZeroWindow(start_s, end_s, tuple(map(frame_at, ends)))


def arrivals(*times: float) -> Dialogue:
    """Data of a server that came at these times, all of it acknowledged."""
    at = np.array(times, dtype=np.float64)
    frames = np.array([frame_at(t) for t in times], dtype=np.int64)
    return Dialogue(at, frames, at, frames)


def every(step_s: float, start_s: float, count: int) -> list[float]:
    """Moments at equal distances."""
    return [start_s + step_s * i for i in range(count)]

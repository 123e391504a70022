"""A verdict about two captures in, `badhop/verdict/1` with a `comparison` out."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np

from analyzers.facts.vantage import Change, Clock, Comparison, Forged, Pair, Transit
from diagnostics.between.verdict import Judged
from diagnostics.report.json import Json, document, number

MAX_FRAMES = 1000
"""Frames of one list; a lossy path would fill pages."""


def render(judged: Judged) -> str:
    """Write it as ASCII JSON, so that no terminal can stumble over a name in it."""
    return json.dumps(whole(judged), indent=2, allow_nan=False)


def whole(judged: Judged) -> dict[str, Json]:
    """The verdict as the contract lays it out, plus `comparison`."""
    comparison = judged.comparison
    return {
        **document(judged.verdict),
        "comparison": {
            "near": comparison.near_file,
            "far": comparison.far_file,
            "swapped": judged.swapped,
            "root_cause_is": None if judged.where is None else judged.where.value,
            "same_point": comparison.same_point,
            "hops": comparison.hops,
            "overlap_s": None if comparison.overlap_s is None else number(comparison.overlap_s),
            "clock": None if comparison.clock is None else _clock(comparison.clock),
            "pairs": [_pair(pair) for pair in comparison.pairs],
            "vanished": _numbers(comparison.vanished),
            "near_only": comparison.near_only,
            "far_only": comparison.far_only,
            "forged": [_forged(packet) for packet in comparison.forged],
            "changes": [_change(change) for change in comparison.changes],
            "dns": _dns(comparison),
        },
    }


def _clock(clock: Clock) -> dict[str, Json]:
    return {
        "offset_s": number(clock.offset_s),
        "drift_ppm": number(clock.drift * 1e6),
        "error_s": None if clock.error_s is None else number(clock.error_s),
        "packets_out": clock.packets_out,
        "packets_back": clock.packets_back,
        "stepped": clock.stepped,
    }


def _pair(pair: Pair) -> dict[str, Json]:
    return {
        "near_stream": pair.near,
        "far_stream": pair.far,
        "tie": pair.tie.value,
        "out": None if pair.out is None else _transit(pair.out),
        "back": None if pair.back is None else _transit(pair.back),
    }


def _transit(transit: Transit) -> dict[str, Json]:
    delays = transit.delays_s
    return {
        "sent_frames": transit.sent_frames,
        "sent_bytes": transit.sent_bytes,
        "lost_bytes": transit.lost_bytes,
        "lost_frames": _numbers(transit.lost_frames),
        "unseen_bytes": transit.unseen_bytes,
        "multiplied_bytes": transit.multiplied_bytes,
        "delay_s": None
        if not len(delays)
        else {
            name: number(float(np.percentile(delays, share)))
            for name, share in (("min", 0), ("median", 50), ("p95", 95), ("max", 100))
        },
    }


def _forged(packet: Forged) -> dict[str, Json]:
    return {
        "kind": packet.kind,
        "way": packet.way.value,
        "file": "near" if packet.way == "back" else "far",
        "frame": packet.frame,
        "stream": packet.stream,
        "ttl": packet.ttl,
    }


def _change(change: Change) -> dict[str, Json]:
    return {
        "what": change.what,
        "way": change.way.value,
        "before": change.before,
        "after": change.after,
        "near_stream": change.near_stream,
        "near_frame": change.near_frame,
        "far_frame": change.far_frame,
    }


def _dns(comparison: Comparison) -> dict[str, Json]:
    return {
        "exchanges": comparison.dns.exchanges,
        "queries_lost": _numbers(comparison.dns.queries_lost),
        "answers_lost": _numbers(comparison.dns.answers_lost),
    }


def _numbers(values: Sequence[int]) -> list[Json]:
    return [int(value) for value in values[:MAX_FRAMES]]

"""pcapng timestamps: ticks of an interface's own clock to nanoseconds since the epoch."""

from __future__ import annotations

import numpy as np

from captures.arrays import Int64, UInt8, UInt64

_LATEST = np.iinfo(np.int64).max
#: Half the range (year 2116): neither sums nor differences of two such numbers overflow, and
#: whoever reads times subtracts them. What 32 bits of seconds can say, as in pcap, is below it.
_HALF = 1 << 62


def to_ns(ticks: UInt64, resolution: UInt8, offset_s: Int64) -> Int64:
    """Return times; those more than 2^62 ns from 1970 (years 1823 and 2116) end there.

    `resolution` is if_tsresol: ticks are 10^-n s, or 2^-n s if the upper bit is set;
    `offset_s` is if_tsoffset. All have shape (n,).
    """
    time_ns = np.empty(len(ticks), dtype=np.int64)
    for value in np.flatnonzero(np.bincount(resolution)).tolist():
        rows = resolution == value
        convert = _binary if value & 0x80 else _decimal
        time_ns[rows] = convert(ticks[rows], value & 0x7F)
    if offset_s.any():
        limit = _HALF // 10**9
        time_ns = np.clip(time_ns, -_HALF, _HALF - 1) + np.clip(offset_s, -limit, limit) * 10**9
    return np.clip(time_ns, 1 - _HALF, _HALF - 1)


def _decimal(ticks: UInt64, digits: int) -> Int64:
    if digits > 9 + 19:  # 10^20 exceeds 64 bits
        return np.zeros(len(ticks), dtype=np.int64)
    if digits > 9:
        return (ticks // np.uint64(10 ** (digits - 9))).astype(np.int64)
    # Read as signed: a clock set before 1970 then keeps its intervals, and what is lost is
    # nothing that a clock this coarse can mean.
    factor = 10 ** (9 - digits)
    limit = _LATEST // factor
    time_ns: Int64 = np.clip(ticks.astype(np.int64), -limit, limit)
    time_ns *= factor
    return time_ns


def _binary(ticks: UInt64, bits: int) -> Int64:
    if bits < 64:
        seconds: UInt64 = np.minimum(ticks >> np.uint64(bits), np.uint64(_LATEST // 10**9 - 1))
        ticks = ticks & np.uint64((1 << bits) - 1)
    else:
        seconds = np.zeros(len(ticks), dtype=np.uint64)
    # 32 bits of the fraction are a quarter of a nanosecond, and times 10^9 they fit in 64.
    if bits > 32:
        ticks = ticks >> np.uint64(min(bits - 32, 63))
        bits = 32
    fraction = ticks * np.uint64(10**9) >> np.uint64(bits)
    return (seconds * np.uint64(10**9) + fraction).astype(np.int64)

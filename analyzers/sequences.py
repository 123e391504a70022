"""TCP sequence numbers (mod 2^32) in, positions that never wrap out (RFC 9293 section 3.4)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
UInt32 = npt.NDArray[np.uint32]

#: No window reaches further (RFC 7323 section 2.3): a step beyond it is no step of this stream.
FARTHEST_STEP = 1 << 30


def distance(number: int, reference: int) -> int:
    """Return the signed distance from `reference` to `number`, at most 2^31 away."""
    return ((number - reference + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def unwrap(numbers: UInt32, base: int) -> tuple[Int64, Bools]:
    """Return positions relative to `base`, and which of them belong to the stream.

    `numbers` are in order of arrival, the first is near `base`. One that jumps further than a
    window can reach does not belong, and does not carry those after it along.
    """
    if not len(numbers):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    first = distance(int(numbers[0]), base)
    steps = np.diff(numbers).view(np.int32)
    far = np.abs(first) > FARTHEST_STEP
    if far or (len(steps) and max(int(steps.max()), -int(steps.min())) > FARTHEST_STEP):
        return _unwrap_one_by_one(numbers, base)
    positions = np.empty(len(numbers), dtype=np.int64)
    positions[0] = first
    np.cumsum(steps, dtype=np.int64, out=positions[1:])
    positions[1:] += first
    return positions, np.ones(len(numbers), dtype=np.bool_)


def _unwrap_one_by_one(numbers: UInt32, base: int) -> tuple[Int64, Bools]:
    """As `unwrap`, where some numbers are no part of the stream."""
    at = 0
    positions: list[int] = []
    belongs: list[bool] = []
    for number in numbers.tolist():
        step = distance(number, (base + at) & 0xFFFFFFFF)
        positions.append(at + step)
        belongs.append(abs(step) <= FARTHEST_STEP)
        if belongs[-1]:
            at += step
    return np.array(positions, dtype=np.int64), np.array(belongs, dtype=np.bool_)

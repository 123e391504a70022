"""TCP sequence numbers (mod 2^32) in, positions that never wrap out (RFC 9293 section 3.4)."""

from __future__ import annotations

from itertools import zip_longest

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]
UInt32 = npt.NDArray[np.uint32]

#: No window reaches further (RFC 7323 section 2.3): a step beyond it is no step of this stream.
FARTHEST_STEP = 1 << 30

#: Positions beyond it are made up: 4 TiB into one connection.
FARTHEST = 1 << 42


def distance(number: int, reference: int) -> int:
    """Return the signed distance from `reference` to `number`, at most 2^31 away."""
    return ((number - reference + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def distances(numbers: UInt32, references: UInt32) -> Int64:
    """Return `distance` of each pair."""
    return (numbers - references).view(np.int32).astype(np.int64)


def unwrap(numbers: UInt32, base: int) -> tuple[Int64, Bools]:
    """Return positions relative to `base`, and which of them belong to the stream.

    `numbers` are in order of arrival, the first is near `base`. One that jumps further than a
    window can reach does not belong, and does not carry those after it along.
    """
    if len(numbers):
        steps = np.empty(len(numbers), dtype=np.int32)
        steps[0] = distance(int(numbers[0]), base)
        np.subtract(numbers[1:], numbers[:-1], out=steps[1:].view(np.uint32))
        if int(steps.min()) >= -FARTHEST_STEP and int(steps.max()) <= FARTHEST_STEP:
            positions = np.cumsum(steps, dtype=np.int64)
            if int(positions.min()) > -FARTHEST and int(positions.max()) < FARTHEST:
                return positions, np.ones(len(positions), dtype=np.bool_)
    return unwrap_groups(numbers, np.zeros(1, dtype=np.int64), np.array([base], dtype=np.uint32))


def unwrap_groups(numbers: UInt32, starts: Int64, bases: UInt32) -> tuple[Int64, Bools]:
    """As `unwrap`, for many streams one after the other: the i-th begins at starts[i]."""
    belongs = np.ones(len(numbers), dtype=np.bool_)
    if not len(numbers):
        return np.empty(0, dtype=np.int64), belongs
    steps = np.empty(len(numbers), dtype=np.int32)
    np.subtract(numbers[1:], numbers[:-1], out=steps[1:].view(np.uint32))
    steps[starts] = (numbers[starts] - bases).view(np.int32)
    positions = np.cumsum(steps, dtype=np.int64)
    lengths = np.diff(np.append(starts, len(numbers)))
    positions -= np.repeat(positions[starts] - steps[starts], lengths)
    far = (steps > FARTHEST_STEP) | (steps < -FARTHEST_STEP)
    if far.any():
        strange = np.unique(np.searchsorted(starts, np.flatnonzero(far), side="right") - 1)
        for group in strange.tolist():
            part = slice(int(starts[group]), int(starts[group] + lengths[group]))
            positions[part], belongs[part] = _one_by_one(numbers[part], int(bases[group]))
    belongs &= np.abs(positions) < FARTHEST
    return positions, belongs


def _one_by_one(numbers: UInt32, base: int) -> tuple[list[int], list[bool]]:
    """As `unwrap`, where some numbers lie too far away.

    A lone one is no part of the stream. Two that agree are: the capture missed what lies between.
    """
    at = 0
    positions: list[int] = []
    belongs: list[bool] = []
    values = numbers.tolist()
    for number, following in zip_longest(values, values[1:]):
        step = distance(number, base + at)
        near = abs(step) <= FARTHEST_STEP
        if not near and following is not None:
            near = abs(distance(following, number)) < abs(distance(following, base + at))
        positions.append(at + step)
        belongs.append(near)
        if near:
            at += step
    return positions, belongs

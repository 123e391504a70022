"""pcapng time: every resolution, against exact arithmetic."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from captures.pcapngtime import to_ns

LATEST = 2**62 - 1


def convert(ticks: int, resolution: int, offset_s: int = 0) -> int:
    result = to_ns(
        np.array([ticks], dtype=np.uint64),
        np.array([resolution], dtype=np.uint8),
        np.array([offset_s], dtype=np.int64),
    )
    return int(result[0])


@given(st.integers(0, 2**63 - 1), st.integers(0, 127))
def test_decimal_resolutions(ticks: int, digits: int) -> None:
    exact = int(Fraction(ticks * 10**9, 10**digits))
    assert convert(ticks, digits) == min(exact, LATEST)


@given(st.integers(0, 2**64 - 1), st.integers(0, 127))
def test_binary_resolutions(ticks: int, bits: int) -> None:
    exact = int(Fraction(ticks * 10**9, 2**bits))
    assert abs(convert(ticks, 0x80 | bits) - min(exact, LATEST)) <= 1


def test_coarse_ticks_before_1970_keep_their_intervals() -> None:
    assert convert(2**64 - 500, 6) == -500_000


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 2**64 - 1))
@example(3_635_164_007, 976_522_011_427_387_904)
def test_offsets_never_overflow(offset_s: int, ticks: int) -> None:
    result = convert(ticks, 9, offset_s)
    if 0 <= ticks < 2**62 and abs(offset_s) < 2**62 // 10**9:
        assert result == max(-LATEST, min(ticks + offset_s * 10**9, LATEST))


@given(st.integers(0, 2**64 - 1), st.integers(0, 255), st.integers(-(2**63), 2**63 - 1))
def test_differences_of_any_two_times_fit_64_bits(ticks: int, bits: int, offset_s: int) -> None:
    assert abs(convert(ticks, bits, offset_s)) <= LATEST


def test_every_row_has_its_own_clock() -> None:
    result = to_ns(
        np.array([1, 1, 1024, 5], dtype=np.uint64),
        np.array([0, 3, 0x8A, 9], dtype=np.uint8),
        np.array([0, 2, 0, -1], dtype=np.int64),
    )
    assert result.tolist() == [10**9, 2_001_000_000, 10**9, 5 - 10**9]

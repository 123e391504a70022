"""Groups of rows, and big-endian fields of byte columns."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from captures.arrays import ALL, groups, narrow, word16, word32, word64


@given(st.lists(st.integers(-1, 9)))
def test_groups_cover_each_row_with_a_key_once(keys: list[int]) -> None:
    seen = {}
    for key, rows in groups(np.array(keys, dtype=np.int64)):
        for row in np.arange(len(keys))[rows].tolist():
            assert row not in seen
            seen[row] = key
    assert seen == {row: key for row, key in enumerate(keys) if key >= 0}


def test_groups_of_some_rows() -> None:
    rows = np.array([10, 20, 30])
    found = {key: np.asarray(part).tolist() for key, part in groups(np.array([5, 1, 5]), rows)}
    assert found == {1: [20], 5: [10, 30]}


def test_one_group_of_all_rows_needs_no_indices() -> None:
    assert list(groups(np.array([3, 3, 3]))) == [(3, ALL)]
    assert narrow(ALL, np.array([True, True])) == ALL


def test_fields_are_big_endian() -> None:
    heads = np.arange(20, dtype=np.uint8).reshape(2, 10)
    assert word16(heads, 1).tolist() == [0x0102, 0x0B0C]
    assert word32(heads, 6).tolist() == [0x06070809, 0x10111213]
    assert word64(heads, 0)[0] == 0x0001020304050607

"""Addresses: exact numbering of IPv4 and IPv6 in one sequence."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from captures.addresses import AddressBook, Numbering

HALVES = st.integers(0, 2**64 - 1) | st.integers(0, 3)


@given(st.lists(st.lists(HALVES, min_size=1, max_size=20), max_size=6))
def test_values_are_numbered_by_first_appearance(parts: list[list[int]]) -> None:
    numbering = Numbering()
    numbers = [
        number
        for part in parts
        for number in numbering.number(np.array(part, dtype=np.uint64)).tolist()
    ]
    values = [value for part in parts for value in part]
    distinct = list(dict.fromkeys(values))
    assert numbers == [distinct.index(value) for value in values]
    assert numbering.values().tolist() == distinct


@given(st.lists(st.tuples(HALVES, HALVES), min_size=1, max_size=20))
def test_addresses_come_back(pairs: list[tuple[int, int]]) -> None:
    book = AddressBook()
    high, low = (np.array(part, dtype=np.uint64) for part in zip(*pairs, strict=True))
    four = (low & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    first, second = book.ipv6(high, low), book.ipv4(four)
    addresses = book.addresses()
    assert len(set(addresses)) == len(addresses)
    assert [addresses[i] for i in first] == [IPv6Address(a << 64 | b) for a, b in pairs]
    assert [addresses[i] for i in second] == [IPv4Address(b & 0xFFFFFFFF) for _, b in pairs]

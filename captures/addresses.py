"""Distinct IP addresses of a capture, numbered in order of first appearance."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import numpy as np

from captures.arrays import Int32, Int64, UInt32, UInt64

#: Marks a pair of halves (IPv6) among the keys; IPv4 keys are below 2^32.
_PAIR = np.uint64(1 << 63)
_HALF = np.uint64(32)


class Numbering:
    """Small consecutive numbers for 64-bit values.

    A sorted array and binary search: exact, and no chosen input makes it slow, as a hash could.
    """

    def __init__(self) -> None:
        self._sorted: UInt64 = np.empty(0, dtype=np.uint64)
        self._numbers: Int32 = np.empty(0, dtype=np.int32)

    def number(self, values: UInt64) -> Int32:
        """Return the number of each value, new ones in order of first appearance."""
        at = self._find(values)
        if len(self._sorted) == 0 or (unknown := self._sorted[at] != values).all():
            self._add(values)
            at = self._find(values)
        elif unknown.any():
            self._add(values[unknown])
            at = self._find(values)
        return self._numbers[at]

    def values(self) -> UInt64:
        """Return the values by number."""
        return self._sorted[np.argsort(self._numbers)]

    def _find(self, values: UInt64) -> Int64:
        at = np.searchsorted(self._sorted, values)
        return np.minimum(at, max(0, len(self._sorted) - 1))

    def _add(self, values: UInt64) -> None:
        new, first = np.unique(values, return_index=True)
        numbers = np.empty(len(new), dtype=np.int32)
        numbers[np.argsort(first)] = np.arange(len(self._sorted), len(self._sorted) + len(new))
        at = np.searchsorted(self._sorted, new)
        self._sorted = np.insert(self._sorted, at, new)
        self._numbers = np.insert(self._numbers, at, numbers)


class AddressBook:
    """Numbers IPv4 and IPv6 addresses in one sequence."""

    def __init__(self) -> None:
        self._keys = Numbering()
        self._halves = Numbering()

    def ipv4(self, values: UInt32) -> Int32:
        """Return the index of each address given as a number."""
        return self._keys.number(values.astype(np.uint64))

    def ipv6(self, high: UInt64, low: UInt64) -> Int32:
        """Return the index of each address given as two big-endian halves."""
        upper = self._halves.number(high.astype(np.uint64)).astype(np.uint64)
        lower = self._halves.number(low.astype(np.uint64)).astype(np.uint64)
        return self._keys.number(_PAIR | upper << _HALF | lower)

    def addresses(self) -> tuple[IPv4Address | IPv6Address, ...]:
        """Return the addresses by index."""
        halves = self._halves.values().tolist()
        result: list[IPv4Address | IPv6Address] = []
        for key in self._keys.values().tolist():
            if key >> 63:
                upper, lower = halves[key >> 32 & 0x7FFFFFFF], halves[key & 0xFFFFFFFF]
                result.append(IPv6Address(upper << 64 | lower))
            else:
                result.append(IPv4Address(key))
        return tuple(result)

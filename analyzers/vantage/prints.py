"""Fingerprints of payloads: what tells the same bytes in two captures, whoever renumbered them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from captures.packets import Capture

Int64 = npt.NDArray[np.int64]
UInt64 = npt.NDArray[np.uint64]

WIDTH = 24
"""Payload bytes in one fingerprint: what 96 bytes of a frame always hold, 13 random ones of a
ClientHello among them (Ethernet, IPv4 and TCP with timestamps take 66)."""

_FACTORS = np.array((0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9), dtype=np.uint64)


def prints(capture: Capture, rows: Int64) -> UInt64:
    """The fingerprint of the first WIDTH payload bytes of rows that hold so many."""
    found = np.zeros(len(rows), dtype=np.uint64)
    offsets = capture.table.payload_offset[rows]
    order = np.argsort(offsets, kind="stable")
    offsets = offsets[order]
    place = 0
    while place < len(offsets):
        window = capture.store.window(int(offsets[place]))
        until = int(np.searchsorted(offsets, window.at + window.length - WIDTH, side="right"))
        if until <= place:
            # The file shrank while it was read.
            break
        words = window.gather(offsets[place:until] - window.at, WIDTH).view(np.uint64)
        mixed = words * _FACTORS
        mixed ^= mixed >> np.uint64(29)
        found[order[place:until]] = (mixed * _FACTORS[::-1]).sum(axis=1, dtype=np.uint64)
        place = until
    return found

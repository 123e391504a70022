"""pcapng files: blocks to batches (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import repeat

from captures.batch import Batch
from captures.container import MAX_ROWS, Findings
from captures.pcapngblocks import INTERFACE, SECTION, Section, read_block, section_order
from captures.pcapngpackets import ENHANCED, SMALLEST, read_packets
from captures.store import ByteStore, Window


def is_pcapng(head: bytes) -> bool:
    """Tell whether a file that starts so is pcapng."""
    return section_order(head) is not None


def read_pcapng(store: ByteStore, found: Findings) -> Iterator[Batch]:
    """Yield the packets of a pcapng file, adding what else it says to `found`."""
    walk = _Walk(store.size, found)
    while walk.at < store.size and found.cut_reason is None:
        window = store.window(walk.at)
        for starts in walk.packets(window):
            if walk.at != window.at:
                store.expect(walk.at)
            batch = read_packets(window, starts, walk.section, found)
            found.rows += len(batch)
            yield batch


class _Walk:
    """Goes from block to block, and reads those that are no packets."""

    def __init__(self, size: int, found: Findings) -> None:
        self._size = size
        self._found = found
        self.section = Section("<")
        self.at = 0
        """Where in the store the next block starts."""

    def packets(self, window: Window) -> Iterator[list[int]]:
        """Yield where packet blocks start in the window, some at a time.

        All of one list belong to the section, with the interfaces that it has so far, that
        is current when the list is yielded.
        """
        starts: list[int] = []
        base, at = window.at, 0
        with window.bytes() as data:
            while self._found.cut_reason is None:
                at = self._run(data, at, starts)
                if len(starts) >= MAX_ROWS:
                    yield starts
                    starts = []
                    continue
                kind, length = self._frame(data, at, window)
                if not length:
                    break
                if kind in (SECTION, INTERFACE) and starts:
                    yield starts
                    starts = []
                if kind == SECTION:
                    self.section = Section(section_order(bytes(data[at : at + 16])) or "<")
                if kind in SMALLEST:
                    starts.append(at)
                elif at + length <= len(data):
                    body = data[at + 8 : at + length - 4]
                    read_block(kind, body, self.section, self._found)
                at += length
        self.at = base + at
        if starts:
            yield starts

    def _run(self, data: memoryview, at: int, starts: list[int]) -> int:
        """Step over whole enhanced packet blocks; return where the first other thing is."""
        read = struct.Struct(self.section.order + "II").unpack_from
        append, limit = starts.append, len(data)
        last, smallest = limit - 8, SMALLEST[ENHANCED]
        # The only Python that runs for every packet.
        for _ in repeat(None, MAX_ROWS - len(starts)):
            if at > last:
                break
            kind, length = read(data, at)
            end = at + length
            if kind != ENHANCED or length < smallest or length & 3 or end > limit:
                break
            append(at)
            at = end
        return at

    def _frame(self, data: memoryview, at: int, window: Window) -> tuple[int, int]:
        """Return type and length of the block at `at`; length 0 to stop in this window.

        Sets `cut_reason` when no window could help. The block is whole in the window, except
        one of no use here that is larger than any window.
        """
        left = len(data) - at
        place = f"the block at byte {window.at + at}"
        if left < 12:
            if left and window.last:
                self._found.cut_reason = f"the file ends inside {place}"
            return 0, 0
        order = self.section.order
        if bytes(data[at : at + 4]) == _SECTION_TYPE:
            changed = section_order(bytes(data[at : at + 16]))
            if changed is None:
                self._found.cut_reason = f"{place} starts a section of an unknown version"
                return 0, 0
            order = changed
        kind, length = struct.unpack_from(order + "II", data, at)
        if length < SMALLEST.get(kind, 12) or length & 3:
            self._found.cut_reason = f"{place} claims {length} bytes: the file is damaged there"
        elif window.at + at + length > self._size or (length > left and window.last):
            self._found.cut_reason = f"the file ends inside {place}"
        elif length > left:
            # At its start, the window is as long as windows get.
            if at:
                return 0, 0
            self._found.note(f"{place} has {length} bytes and is not read")
            return _SKIPPED, length
        elif struct.unpack_from(order + "I", data, at + length - 4)[0] != length:
            self._found.cut_reason = f"{place} gives two lengths: the file is damaged there"
        return (0, 0) if self._found.cut_reason else (kind, length)


_SECTION_TYPE = SECTION.to_bytes(4, "big")
#: A block type that nothing is done for.
_SKIPPED = 0

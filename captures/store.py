"""Random access to the bytes of a capture, one bounded window at a time."""

from __future__ import annotations

import os
from typing import BinaryIO

import numpy as np

from captures.arrays import Int64, UInt8
from captures.lazyclass import dataclass

#: Bytes of each packet that header parsers see at once: Ethernet with two VLAN tags (22),
#: IPv6 (40) and the longest TCP header (60) make 122.
HEAD = 128

#: Bytes read at a time. Of 1 to 32 MiB, this is fastest with 2 MiB of L2 cache: smaller ones
#: pay numpy's fixed cost per call too often, larger ones wait for memory.
WINDOW = 8 << 20


@dataclass(slots=True)
class Window:
    """A stretch of the capture, valid until the next one is read."""

    at: int
    """Where it starts in the store."""
    length: int
    """Bytes of the store in it; `data` is longer, so that gathers need no bounds."""
    data: bytearray
    last: bool
    """The store ends with this window."""

    def bytes(self) -> memoryview:
        """Return exactly the bytes read."""
        return memoryview(self.data)[: self.length]

    def gather(self, starts: Int64, width: int) -> UInt8:
        """Return `width` bytes from each start in the window, shape (n, width).

        Bytes past the end of a record, or of the window, are leftovers: callers know lengths.
        """
        # Overlapping void items: numpy then copies `width` bytes per start, nothing more.
        items = np.ndarray(
            (len(self.data) - width + 1,), dtype=f"V{width}", buffer=self.data, strides=(1,)
        )
        return items[starts].view(np.uint8).reshape(len(starts), width)


class ByteStore:
    """An open capture; positions past its end read as nothing, never as an error."""

    #: The widest gather that `Window.gather` serves: pcap's longest record header and HEAD.
    SLACK = 64 + HEAD

    def __init__(self, file: int, size: int) -> None:
        self._file = file
        self._open = True
        self._buffer = bytearray()
        self.size = size

    def read(self, at: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer if the store ends, or the file shrank."""
        if not 0 <= at < self.size or length <= 0:
            return b""
        return os.pread(self._file, min(length, self.size - at), at)

    def window(self, at: int) -> Window:
        """Read the next WINDOW bytes into the one buffer all windows share."""
        wanted = max(0, min(WINDOW, self.size - at))
        if len(self._buffer) < wanted + self.SLACK:
            self._buffer = bytearray(wanted + self.SLACK)
        with memoryview(self._buffer) as view:
            length = os.preadv(self._file, [view[:wanted]], at) if wanted else 0
        return Window(at, length, self._buffer, at + length >= self.size or not length)

    def reader(self) -> BinaryIO:
        """Return a file object that reads from the start; only one at a time."""
        os.lseek(self._file, 0, os.SEEK_SET)
        return os.fdopen(os.dup(self._file), "rb")

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._open:
            self._open = False
            os.close(self._file)

"""Random access to the bytes of a capture, one bounded window at a time."""

from __future__ import annotations

import os
from contextlib import suppress
from threading import Thread
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
    """A stretch of the capture, valid until the next one is expected or asked for."""

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
        """The last window's."""
        self._spare = bytearray()
        """For the one that is read ahead."""
        self._ahead: _Ahead | None = None
        self.size = size

    def read(self, at: int, length: int) -> bytes:
        """Return up to `length` bytes; fewer if the store ends, or the file shrank."""
        if not 0 <= at < self.size or length <= 0:
            return b""
        return os.pread(self._file, min(length, self.size - at), at)

    def window(self, at: int) -> Window:
        """Return the WINDOW bytes from `at` on."""
        length = self._from_ahead(at)
        if length is None:
            wanted = self._wanted(at)
            self._buffer = _room(self._buffer, wanted)
            length = _fill(self._file, self._buffer, wanted, at) if wanted else 0
        return Window(at, length, self._buffer, at + length >= self.size or not length)

    def expect(self, at: int) -> None:
        """Begin to read the window that will be asked for next, while others work.

        The kernel copies without Python's lock: with a second core, the file costs no time of
        its own.
        """
        self._settle()
        wanted = self._wanted(at)
        if wanted:
            # RuntimeError: a limit (`ulimit -u`, `ulimit -v`) leaves no room for a thread.
            with suppress(RuntimeError):
                self._ahead = _Ahead(self._file, at, wanted, _room(self._spare, wanted))

    def _wanted(self, at: int) -> int:
        return max(0, min(WINDOW, self.size - at))

    def _from_ahead(self, at: int) -> int | None:
        """Take what was read ahead, if it is what was asked for; return its length."""
        ahead = self._settle()
        if ahead is None or ahead.at != at or ahead.length is None:
            return None
        self._buffer, self._spare = ahead.buffer, self._buffer
        return ahead.length

    def _settle(self) -> _Ahead | None:
        """Wait for what is being read ahead."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.join()
        return ahead

    def reader(self) -> BinaryIO:
        """Return a file object that reads from the start; only one at a time."""
        os.lseek(self._file, 0, os.SEEK_SET)
        return os.fdopen(os.dup(self._file), "rb")

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._settle()
        if self._open:
            self._open = False
            os.close(self._file)


class _Ahead(Thread):
    """Reads one window."""

    def __init__(self, file: int, at: int, wanted: int, buffer: bytearray) -> None:
        super().__init__(daemon=True)
        self.at, self.buffer = at, buffer
        self.length: int | None = None
        """Bytes read; None when it failed: who asks for them will read, and see why."""
        self._file, self._wanted = file, wanted
        self.start()

    def run(self) -> None:
        with suppress(OSError):
            self.length = _fill(self._file, self.buffer, self._wanted, self.at)


def _room(buffer: bytearray, wanted: int) -> bytearray:
    """Return a buffer for so many bytes: this one, if it is long enough."""
    enough = len(buffer) >= wanted + ByteStore.SLACK
    return buffer if enough else bytearray(wanted + ByteStore.SLACK)


def _fill(file: int, buffer: bytearray, wanted: int, at: int) -> int:
    with memoryview(buffer) as view:
        return os.preadv(file, [view[:wanted]], at)

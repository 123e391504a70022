"""pcap files: records to batches (draft-ietf-opsawg-pcap, and what came before it)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from itertools import repeat

import numpy as np

from captures.arrays import Int64, UInt32
from captures.batch import Batch
from captures.container import MAX_RECORD, MAX_ROWS, Findings
from captures.errors import UnreadableCapture
from captures.lazyclass import dataclass
from captures.packets import InterfaceInfo
from captures.store import HEAD, ByteStore, Window

_FILE_HEADER = 24

#: Magic number to nanoseconds per fraction unit and bytes of a record header. The last is
#: Alexey Kuznetzov's modified format (libpcap savefile.c): 8 bytes more per record.
_FORMATS = {
    0xA1B2C3D4: (1000, 16),
    0xA1B23C4D: (1, 16),
    0xA1B2CD34: (1000, 24),
}


@dataclass(frozen=True, slots=True)
class _Format:
    order: str
    """"<" or ">"."""
    unit_ns: int
    record_header: int
    swapped: bool
    """Captured and original length are in each other's place."""


def is_pcap(head: bytes) -> bool:
    """Tell whether a file that starts so is pcap."""
    return _magic(head) is not None


def read_pcap(store: ByteStore, found: Findings) -> Iterator[Batch]:
    """Yield the packets of a pcap file; raise UnreadableCapture before the first if it is none."""
    layout = _read_file_header(store.read(0, _FILE_HEADER), found)
    at = _FILE_HEADER
    while True:
        window = store.window(at)
        starts = _walk(window, layout)
        starts = _believe(starts, window, layout, found)
        at = window.at + int(starts[-1])
        store.expect(at)
        if len(starts) > 1:
            yield _batch(window, starts, layout)
            found.rows += len(starts) - 1
        if found.cut_reason is not None or at >= store.size:
            return
        if len(starts) == 1 or (window.last and len(starts) <= MAX_ROWS):
            found.cut_reason = f"the file ends inside record {found.rows + 1}"
            return


def _magic(head: bytes) -> tuple[str, int, int] | None:
    for order in "<>":
        known = _FORMATS.get(struct.unpack(order + "I", head[:4])[0]) if len(head) >= 4 else None
        if known:
            return order, *known
    return None


def _read_file_header(head: bytes, found: Findings) -> _Format:
    magic = _magic(head)
    if magic is None or len(head) < _FILE_HEADER:
        raise UnreadableCapture("the pcap file ends inside its own header")
    order, unit_ns, record_header = magic
    major, minor, snaplen, link = struct.unpack(order + "4xHH8xII", head)
    # libpcap sf-pcap.c: until 2.3, and in DG/UX's 543.0, the two lengths were the other way round.
    swapped = (major == 2 and minor < 3) or major == 543
    # The upper bits say whether and how long a frame check sequence follows each frame.
    found.interfaces.append(InterfaceInfo("", link & 0xFFFF, snaplen))
    return _Format(order, unit_ns, record_header, swapped)


def _walk(window: Window, layout: _Format) -> Int64:
    """Return where the window's records start, and where the one after them would."""
    skip = 12 if layout.swapped else 8
    read = struct.Struct(f"{layout.order}{skip}xI").unpack_from
    header = layout.record_header
    starts: list[int] = []
    append = starts.append
    at = 0
    with window.bytes() as data, suppress(struct.error):
        # The only Python that runs for every packet; it ends by reading past the window.
        for _ in repeat(None, MAX_ROWS):
            following = at + read(data, at)[0] + header
            append(at)
            at = following
    append(at)
    return np.array(starts, dtype=np.int64)


def _believe(starts: Int64, window: Window, layout: _Format, found: Findings) -> Int64:
    """Drop what is not wholly in the window, and everything from an unbelievable length on."""
    captured = np.diff(starts) - layout.record_header
    absurd = np.flatnonzero(captured > MAX_RECORD)
    if len(absurd):
        first = int(absurd[0])
        starts = starts[: first + 1]
        found.cut_reason = (
            f"record {found.rows + first + 1} claims {int(captured[first])} bytes: "
            "the file is damaged there"
        )
    return starts[: max(1, int(np.searchsorted(starts, window.length, side="right")))]


def _batch(window: Window, starts: Int64, layout: _Format) -> Batch:
    header = layout.record_header
    rows = window.gather(starts[:-1], header + HEAD)
    words: UInt32 = rows[:, :16].view(layout.order + "u4")
    captured, length = words[:, 2].astype(np.int64), words[:, 3].astype(np.int64)
    if layout.swapped:
        captured, length = length, captured
    time_ns = words[:, 0].astype(np.int64) * 1_000_000_000
    time_ns += words[:, 1].astype(np.int64) * layout.unit_ns
    return Batch(
        heads=rows[:, header:],
        offset=window.at + starts[:-1] + header,
        captured=captured,
        length=length,
        time_ns=time_ns,
        interface=np.zeros(len(starts) - 1, dtype=np.int64),
    )

"""Capture files: a path, a stream or "-" in, a `Capture` out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from captures.batch import Batch, joined
from captures.builder import TableBuilder
from captures.container import Findings
from captures.errors import UnreadableCapture
from captures.links import LINKS
from captures.memory import require
from captures.packets import Capture
from captures.pcap import is_pcap, read_pcap
from captures.pcapng import is_pcapng, read_pcapng
from captures.spool import open_bytes, spoken
from captures.store import ByteStore
from captures.watching import Watch, unwatched

#: Formats that are refused by name, by their first bytes.
_OTHERS = (
    (b"snoop\0\0\0", "is a Sun snoop file; convert it with editcap"),
    (b"GMBU", "is a Microsoft Network Monitor capture; convert it with editcap"),
    (b"RTSS", "is a Microsoft Network Monitor capture; convert it with editcap"),
    (b"TRSNIFF data", "is a Sniffer capture; convert it with editcap"),
    (b"XCP\0", "is a NetXray capture; convert it with editcap"),
    (b"iptrace ", "is an AIX iptrace file; convert it with editcap"),
    (b"\xfd7zXZ\0", "is compressed with xz; unpack it first"),
    (b"BZh", "is compressed with bzip2; unpack it first"),
    (b"\x04\x22\x4d\x18", "is compressed with lz4; unpack it first"),
    (b"PK\x03\x04", "is a zip archive; unpack it first"),
)

#: Batches smaller than this are joined: numpy's fixed cost per call dominates below.
_ENOUGH = 4096


def open(source: str | os.PathLike[str] | BinaryIO, watch: Watch = unwatched) -> Capture:
    """Read a whole capture; raise UnreadableCapture when the input is none.

    Raises TooLarge when it holds more than this machine has memory for. A damaged or cut file is
    read up to the damage, and `Capture.cut_reason` says where that is.
    """
    name, store, early = open_bytes(source, _refuse)
    try:
        return _read(name, store, early, watch)
    except BaseException:
        store.close()
        raise


def _refuse(head: bytes) -> str | None:
    if is_pcap(head) or is_pcapng(head):
        return None
    return next((reason for magic, reason in _OTHERS if head.startswith(magic)), "is no capture")


def _read(name: str, store: ByteStore, early: str | None, watch: Watch) -> Capture:
    head = store.read(0, 32)
    if reason := _refuse(head):
        raise UnreadableCapture(f"{spoken(name)} {reason}")
    found, pcap = Findings(), is_pcap(head)
    builder = TableBuilder(store)
    link_types = np.empty(0, dtype=np.int64)
    for batch in _collect(read_pcap(store, found) if pcap else read_pcapng(store, found)):
        if len(link_types) < len(found.interfaces):
            link_types = np.array([item.link_type for item in found.interfaces], dtype=np.int64)
        require(builder.rows + len(batch))
        watch("reading", float(batch.offset[-1]) / store.size)
        builder.add(batch, link_types[batch.interface])
    table = builder.finish()
    used = set(link_types[np.flatnonzero(np.bincount(table.interface))].tolist())
    return Capture(
        name=name,
        container="pcap" if pcap else "pcapng",
        table=table,
        interfaces=tuple(found.interfaces),
        file_size=store.size,
        cut_reason=early or found.cut_reason,
        comments=tuple(found.comments),
        secrets=tuple(found.secrets),
        names=tuple(found.names),
        notes=tuple(found.notes),
        unsupported_link_types=tuple(sorted(used - set(LINKS) - {-1})),
        store=store,
    )


def _collect(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Join small batches."""
    waiting: list[Batch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += len(batch)
        if rows >= _ENOUGH:
            yield joined(waiting)
            waiting, rows = [], 0
    if waiting:
        yield joined(waiting)

"""pcapng blocks that carry no packets: sections, interfaces, counters, secrets."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import field, replace
from ipaddress import ip_address

from captures.container import Findings
from captures.lazyclass import dataclass
from captures.packets import InterfaceInfo

SECTION = 0x0A0D0D0A
INTERFACE = 1
NAMES = 4
STATISTICS = 5
SECRETS = 10

#: Secrets of this type are a TLS key log (SSLKEYLOGFILE) in text.
_TLS_KEY_LOG = 0x544C534B

COMMENT = 1
_IF_NAME, _IF_DESCRIPTION, _IF_RESOLUTION, _IF_OFFSET = 2, 3, 9, 14
_ISB_START, _ISB_END, _ISB_RECEIVED, _ISB_DROPPED, _ISB_OS_DROPPED = 2, 3, 4, 5, 7

#: Of the addresses in records of name resolution blocks, by record type.
_ADDRESS_SIZES = {1: 4, 2: 16}

#: if_tsresol when the file does not say.
_MICROSECONDS = 6
_NANOSECONDS = 9
_NS_OF_1971 = 365 * 86400 * 10**9

#: What an index into the 16-bit `interface` column can name.
MAX_INTERFACES = 1 << 16


@dataclass(slots=True)
class Section:
    """What packet blocks of one section refer to."""

    order: str
    """Byte order of the section, "<" or ">"."""
    interfaces: list[int] = field(default_factory=list)
    """Index into `Findings.interfaces` of each interface of this section."""
    resolutions: list[int] = field(default_factory=list)
    """if_tsresol of each interface of this section."""
    offsets_s: list[int] = field(default_factory=list)
    """if_tsoffset of each interface of this section."""
    stranger: int | None = None
    """Index of the interface that stands for those the file does not describe."""


def section_order(head: bytes) -> str | None:
    """Return the byte order of a section header that starts so, None if it cannot be read.

    The format's major version is 1; readers must not go on with others (section 4.1).
    """
    if len(head) >= 16 and head[:4] == b"\x0a\x0d\x0d\x0a":
        for order in "<>":
            if struct.unpack_from(order + "IH", head, 8) == (0x1A2B3C4D, 1):
                return order
    return None


def read_block(kind: int, block: memoryview, section: Section, found: Findings) -> None:
    """Take from a block, given without its frame, what is of use."""
    if kind not in (INTERFACE, NAMES, STATISTICS, SECRETS, SECTION):
        return
    body = bytes(block)
    if kind == INTERFACE:
        _interface(body, section, found)
    elif kind == NAMES:
        _names(body, section, found)
    elif kind == STATISTICS:
        _statistics(body, section, found)
    elif kind == SECRETS and len(body) >= 8:
        secret_type, length = struct.unpack(section.order + "II", body[:8])
        if secret_type == _TLS_KEY_LOG:
            found.secret(body[8 : 8 + length])
    elif kind == SECTION:
        # Behind byte-order magic, version and section length.
        for code, value in options(body[16:], section.order):
            if code == COMMENT:
                found.comment(None, value)


def options(data: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Yield (code, value) up to the end mark, or up to where the list makes no sense."""
    at = 0
    while at + 4 <= len(data):
        code, length = struct.unpack_from(order + "HH", data, at)
        at += 4
        if code == 0 or at + length > len(data):
            return
        yield code, data[at : at + length]
        at += length + 3 & ~3


def stranger(section: Section, found: Findings) -> int:
    """Return the stand-in for interfaces that packets name but the file does not describe."""
    if section.stranger is None:
        found.note("packets name an interface that the file does not describe")
        section.stranger = min(len(found.interfaces), MAX_INTERFACES - 1)
        if len(found.interfaces) < MAX_INTERFACES:
            found.interfaces.append(InterfaceInfo("", -1, 0))
    return section.stranger


def _interface(body: bytes, section: Section, found: Findings) -> None:
    if len(body) < 8:
        found.note("an interface description is too short")
        return
    if len(found.interfaces) >= MAX_INTERFACES:
        found.cut_reason = f"more than {MAX_INTERFACES} interfaces"
        return
    link_type, snaplen = struct.unpack(section.order + "H2xI", body[:8])
    info = InterfaceInfo("", link_type, snaplen)
    resolution, offset_s = _MICROSECONDS, 0
    for code, value in options(body[8:], section.order):
        if code == COMMENT:
            found.comment(None, value)
        elif code == _IF_NAME:
            info = replace(info, name=_text(value))
        elif code == _IF_DESCRIPTION:
            info = replace(info, description=_text(value))
        elif code == _IF_RESOLUTION and value:
            resolution = value[0]
        elif code == _IF_OFFSET and len(value) == 8:
            (offset_s,) = struct.unpack(section.order + "q", value)
    section.interfaces.append(len(found.interfaces))
    section.resolutions.append(resolution)
    section.offsets_s.append(offset_s)
    found.interfaces.append(info)


def _statistics(body: bytes, section: Section, found: Findings) -> None:
    """Counters are totals so far: of several blocks for one interface the last counts."""
    if len(body) < 12:
        return
    (number,) = struct.unpack(section.order + "I", body[:4])
    if number >= len(section.interfaces):
        return
    values = {c: v for c, v in options(body[12:], section.order) if len(v) == 8}
    counters = {code: struct.unpack(section.order + "Q", v)[0] for code, v in values.items()}
    index = section.interfaces[number]
    info = found.interfaces[index]
    drops = [counters[code] for code in (_ISB_DROPPED, _ISB_OS_DROPPED) if code in counters]
    found.interfaces[index] = replace(
        info,
        received=counters.get(_ISB_RECEIVED, info.received),
        dropped=sum(drops) if drops else info.dropped,
        started_ns=_moment(values.get(_ISB_START), number, section),
        ended_ns=_moment(values.get(_ISB_END, body[4:12]), number, section),
    )


def _moment(stamp: bytes | None, number: int, section: Section) -> int | None:
    """A timestamp (upper half first) in an interface's own ticks, as ns since the epoch."""
    if stamp is None:
        return None
    high, low = struct.unpack(section.order + "II", stamp)
    resolution = section.resolutions[number]
    parts = 1 << (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    # Exact, and quicker for one number than the columns that packets need.
    ticks: int = high << 32 | low
    if resolution == _NANOSECONDS and ticks < _NS_OF_1971:
        # dumpcap (4.0 at least) counts microseconds here, whatever the interface's resolution is.
        ticks *= 1000
    return ticks * 10**9 // parts + section.offsets_s[number] * 10**9


def _names(body: bytes, section: Section, found: Findings) -> None:
    """Each record is an address and the names it has, which end in zeros."""
    for kind, value in options(body, section.order):
        size = _ADDRESS_SIZES.get(kind, 0)
        if size and len(value) > size:
            address = str(ip_address(value[:size]))
            for name in value[size:].split(b"\0"):
                if name:
                    found.name(address, name)


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace").rstrip("\0")

"""DNS messages (RFC 1035, 6891, 8914): bytes in, what they say out, whatever the bytes are.

dnspython names the types, codes and options. Walking the sections is done here, because
`dns.message` raises on what a capture's snaplen cut off, and because it follows chains of
compression pointers of any length, record by record: 64 kB made for it would take minutes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

import dns.rcode
import dns.rdatatype

from analyzers.facts import DnsRecord
from captures.lazyclass import dataclass

HEADER_LENGTH = 12
#: Go's resolver gives up a name beyond this many jumps (x/net/dns/dnsmessage, errTooManyPtr).
MAX_POINTERS = 10
#: RFC 1035 section 2.3.4.
MAX_NAME = 255
#: A 64 kB message of the smallest records has 5,957; resolvers send a few dozen.
MAX_RECORDS = 512

#: Labels in which nothing is written in any other way (RFC 4343 section 2.1).
_PLAIN = re.compile(rb"[A-Za-z0-9_-]+")

_OPCODE = 0x7800
_CNAME, _OPT = 5, 41


@dataclass(frozen=True, slots=True)
class DnsMessage:
    """What one message says, as far as its bytes go."""

    transaction_id: int
    is_response: bool
    name: str | None
    """Of the question, lower case without the trailing dot; None when there is none to read."""
    qtype: str | None
    rcode: str
    truncated: bool
    authoritative: bool
    recursion_available: bool
    answers: tuple[DnsRecord, ...]
    whole: bool
    """Every record that its header announces could be read."""
    edns_size: int | None
    extended_errors: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Record:
    """One resource record: where its data lies."""

    name: str
    type: int
    class_: int
    ttl: int
    start: int
    stop: int


class _Unreadable(Exception):
    """The bytes end, or stop making sense."""


def parse(wire: bytes) -> DnsMessage | None:
    """Read a message; None for bytes that are no query (RFC 1035 opcode 0) nor answer to one."""
    if len(wire) < HEADER_LENGTH:
        return None
    ident, flags, *counts = struct.unpack_from("!HHHHHH", wire)
    # No server answers more than one question at a time (RFC 9619).
    if flags & _OPCODE or counts[0] > 1:
        return None
    name, qtype, at = _question(wire) if counts[0] else (None, None, HEADER_LENGTH)
    answers: list[DnsRecord] = []
    option: _Record | None = None
    read = 0
    for section, record in _records(wire, at, counts[1:]) if at else ():
        read += 1
        if section == 0:
            answers.append(_answer(wire, record))
        elif section == 2 and record.type == _OPT:
            option = record
    return DnsMessage(
        transaction_id=ident,
        is_response=bool(flags & 0x8000),
        name=name,
        qtype=qtype,
        rcode=_rcode(flags, option),
        truncated=bool(flags & 0x0200),
        authoritative=bool(flags & 0x0400),
        recursion_available=bool(flags & 0x0080),
        answers=tuple(answers),
        whole=read == sum(counts[1:]),
        edns_size=option.class_ if option else None,
        extended_errors=tuple(_extended_errors(wire, option)) if option else (),
    )


def _rcode(flags: int, option: _Record | None) -> str:
    return _rcode_text(flags & 15 | (option.ttl >> 24 << 4 if option else 0))


@lru_cache(maxsize=256)
def _rcode_text(number: int) -> str:
    return dns.rcode.to_text(dns.rcode.Rcode.make(number))


def _question(wire: bytes) -> tuple[str | None, str | None, int]:
    """Name and type of the (only) question, and where it ends; 0 when it cannot be told."""
    try:
        name, at = _name(wire, HEADER_LENGTH)
    except _Unreadable:
        return None, None, 0
    if at + 4 > len(wire):
        return name, None, 0
    return name, _type_text(int.from_bytes(wire[at : at + 2], "big")), at + 4


@lru_cache(maxsize=256)
def _type_text(number: int) -> str:
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))


def _records(wire: bytes, at: int, counts: list[int]) -> Iterator[tuple[int, _Record]]:
    """Section number (0 answer, 1 authority, 2 additional) and record, as far as they go."""
    left = MAX_RECORDS
    for section, count in enumerate(counts):
        for _ in range(count):
            try:
                record = _record(wire, at)
            except _Unreadable:
                return
            left -= 1
            if left < 0:
                return
            yield section, record
            at = record.stop


def _record(wire: bytes, at: int) -> _Record:
    name, at = _name(wire, at)
    if at + 10 > len(wire):
        raise _Unreadable
    kind, class_, ttl, length = struct.unpack_from("!HHIH", wire, at)
    if at + 10 + length > len(wire):
        raise _Unreadable
    return _Record(name, kind, class_, ttl, at + 10, at + 10 + length)


def _name(wire: bytes, at: int) -> tuple[str, int]:
    """A domain name as text, and where it ends (RFC 1035 section 4.1.4)."""
    labels: list[bytes] = []
    end, jumps, size = 0, 0, 1
    while True:
        if at >= len(wire):
            raise _Unreadable
        length = wire[at]
        if length >= 0xC0:
            jumps += 1
            if jumps > MAX_POINTERS or at + 2 > len(wire):
                raise _Unreadable
            end = end or at + 2
            at = (length & 0x3F) << 8 | wire[at + 1]
        elif length > 63 or at + 1 + length > len(wire):
            raise _Unreadable
        elif length == 0:
            return _name_text(tuple(labels)), end or at + 1
        else:
            size += 1 + length
            if size > MAX_NAME:
                raise _Unreadable
            labels.append(wire[at + 1 : at + 1 + length])
            at += 1 + length


@lru_cache(maxsize=4096)
def _name_text(labels: tuple[bytes, ...]) -> str:
    if not labels:
        return "."
    if all(map(_PLAIN.fullmatch, labels)):
        return b".".join(labels).decode("ascii").lower()
    # Few captures have other names, and the module takes a while to load.
    import dns.exception
    import dns.name

    try:
        text = dns.name.Name((*labels, b"")).to_text(omit_final_dot=True)
    except dns.exception.DNSException as error:
        raise _Unreadable from error
    return text.lower()


def _answer(wire: bytes, record: _Record) -> DnsRecord:
    data = ""
    size = record.stop - record.start
    if record.type == 1 and size == 4:
        data = str(IPv4Address(wire[record.start : record.stop]))
    elif record.type == 28 and size == 16:
        data = str(IPv6Address(wire[record.start : record.stop]))
    elif record.type == _CNAME:
        try:
            data = _name(wire, record.start)[0]
        except _Unreadable:
            data = ""
    return DnsRecord(record.name, _type_text(record.type), data, record.ttl)


def _extended_errors(wire: bytes, option: _Record) -> Iterator[tuple[int, str]]:
    """Extended DNS Errors among the options of an OPT record (RFC 6891 section 6.1.2)."""
    at = option.start
    while at + 4 <= option.stop:
        # Few messages have options, and the module takes a while to load.
        from dns.edns import OptionType

        code, length = struct.unpack_from("!HH", wire, at)
        stop = at + 4 + length
        if stop > option.stop:
            return
        if code == OptionType.EDE and length >= 2:
            info = int.from_bytes(wire[at + 4 : at + 6], "big")
            yield info, wire[at + 6 : stop].rstrip(b"\0").decode("utf-8", "replace")
        at = stop
